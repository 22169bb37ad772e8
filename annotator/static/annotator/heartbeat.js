/** Keeps leases alive while somebody works; stops when nobody has done anything for long, so slots come free. */
import { ApiError, call } from "./api.js";

const AWAY = 30 * 60_000;

export class Heartbeat {
  #timer = 0;

  /**
   * @param {object} options
   * @param {string} options.url
   * @param {() => string[]} options.tokens leases to renew
   * @param {() => number} options.idle milliseconds since the annotator did something
   * @param {(token: string) => void} options.lost called for each lease that went to somebody else
   */
  constructor(options) {
    this.options = options;
  }

  /** @param {number} leaseSeconds how long a lease lasts */
  start(leaseSeconds) {
    clearInterval(this.#timer);
    const period = Math.min(leaseSeconds * 1000 / 3, 60_000);
    this.#timer = Number(setInterval(() => void this.#beat(), period));
  }

  async #beat() {
    const tokens = this.options.tokens();
    if (!tokens.length || this.options.idle() > AWAY) return;
    try {
      const { kept } = await call(this.options.url, { tokens });
      for (const token of tokens) if (!kept[token]) this.options.lost(token);
    } catch (error) {
      // Not reached: the next beat tries again, and a lease that ran out meanwhile is renewed if it is still free.
      if (!(error instanceof ApiError)) throw error;
    }
  }
}
