/**
 * "These are not their faces": what an annotator says of wrong tracks, with a remark if they like. It goes out at once
 * and holds nothing up; the answer is another matter.
 */
import { ApiError, call } from "./api.js";

/** @typedef {{id: number, name: string}} Person */

export class Reports {
  #box;
  #text;
  #url;
  #say;
  /** @type {Person | null} */
  #person = null;
  /** @type {(person: number | null, wrong: boolean) => void} */
  #changed;

  /**
   * @param {HTMLElement} box
   * @param {object} options
   * @param {(text: string) => void} options.say
   * @param {(person: number | null, wrong: boolean) => void} options.changed the server has it; null is everybody
   */
  constructor(box, { say, changed }) {
    this.#box = box;
    this.#text = /** @type {HTMLInputElement} */ (box.querySelector("[data-report-text]"));
    this.#url = "";
    this.#say = say;
    this.#changed = changed;
    this.#text.addEventListener("keydown", (event) => this.#key(event));
    box.querySelector("[data-report-one]")?.addEventListener("click", () => this.#send(this.#person));
    box.querySelector("[data-report-all]")?.addEventListener("click", () => this.#send(null));
  }

  /** Ask what is wrong. @param {string} url @param {Person} person */
  open(url, person) {
    this.#url = url;
    this.#person = person;
    for (const node of this.#box.querySelectorAll("[data-report-name]")) node.textContent = person.name;
    this.#text.value = "";
    this.#box.hidden = false;
    this.#text.focus();
  }

  close() {
    this.#text.blur();
    this.#box.hidden = true;
  }

  get isOpen() {
    return !this.#box.hidden;
  }

  /** Take a report back. @param {string} url @param {Person | null} person */
  async withdraw(url, person) {
    await this.#post(url, person, { wrong: false }, `Taken back: ${person?.name ?? "everybody"}’s crops are right.`);
  }

  /** @param {Person | null} person */
  #send(person) {
    const remark = this.#text.value.trim();
    this.close();
    const whose = person ? `${person.name}’s crops` : "All crops";
    void this.#post(this.#url, person, { wrong: true, remark }, `${whose} reported. Your lead will look.`);
  }

  /** @param {string} url @param {Person | null} person @param {object} body @param {string} done */
  async #post(url, person, body, done) {
    try {
      await call(url, { person: person?.id ?? null, ...body });
      this.#changed(person?.id ?? null, /** @type {{wrong: boolean}} */ (body).wrong);
      this.#say(done);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.#say(`Not reported: ${error.message}`);
    }
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.key !== "Escape" && event.key !== "Enter") return;
    event.preventDefault();
    event.stopPropagation();
    if (event.key === "Escape") this.close();
    else this.#send(event.shiftKey ? null : this.#person);
  }
}
