/** What was said of the pair on the screen, kept until it is submitted, so that a reload goes on where it was. */

export class Drafts {
  #key;

  /** @param {string} owner @param {string} study */
  constructor(owner, study) {
    this.#key = `likeness.draft.${owner}.${study}`;
  }

  /** Of the pair that was on the screen last. @returns {string | null} */
  get token() {
    return this.#read()?.token ?? null;
  }

  /** @param {string} token @returns {{answer: import("./answer.js").AnswerBody, worked: number} | null} */
  of(token) {
    const draft = this.#read();
    return draft?.token === token ? draft : null;
  }

  /** @param {string} token @param {import("./answer.js").Answer} answer @param {number} worked milliseconds */
  keep(token, answer, worked) {
    try {
      localStorage.setItem(this.#key, JSON.stringify({ token, answer, worked }));
    } catch {
      this.clear(); // Full, or forbidden: the page has the answer, and an older draft would be wrong.
    }
  }

  clear() {
    localStorage.removeItem(this.#key);
  }

  #read() {
    return JSON.parse(localStorage.getItem(this.#key) ?? "null");
  }
}
