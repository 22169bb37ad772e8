/**
 * The pair on the screen and the one after it. The next one is claimed, downloaded and opened while the annotator
 * judges, so that showing it takes one paint.
 *
 * @typedef {object} Payload  A slot as the server describes it.
 * @property {{token: string, lease_seconds: number, kind: string}} slot
 * @property {{url: string}} left
 * @property {{url: string}} right
 * @property {string} prompt
 * @property {{id: number, name: string, references: string[]}[]} people
 * @property {import("./answer.js").Questions} questions
 * @property {{done: number, total: number, median_seconds: number | null}} progress
 * @property {{judgment: number, answer: import("./answer.js").AnswerBody} | null} previous
 *
 * @typedef {import("./player.js").Source} Source
 * @typedef {object} Pair
 * @property {Payload} payload
 * @property {Promise<Record<"left" | "right", Source>>} sources
 * @property {Promise<import("./faces.js").FacesBody | null>} faces  null where there are none to show
 * @property {boolean} isReady  whether the sources are open
 * @property {() => void} close
 */
import { call, download, warm } from "./api.js";
import { fetchFaces } from "./faces.js";
import { openSource } from "./player.js";

export class Pairs {
  #urls;
  #held;
  /** @type {Promise<Pair | null> | null} */
  #next = null;
  /** @type {Pair | null} */
  #prepared = null;

  /**
   * @param {{claim: string, last: string, faces: string}} urls the last one with TOKEN where a pair's token goes
   * @param {() => string[]} held tokens of slots in the annotator's hands: on the screen, or with an answer not yet sent
   */
  constructor(urls, held) {
    this.#urls = urls;
    this.#held = held;
  }

  /** The prepared pair's token, if there is one: its lease wants renewing too. */
  get preparedToken() {
    return this.#prepared?.payload.slot.token ?? null;
  }

  /** Whether the prepared pair is in memory, so that showing it needs no network. */
  get isReady() {
    return this.#prepared?.isReady ?? false;
  }

  /** Get the next pair ready. A failure here is silent: it shows when the pair is wanted. */
  prepare() {
    this.#next ??= this.#claimed().catch((error) => {
      this.#next = null;
      throw error;
    });
    this.#next.catch(() => {});
  }

  /** @returns {Promise<Pair | null>} the next pair, null when nothing is left @throws {ApiError} */
  async take() {
    this.prepare();
    const pair = await /** @type {Promise<Pair | null>} */ (this.#next);
    this.#next = null;
    this.#prepared = null;
    return pair;
  }

  /**
   * The first pair after loading the page: the one that was on the screen, should its lease be alive.
   * @param {string | null} token of that pair @returns {Promise<Pair | null>} @throws {ApiError}
   */
  async resume(token) {
    const first = await this.take();
    if (!first || !token || first.payload.slot.token === token) return first;
    const second = await this.#claimed([first.payload.slot.token]).catch(() => null);
    if (second?.payload.slot.token !== token) {
      this.#next = second && Promise.resolve(second);
      return first;
    }
    this.#prepared = first;
    this.#next = Promise.resolve(first);
    return second;
  }

  /** Forget the prepared pair: its lease is gone. */
  drop() {
    this.#prepared?.close();
    this.#prepared = null;
    this.#next = null;
  }

  /** @returns {Promise<Pair | null>} the pair judged last, with what was said @throws {ApiError} */
  async last() {
    const payload = await call(this.#urls.last);
    return payload && this.open(payload);
  }

  /** Open a pair's clips, anew after a failure. @param {Payload} payload @returns {Pair} */
  open(payload) {
    const sides = [openedClip(payload.left.url), openedClip(payload.right.url)];
    const sources = Promise.all(sides).then(([left, right]) => ({ left, right }));
    const close = () => sides.forEach((side) => side.then((source) => source.close(), () => {}));
    // The pair can be judged without them.
    const faces = fetchFaces(this.#urls.faces.replace("TOKEN", payload.slot.token)).catch(() => null);
    const pair = { payload, sources, faces, isReady: false, close };
    // Whoever shows the pair says what is wrong with it.
    sources.then(() => (pair.isReady = true), () => {});
    for (const person of payload.people) for (const url of person.references) warm(url);
    return pair;
  }

  /** @param {string[]} [besides] tokens in hand that nobody else knows of */
  async #claimed(besides = []) {
    const payload = await call(this.#urls.claim, { holding: [...this.#held(), ...besides] });
    this.#prepared = payload && this.open(payload);
    return this.#prepared;
  }
}

/** @param {string} url */
async function openedClip(url) {
  return openSource(await download(url));
}
