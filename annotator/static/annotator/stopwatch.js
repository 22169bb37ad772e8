/** How long an annotator worked on a pair: the page in view, and something done within the last minute. */

const IDLE = 60_000;

export class Stopwatch {
  #worked = 0;
  #counted = performance.now();
  #acted = performance.now();

  constructor() {
    const act = () => this.#act();
    for (const event of ["keydown", "pointerdown", "pointermove", "wheel"]) {
      document.addEventListener(event, act, { passive: true, capture: true });
    }
    document.addEventListener("visibilitychange", () => this.#count(document.visibilityState === "hidden"));
  }

  /** @returns {number} milliseconds since something was done */
  get idle() {
    return performance.now() - this.#acted;
  }

  /** @returns {number} milliseconds worked since the last reset, whole */
  get worked() {
    this.#count(document.visibilityState === "visible");
    return Math.round(this.#worked);
  }

  /** @param {number} [worked] milliseconds to begin with */
  reset(worked = 0) {
    this.#worked = worked;
    this.#counted = this.#acted = performance.now();
  }

  #act() {
    this.#count(document.visibilityState === "visible");
    this.#acted = performance.now();
  }

  /** @param {boolean} wasVisible until now */
  #count(wasVisible) {
    const now = performance.now();
    const until = Math.min(now, this.#acted + IDLE);
    if (wasVisible && until > this.#counted) this.#worked += until - this.#counted;
    this.#counted = now;
  }
}
