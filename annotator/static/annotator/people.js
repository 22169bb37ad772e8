/**
 * One row for each person: references, name, verdict, marks. It only shows; what a click or key means is decided by
 * whoever listens.
 *
 * @typedef {{id: number, name: string, references: string[]}} Person
 * @typedef {import("./answer.js").Answer} Answer
 * @typedef {import("./answer.js").Mark} Mark
 */
import { showChoice } from "./choice.js";
import { part } from "./dom.js";
import { capNode, labelKeys, lineOf } from "./keys.js";

export const SIDE_WORDS = Object.freeze({ left: "Left", right: "Right" });

export class People {
  #list;
  #template;
  /** @type {HTMLElement[]} */
  #rows = [];
  /** @type {Person[]} */
  #people = [];
  #hearMark;

  /**
   * @param {HTMLElement} list @param {HTMLTemplateElement} template
   * @param {(what: "goto" | "cycle" | "remove", mark: Mark) => void} hearMark
   */
  constructor(list, template, hearMark) {
    this.#list = list;
    this.#template = template;
    this.#hearMark = hearMark;
  }

  /** @param {Person[]} people @param {import("./answer.js").Questions} questions */
  show(people, questions) {
    this.#people = people;
    this.#rows = people.map((person, index) => this.#row(person, index, questions));
    this.#list.replaceChildren(...this.#rows);
    this.#list.dataset.count = String(people.length);
  }

  /**
   * @param {Answer} answer @param {number} chosen index of the person that keys speak of
   * @param {"left" | "right"} side on which marks are set
   */
  update(answer, chosen, side) {
    this.#rows.forEach((row, index) => {
      const person = this.#people[index];
      const isChosen = index === chosen;
      if (isChosen && !row.classList.contains("is-chosen")) row.scrollIntoView({ block: "nearest" });
      row.classList.toggle("is-chosen", isChosen);
      part(row, "[data-action=choose]").setAttribute("aria-pressed", String(isChosen));
      showChoice(part(row, "[data-verdicts]"), answer.of(person.id));
      part(row, "[data-action=no-drift]").setAttribute("aria-pressed", String(answer.isWithoutDrift(person.id)));
      part(row, "[data-mark-side]").textContent = side;
      part(row, "[data-marks]").replaceChildren(...answer.marksOf(person.id).map((mark) => this.#mark(mark, person)));
    });
  }

  /** @param {Set<number | null>} reported whose crops are called wrong; null: everybody's */
  report(reported) {
    this.#rows.forEach((row, index) => {
      part(row, "[data-reported]").hidden = !reported.has(this.#people[index].id) && !reported.has(null);
    });
  }

  /** The rows, for whoever shows more in them. */
  get rows() {
    return this.#rows;
  }

  /** Say that a verdict is missing. @param {number} person id */
  point(person) {
    const row = this.#rows[this.#people.findIndex((other) => other.id === person)];
    const button = /** @type {HTMLElement} */ (part(row, "[data-verdicts] [role=radio]"));
    button.focus({ focusVisible: true });
    row.scrollIntoView({ block: "nearest" });
  }

  /** @param {Person} person @param {number} index @param {import("./answer.js").Questions} questions */
  #row(person, index, questions) {
    const copy = /** @type {DocumentFragment} */ (this.#template.content.cloneNode(true));
    const row = /** @type {HTMLElement} */ (copy.firstElementChild);
    row.dataset.person = String(index);
    part(row, "[data-name]").textContent = part(row, "[data-name]").title = person.name;
    part(row, "[data-verdicts]").setAttribute("aria-label", `Who keeps ${person.name} better?`);
    const choose = part(row, "[data-action=choose]");
    choose.dataset.arg = String(index);
    const line = lineOf("choose", String(index));
    if (line) choose.prepend(capNode(line));
    part(row, "[data-refs]").replaceChildren(...person.references.map((url, n) => reference(url, person, n)));
    part(row, "[data-asks=people]").hidden = !questions.people;
    part(row, "[data-asks=marks]").hidden = !questions.marks;
    labelKeys(row);
    return row;
  }

  /** @param {Mark} mark @param {Person} person */
  #mark(mark, person) {
    const words = `${mark.kind}, ${SIDE_WORDS[mark.side].toLowerCase()}, frame ${mark.frame}`;
    const item = document.createElement("li");
    item.className = `wb-mark wb-mark--${mark.side}`;
    const kind = button("wb-mark-kind", `⚑ ${mark.kind}`, `${person.name}: ${words}. Change the kind`);
    const go = button("wb-mark-go", `${mark.side} ${mark.frame}`, `Go to ${person.name}: ${words}`);
    const remove = button("wb-mark-remove", "×", `Remove ${person.name}: ${words}`);
    kind.addEventListener("click", () => this.#hearMark("cycle", mark));
    go.addEventListener("click", () => this.#hearMark("goto", mark));
    remove.addEventListener("click", () => this.#hearMark("remove", mark));
    item.append(kind, go, remove);
    return item;
  }
}

/** @param {string} url @param {Person} person @param {number} index */
function reference(url, person, index) {
  const image = new Image();
  image.src = url;
  image.alt = `${person.name}, reference ${index + 1}`;
  image.className = "wb-ref";
  image.decoding = "async";
  return image;
}

/** @param {string} className @param {string} text @param {string} label */
function button(className, text, label) {
  const node = document.createElement("button");
  node.type = "button";
  node.className = className;
  node.textContent = text;
  node.setAttribute("aria-label", label);
  return node;
}
