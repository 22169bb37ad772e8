/**
 * The answer to the pair on the screen as keys and buttons make it: verdicts, marks, the remark; of whom and of which
 * side they speak; and how all of that is shown. Keeping it and sending it is the workbench's.
 *
 * @typedef {import("./answer.js").Mark} Mark
 * @typedef {import("./pairs.js").Payload} Payload
 */
import { Answer } from "./answer.js";
import { showChoice } from "./choice.js";
import { part } from "./dom.js";
import { People } from "./people.js";
import { Timeline } from "./timeline.js";

const NO_QUESTIONS = Object.freeze({ overall: false, people: false, marks: false, remark: false });

export class Answering {
  #root;
  #player;
  #status;
  #people;
  #timeline;
  #hear;
  /** The pair that is answered. @type {Payload | null} */
  #payload = null;
  #answer = new Answer();
  /** Index of the person that keys speak of. */
  #chosen = 0;
  /** @type {"left" | "right"} The side on which marks are set. */
  #side = "left";
  /** Whether the answer is given, and the pair only looked at: nothing changes any more. */
  isGiven = false;

  /**
   * @param {HTMLElement} root of the workbench
   * @param {object} options
   * @param {import("./player.js").Player} options.player
   * @param {import("./status.js").Status} options.status
   * @param {{changed: (answer: Answer) => void, shown: () => void, submit: () => void}} options.hear the annotator said
   *   something; it is shown, or another person is chosen; Ctrl Enter in the remark
   */
  constructor(root, { player, status, hear }) {
    this.#root = root;
    this.#player = player;
    this.#status = status;
    this.#hear = hear;
    this.#timeline = new Timeline(part(root, "[data-timeline]"), player);
    const template = /** @type {HTMLTemplateElement} */ (part(root, "[data-person-template]"));
    this.#people = new People(part(root, "[data-persons]"), template, (what, mark) => this.#hearMark(what, mark));
    const remark = /** @type {HTMLTextAreaElement} */ (part(root, "[data-remark-text]"));
    remark.addEventListener("input", () => this.say(this.#answer.note(remark.value)));
    remark.addEventListener("keydown", (event) => this.#remarkKey(event));
  }

  /** A pair comes on the screen: its people, nothing said. @param {Payload} payload */
  begin(payload) {
    this.#payload = payload;
    this.isGiven = false;
    this.#chosen = 0;
    this.#side = "left";
    this.#people.show(payload.people, payload.questions);
  }

  /** Nothing is on the screen. */
  end() {
    this.#payload = null;
    this.isGiven = false;
  }

  get answer() {
    return this.#answer;
  }

  /** The side on which marks are set. */
  get side() {
    return this.#side;
  }

  get questions() {
    return this.#payload?.questions ?? NO_QUESTIONS;
  }

  get persons() {
    return this.#payload?.people ?? [];
  }

  /** The person that keys speak of. */
  get person() {
    return this.persons[this.#chosen];
  }

  get people() {
    return this.#people;
  }

  // What the annotator says ----------------------------------------------------------------------------------------

  /** @param {Answer} answer */
  say(answer) {
    if (this.isGiven) return this.#status.say("This pair is answered. U takes the answer back, Enter goes on.");
    this.#answer = answer;
    this.#hear.changed(answer);
    this.#status.missing("");
    this.show();
  }

  /** @param {string} verdict */
  judge(verdict) {
    if (this.questions.overall) this.say(this.#answer.judge(verdict));
  }

  /** @param {number} index of a person @param {"left" | "right"} [side] of marks */
  choose(index, side = this.#side) {
    if (index >= this.persons.length) return;
    this.#chosen = index;
    this.#side = side;
    this.show();
  }

  /** @param {import("./answer.js").PersonVerdict} verdict */
  judgePerson(verdict) {
    const { person } = this;
    if (!person || !this.questions.people) return;
    // What drifts is on the side that is worse.
    if (verdict !== "same") this.#side = verdict === "left" ? "right" : "left";
    this.say(this.#answer.judgePerson(person.id, verdict));
  }

  mark() {
    const { person } = this;
    const { painted } = this.#player;
    if (!person || !painted || !this.questions.marks) return;
    this.say(this.#answer.mark({ person: person.id, side: this.#side, kind: "drift", frame: painted[this.#side] }));
    this.#status.say(`${person.name}: drift on the ${this.#side}, frame ${painted[this.#side]}`);
  }

  cycleMark() {
    const mark = this.#lastMark;
    if (!mark) return this.#status.say("No mark of this person yet: M sets one.");
    this.say(this.#answer.cycle(mark));
    this.#status.say(`${this.#nameOf(mark.person)}: ${this.#lastMark?.kind}`);
  }

  unmarkLast() {
    if (this.#lastMark) this.say(this.#answer.unmark(this.#lastMark));
  }

  toggleWithoutDrift() {
    const { person } = this;
    if (person && this.questions.marks) this.say(this.#answer.toggleWithoutDrift(person.id));
  }

  turnSide() {
    this.#side = this.#side === "left" ? "right" : "left";
    this.#status.say(`Marks go to the ${this.#side} clip`);
    this.show();
  }

  openRemark() {
    if (!this.questions.remark) return;
    const box = part(this.#root, "[data-remark]");
    const text = part(this.#root, "[data-remark-text]");
    box.hidden = !box.hidden;
    // What is hidden keeps the focus until the next frame, and the next key would go to it.
    if (box.hidden) text.blur();
    else text.focus();
    this.show();
  }

  /** Say what is missing, and put the focus there; false when nothing is. */
  pointToMissing() {
    const missing = this.#answer.missing(this.questions, this.persons);
    if (missing === "overall") {
      this.#status.missing("Which clip keeps the faces better?");
      part(this.#root, "[data-overall] [role=radio]").focus({ focusVisible: true });
    } else if (missing !== null) {
      this.choose(this.persons.findIndex((person) => person.id === missing));
      this.#status.missing(`${this.#nameOf(missing)} is not judged yet.`);
      this.#people.point(missing);
    }
    return missing !== null;
  }

  // How it is shown ------------------------------------------------------------------------------------------------

  show() {
    this.#hear.shown();
    showChoice(part(this.#root, "[data-overall]"), this.#answer.overall);
    this.#people.update(this.#answer, this.#chosen, this.#side);
    this.#timeline.mark(this.#answer.marks, (id) => this.#nameOf(id));
    const remark = part(this.#root, "[data-remark]");
    const button = part(this.#root, "[data-remark-button]");
    button.hidden = !this.questions.remark;
    button.setAttribute("aria-expanded", String(!remark.hidden));
    button.classList.toggle("has-text", this.#answer.remark.trim() !== "");
  }

  /** @param {"goto" | "cycle" | "remove"} what @param {Mark} mark */
  #hearMark(what, mark) {
    if (what === "remove") return this.say(this.#answer.unmark(mark));
    if (what === "cycle") return this.say(this.#answer.cycle(mark));
    const rate = this.#player.facts(mark.side)?.rate;
    this.#player.pause();
    if (rate) this.#player.seek((mark.frame * rate.den) / rate.num);
  }

  /** @param {KeyboardEvent} event */
  #remarkKey(event) {
    const done = event.key === "Escape" || (event.key === "Enter" && (event.ctrlKey || event.metaKey));
    if (!done) return;
    event.preventDefault();
    event.stopPropagation();
    this.openRemark();
    if (event.key === "Enter") this.#hear.submit();
  }

  get #lastMark() {
    return this.person && this.#answer.marksOf(this.person.id).at(-1);
  }

  /** @param {number} id */
  #nameOf(id) {
    return this.persons.find((person) => person.id === id)?.name ?? "Somebody";
  }
}
