/**
 * Frames of a clip by index, decoded by WebCodecs. One worker loop pulls frames in order into a bounded cache; a frame
 * elsewhere is reached from the keyframe before it, and the frames on the way there are kept for stepping back.
 */
import { TrackDecoder } from "./decoder.js";
import { ClipError, openClip } from "./facts.js";
import { FrameCache } from "./frames.js";

/** Tries again for one frame: browsers take an idle decoder back. */
const RETRIES = 2;

/**
 * @typedef {import("./player.js").Plan} Plan
 * @typedef {import("./frames.js").Frame} Frame
 */

export class WebCodecsSource {
  path = "webcodecs";
  /** @type {() => void} Called whenever a frame has arrived. */
  onframe = () => {};
  /** @type {(error: Error) => void} */
  onerror = () => {};
  /** @type {import("./facts.js").Opened} */
  #clip;
  #decoder;
  #cache;
  /** @type {Plan} */
  #plan = { at: 0, playing: false, speed: 1, urgent: false, wrap: null };
  /** Index of the frame that the decoder gives next; -1 before it was started. */
  #next = -1;
  /** The target that the decoder is on its way to. */
  #heading = -1;
  #pumping = false;
  #failures = 0;
  #closed = false;

  /** @param {import("./facts.js").Opened} clip @param {VideoDecoderConfig} config */
  constructor(clip, config) {
    this.#clip = clip;
    this.facts = clip.facts;
    this.#decoder = new TrackDecoder(clip.packets, config);
    this.#cache = new FrameCache(FrameCache.capacityFor(clip.facts.width, clip.facts.height, 1.5));
  }

  static get supported() {
    return "VideoDecoder" in globalThis;
  }

  /** @param {Blob} blob @returns {Promise<WebCodecsSource>} @throws {ClipError} */
  static async open(blob) {
    const clip = await openClip(blob);
    const config = await clip.track.getDecoderConfig();
    if (config && (await TrackDecoder.canDecode(config))) return new WebCodecsSource(clip, config);
    clip.input.dispose();
    throw new ClipError("This browser cannot decode the clip.");
  }

  /** @param {number} index @returns {Frame | null} stays ours: draw it at once, do not keep or close it */
  get(index) {
    return this.#cache.get(index);
  }

  /** Frames come in order here, so what is not there yet is still to come. */
  isLost() {
    return false;
  }

  /** Say what is needed next; the newest plan wins. @param {Plan} plan */
  want(plan) {
    this.#plan = plan;
    void this.#pump();
  }

  close() {
    this.#closed = true;
    this.#cache.clear();
    this.#decoder.close();
    this.#clip.input.dispose();
  }

  async #pump() {
    if (this.#pumping) return;
    this.#pumping = true;
    try {
      for (let target = this.#missing(); target !== null && !this.#closed; target = this.#missing()) {
        await this.#advance(target);
      }
    } catch (error) {
      if (!this.#closed) this.onerror(new ClipError("This clip could not be decoded.", { cause: error }));
    } finally {
      this.#pumping = false;
    }
  }

  /** One frame nearer to the target. @param {number} target */
  async #advance(target) {
    try {
      if (target !== this.#next && target !== this.#heading) await this.#head(target);
      const frame = await this.#decoder.next();
      if (!frame) throw new Error(`The clip ends before frame ${target}.`);
      this.#take(frame);
      this.#failures = 0;
    } catch (error) {
      this.#next = this.#heading = -1;
      this.#failures += 1;
      if (this.#closed || this.#failures > RETRIES) throw error;
    }
  }

  /** Decode on to the target where no keyframe lies between, else start from its keyframe. @param {number} target */
  async #head(target) {
    const { packets, facts } = this.#clip;
    const middle = facts.start + ((target + 0.5) * facts.rate.den) / facts.rate.num;
    const key = await packets.getKeyPacket(middle);
    if (!key) throw new Error(`No keyframe before frame ${target}.`);
    const from = this.#indexOf(key.timestamp);
    this.#heading = target;
    if (from <= this.#next && this.#next <= target) return;
    this.#next = from;
    this.#decoder.start(key);
  }

  /** @param {VideoFrame} frame */
  #take(frame) {
    const index = this.#indexOf(frame.timestamp / 1e6);
    this.#next = index + 1;
    if (this.#closed || this.#cache.has(index)) return frame.close();
    this.#cache.put(index, frame, this.#costs());
    this.onframe();
  }

  /** @param {number} timestamp seconds */
  #indexOf(timestamp) {
    const { start, rate } = this.facts;
    return Math.round(((timestamp - start) * rate.num) / rate.den);
  }

  /** The most urgent frame that is not there, or null. */
  #missing() {
    for (const [from, to] of this.#ranges()) {
      for (let index = from; index < to; index += 1) if (!this.#cache.has(index)) return index;
    }
    return null;
  }

  /** What the plan needs, most urgent first, never more than the cache holds. @returns {[number, number][]} */
  #ranges() {
    const { at, playing, urgent, wrap } = this.#plan;
    if (urgent) return [[at, at + 1]];
    const room = this.#cache.capacity - 1;
    const behind = playing ? 0 : Math.min(12, Math.floor(room / 2));
    const ahead = Math.min(playing ? 24 : 12, room - behind);
    const end = wrap ? Math.min(wrap.end, this.facts.frames) : this.facts.frames;
    const until = Math.min(at + 1 + ahead, Math.max(end, at + 1));
    /** @type {[number, number][]} */
    const ranges = [[at, until]];
    const left = at + 1 + ahead - until;
    if (wrap && left > 0) ranges.push([wrap.start, Math.min(wrap.start + left, wrap.end)]);
    if (behind > 0) ranges.push([Math.max(0, at - behind), at]);
    return ranges;
  }

  /** How dispensable a held frame is. @returns {(index: number) => number} */
  #costs() {
    const ranges = this.#ranges();
    return (index) => {
      const rank = ranges.findIndex(([from, to]) => index >= from && index < to);
      const distance = Math.abs(index - this.#plan.at);
      return rank < 0 ? 1e6 + distance : rank * 1e3 + distance;
    };
  }
}
