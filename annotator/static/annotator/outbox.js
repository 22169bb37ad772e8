/**
 * Answers on their way to the server. An answer is written to the browser's storage before anything else happens and
 * leaves it only when the server has said that it has it, so no crash, reload, closed tab or dead network loses one.
 * Each has its idempotency key from the start: sent twice, it still is one judgment.
 *
 * @typedef {{token: string, supersedes: number | null, answer: object, active_ms: number, idempotency_key?: string}} Body
 *
 * @typedef {object} Letter
 * @property {string} key       idempotency key
 * @property {number} written   milliseconds since the epoch; letters go out in this order
 * @property {Body} body         what is posted
 * @property {string} [refused] why the server will not take it
 *
 * @typedef {{waiting: number, refused: Letter[], sending: boolean, trouble: "" | "away" | "login"}} OutboxState
 */
import { ApiError } from "./api.js";

const BACKOFF = { first: 1_000, most: 30_000 };

/** Events: `state` (OutboxState), `sent` ({letter, reply}). */
export class Outbox extends EventTarget {
  #prefix;
  #post;
  #storage;
  /** Letters that the storage would not take (full, or forbidden): this page alone keeps them. @type {Map<string, Letter>} */
  #unstored = new Map();
  #running = false;
  #sending = false;
  #wait = BACKOFF.first;
  #timer = 0;
  /** @type {"" | "away" | "login"} */
  #trouble = "";

  /**
   * @param {object} options
   * @param {string} options.owner whose answers these are: another login on this browser sends its own only
   * @param {(body: Body) => Promise<object>} options.post sends one; rejects with ApiError
   * @param {Storage} [options.storage]
   */
  constructor({ owner, post, storage = localStorage }) {
    super();
    this.#prefix = `likeness.outbox.${owner}.`;
    this.#post = post;
    this.#storage = storage;
    globalThis.addEventListener("online", () => this.flush());
    globalThis.addEventListener("storage", (event) => event.key?.startsWith(this.#prefix) && this.#tell());
    // Back from another tab, where a login may have mended things.
    globalThis.addEventListener("focus", () => this.flush());
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.flush());
  }

  /** Every letter that is stored, oldest first. @returns {Letter[]} */
  letters() {
    const keys = Array.from({ length: this.#storage.length }, (_, n) => this.#storage.key(n) ?? "");
    return keys
      .filter((key) => key.startsWith(this.#prefix))
      .map((key) => JSON.parse(this.#storage.getItem(key) ?? "null"))
      .filter(Boolean)
      .concat(...this.#unstored.values())
      .sort((a, b) => a.written - b.written);
  }

  /** Tokens of slots whose answer is still here. @returns {string[]} */
  tokens() {
    return this.letters().map((letter) => letter.body.token);
  }

  /** How many new answers wait; one that replaces an earlier one is not new. */
  get underway() {
    return this.letters().filter((letter) => !letter.refused && !letter.body.supersedes).length;
  }

  /** @returns {OutboxState} */
  get state() {
    const letters = this.letters();
    const refused = letters.filter((letter) => letter.refused);
    return {
      waiting: letters.length - refused.length,
      refused,
      sending: this.#sending,
      trouble: this.#trouble,
    };
  }

  /** Keep an answer and send it. @param {Body} body without its idempotency key @returns {string} the key */
  put(body) {
    const key = uuid();
    this.#write({ key, written: Date.now(), body: { ...body, idempotency_key: key } });
    void this.flush();
    return key;
  }

  /** Try again what the server refused. */
  retry() {
    for (const { refused: _, ...letter } of this.state.refused) this.#write(letter);
    void this.flush();
  }

  /** Give up what the server refused. */
  discard() {
    for (const letter of this.state.refused) this.#remove(letter);
    this.#tell();
  }

  /** Send what waits, now. Only one tab does at a time. */
  async flush() {
    this.#tell();
    if (this.#running) return;
    this.#running = true;
    clearTimeout(this.#timer);
    try {
      await alone(`${this.#prefix}send`, () => this.#sendAll());
    } finally {
      this.#running = false;
      this.#sending = false;
      this.#tell();
    }
    // What was put while the last one was on its way.
    if (!this.#trouble && this.state.waiting > 0) void this.flush();
  }

  async #sendAll() {
    for (let letter = this.#first(); letter; letter = this.#first()) {
      this.#sending = true;
      this.#tell();
      try {
        const reply = await this.#post(letter.body);
        this.#remove(letter);
        this.#trouble = "";
        this.#wait = BACKOFF.first;
        this.dispatchEvent(new CustomEvent("sent", { detail: { letter, reply } }));
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        if (error.kind !== "refused") return this.#later(error.kind);
        this.#write({ ...letter, refused: error.message });
      }
      this.#tell();
    }
    this.#trouble = "";
  }

  /** @param {"away" | "login"} trouble */
  #later(trouble) {
    this.#trouble = trouble;
    this.#timer = Number(setTimeout(() => this.flush(), this.#wait));
    this.#wait = Math.min(this.#wait * 2, BACKOFF.most);
  }

  #first() {
    return this.letters().find((letter) => !letter.refused);
  }

  /** @param {Letter} letter */
  #write(letter) {
    try {
      this.#storage.setItem(this.#prefix + letter.key, JSON.stringify(letter));
      this.#unstored.delete(letter.key);
    } catch {
      this.#unstored.set(letter.key, letter);
    }
  }

  /** @param {Letter} letter */
  #remove(letter) {
    this.#unstored.delete(letter.key);
    this.#storage.removeItem(this.#prefix + letter.key);
  }

  #tell() {
    this.dispatchEvent(new CustomEvent("state", { detail: this.state }));
  }
}

/**
 * Run in one tab at a time. Where locks are missing (no HTTPS) two tabs may send the same letter; its key makes that
 * one judgment all the same.
 * @param {string} name @param {() => Promise<void>} work
 */
async function alone(name, work) {
  if (navigator.locks) await navigator.locks.request(name, work);
  else await work();
}

/** A version 4 UUID; crypto.randomUUID is missing without HTTPS. */
function uuid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
