/**
 * What an annotator says of one pair, as it grows. Pure: no page, no server. Every change makes a new Answer.
 *
 * @typedef {"left_much" | "left" | "tie" | "right" | "right_much" | "both_bad" | "cannot_judge"} Verdict
 * @typedef {"left" | "same" | "right"} PersonVerdict
 * @typedef {"left" | "right"} Side
 * @typedef {{person: number, side: Side, kind: string, frame: number}} Mark
 * @typedef {{overall: boolean, people: boolean, marks: boolean, remark: boolean}} Questions
 * @typedef {{overall: string, people: Record<string, PersonVerdict>, marks: Mark[], no_drift: number[], remark: string}} AnswerBody
 */

export const MARK_KINDS = Object.freeze(["drift", "swap", "blend", "missing"]);

/** @type {AnswerBody} */
const NOTHING = { overall: "", people: {}, marks: [], no_drift: [], remark: "" };

export class Answer {
  /** @type {AnswerBody} */
  #said;

  /** @param {Partial<AnswerBody>} [said] */
  constructor(said = {}) {
    this.#said = { ...NOTHING, ...said };
  }

  get overall() {
    return this.#said.overall;
  }

  get remark() {
    return this.#said.remark;
  }

  get marks() {
    return this.#said.marks;
  }

  /** @param {number} person @returns {PersonVerdict | ""} */
  of(person) {
    return this.#said.people[person] ?? "";
  }

  /** @param {number} person @returns {Mark[]} */
  marksOf(person) {
    return this.#said.marks.filter((mark) => mark.person === person);
  }

  /** @param {number} person */
  isWithoutDrift(person) {
    return this.#said.no_drift.includes(person);
  }

  /** @param {string} overall */
  judge(overall) {
    return this.#with({ overall });
  }

  /** @param {number} person @param {PersonVerdict} verdict */
  judgePerson(person, verdict) {
    return this.#with({ people: { ...this.#said.people, [person]: verdict } });
  }

  /** A drift mark takes back "no drift". The same mark twice is one. @param {Mark} mark */
  mark(mark) {
    if (this.#said.marks.some((other) => isSame(other, mark))) return this;
    const drifts = mark.kind === "drift";
    const no_drift = this.#said.no_drift.filter((person) => !drifts || person !== mark.person);
    return this.#with({ marks: [...this.#said.marks, mark], no_drift });
  }

  /** @param {Mark} mark */
  unmark(mark) {
    return this.#with({ marks: this.#said.marks.filter((other) => !isSame(other, mark)) });
  }

  /** Give a mark the next kind. @param {Mark} mark @returns {Answer} */
  cycle(mark) {
    const kind = MARK_KINDS[(MARK_KINDS.indexOf(mark.kind) + 1) % MARK_KINDS.length];
    const others = this.unmark(mark);
    return others.mark({ ...mark, kind });
  }

  /** Say that a person does not drift, or take that back; drift marks of theirs go. @param {number} person */
  toggleWithoutDrift(person) {
    if (this.isWithoutDrift(person)) {
      return this.#with({ no_drift: this.#said.no_drift.filter((other) => other !== person) });
    }
    const marks = this.#said.marks.filter((mark) => mark.person !== person || mark.kind !== "drift");
    return this.#with({ no_drift: [...this.#said.no_drift, person], marks });
  }

  /** @param {string} remark */
  note(remark) {
    return this.#with({ remark });
  }

  /**
   * What is still to be said: "overall", or a person's id. Who cannot judge the pair owes nothing more.
   * @param {Questions} questions @param {{id: number}[]} people @returns {"overall" | number | null}
   */
  missing(questions, people) {
    if (questions.overall && !this.overall) return "overall";
    if (!questions.people || this.overall === "cannot_judge") return null;
    return people.find((person) => !this.of(person.id))?.id ?? null;
  }

  get isEmpty() {
    return JSON.stringify(this.#said) === JSON.stringify(NOTHING);
  }

  /** @returns {AnswerBody} */
  toJSON() {
    return this.#said;
  }

  /** @param {Partial<AnswerBody>} change */
  #with(change) {
    return new Answer({ ...this.#said, ...change });
  }
}

/** @param {Mark} a @param {Mark} b */
function isSame(a, b) {
  return a.person === b.person && a.side === b.side && a.kind === b.kind && a.frame === b.frame;
}
