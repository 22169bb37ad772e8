/**
 * Frames of a clip by index from a `<video>` element, for browsers without WebCodecs (no HTTPS, or old). The element
 * is never shown: every frame it presents is copied into a bounded cache under the index that the frame itself carries,
 * and the player paints from there. Where frames do not carry a time (no VideoFrame), the element is only ever seeked
 * while paused, and a picture is believed to be what the element presented last: slower, and as exact.
 */
import { ClipError, openClip } from "./facts.js";
import { FrameCache } from "./frames.js";

/** Frames a second that a compositor surely presents one by one; faster clips play slower here. */
const PRESENTED = 48;

/** The element waits when it is this many frames ahead of the clock, and goes on at half of that. */
const AHEAD = 16;

/** Behind this far, seeking is quicker than playing on. */
const BEHIND = 24;

/**
 * @typedef {import("./player.js").Plan} Plan
 * @typedef {import("./frames.js").Frame} Frame
 */

export class VideoElementSource {
  path = "video";
  /** @type {() => void} */
  onframe = () => {};
  /** @type {(error: Error) => void} */
  onerror = () => {};
  #video = document.createElement("video");
  #cache;
  #url;
  /** @type {Plan} */
  #plan = { at: 0, playing: false, speed: 1, urgent: false, wrap: null };
  /** Frames presented since the last seek: from, and newest; -1 before the first. */
  #from = -1;
  #newest = -1;
  /** Index of the picture that the element has now, by its own account; -1 before the first. */
  #shown = -1;
  /** Index that is being seeked to, or null. @type {number | null} */
  #seeking = null;
  #exact = "VideoFrame" in globalThis;
  #closed = false;

  /** @param {Blob} blob @param {import("./facts.js").Facts} facts */
  constructor(blob, facts) {
    this.facts = facts;
    this.#cache = new FrameCache(FrameCache.capacityFor(facts.width, facts.height, 4));
    this.#url = URL.createObjectURL(blob);
    Object.assign(this.#video, { muted: true, playsInline: true, preload: "auto", src: this.#url });
    this.#video.addEventListener("error", () => this.onerror(new ClipError("This clip could not be decoded.")));
    this.#video.addEventListener("seeked", () => void this.#seeked());
    this.#video.requestVideoFrameCallback(this.#presented);
  }

  static get supported() {
    return "requestVideoFrameCallback" in HTMLVideoElement.prototype;
  }

  /** @param {Blob} blob @returns {Promise<VideoElementSource>} @throws {ClipError} */
  static async open(blob) {
    const { input, facts } = await openClip(blob);
    input.dispose();
    return new VideoElementSource(blob, facts);
  }

  /** @param {number} index @returns {Frame | null} stays ours: draw it at once, do not keep or close it */
  get(index) {
    return this.#cache.get(index);
  }

  /** Whether the element ran past a frame without presenting it, so that it will not come. @param {number} index */
  isLost(index) {
    return this.#seeking === null && this.#from <= index && index < this.#newest && !this.#cache.has(index);
  }

  /** Say what is needed next; the newest plan wins. @param {Plan} plan */
  want(plan) {
    const back = plan.at < this.#plan.at;
    this.#plan = plan;
    if (this.#closed || this.#seeking !== null) return;
    if (!plan.playing || !this.#exact) this.#show();
    else if (back && !this.#cache.has(plan.at)) this.#seek(plan.at);
    else this.#follow();
  }

  close() {
    this.#closed = true;
    this.#cache.clear();
    this.#video.removeAttribute("src");
    this.#video.load();
    URL.revokeObjectURL(this.#url);
  }

  /** Paused, or stepping through a clip frame by frame. */
  #show() {
    this.#video.pause();
    const { at, playing } = this.#plan;
    for (let index = at; index <= Math.min(at + (playing ? 2 : 0), this.facts.frames - 1); index += 1) {
      if (!this.#cache.has(index)) return this.#seek(index);
    }
  }

  /** Keep the element a little ahead of the clock. */
  #follow() {
    const { at, speed } = this.#plan;
    const { rate, frames } = this.facts;
    this.#video.playbackRate = Math.min(speed, (PRESENTED * rate.den) / rate.num);
    if (this.#cache.has(frames - 1) && at >= frames - 1) return this.#video.pause();
    const ahead = this.#newest - at;
    const outside = this.#newest < 0 || at < this.#from || ahead < -BEHIND || (this.#video.ended && ahead < 0);
    if (outside && !this.#cache.has(at)) return this.#seek(at);
    if (ahead >= AHEAD) this.#video.pause();
    else if (this.#video.paused && !this.#video.ended && ahead <= AHEAD / 2) void this.#video.play().catch(() => {});
  }

  /** @param {number} index */
  #seek(index) {
    this.#video.pause();
    this.#seeking = index;
    const { start, rate } = this.facts;
    this.#video.currentTime = start + ((index + 0.5) * rate.den) / rate.num;
  }

  async #seeked() {
    if (this.#closed || this.#seeking === null) return;
    const target = this.#seeking;
    // "Seeked" is said before the picture is there. Without a time on it, only its presentation says that it is.
    if (!this.#exact && this.#shown !== target) return;
    const got = await this.#capture(target);
    if (this.#closed || got !== target) return; // The presented frame follows in #presented.
    this.#arrived(target);
  }

  /** @type {VideoFrameRequestCallback} */
  #presented = (_now, metadata) => {
    if (this.#closed) return;
    this.#video.requestVideoFrameCallback(this.#presented);
    this.#shown = this.#indexOf(metadata.mediaTime);
    void this.#capture(this.#shown).then((index) => {
      if (index === null || this.#closed) return;
      if (this.#seeking === null || index === this.#seeking) this.#arrived(index);
    });
  };

  /** @param {number} index */
  #arrived(index) {
    if (this.#seeking !== null) this.#from = index;
    this.#seeking = null;
    this.#newest = index;
    this.onframe();
    this.want(this.#plan);
  }

  /**
   * Copy the picture that the element has now. A VideoFrame carries its own time; without one, the index is believed
   * while the element is paused and settled.
   * @param {number} supposed @returns {Promise<number | null>} the index of what was copied
   */
  async #capture(supposed) {
    if (this.#video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) return null;
    if (!this.#exact) {
      if (!this.#video.paused || this.#video.seeking) return null;
      return this.#keep(supposed, this.#video);
    }
    const frame = new VideoFrame(this.#video);
    try {
      return await this.#keep(this.#indexOf(frame.timestamp / 1e6), frame);
    } finally {
      frame.close();
    }
  }

  /** A bitmap, not the frame itself: holding the element's own frames can starve its decoder. @param {number} index @param {ImageBitmapSource} picture */
  async #keep(index, picture) {
    if (this.#cache.has(index)) return index;
    const bitmap = await createImageBitmap(picture);
    if (this.#closed) bitmap.close();
    else this.#cache.put(index, bitmap, (held) => this.#cost(held));
    return index;
  }

  /** @param {number} seconds */
  #indexOf(seconds) {
    const { start, rate } = this.facts;
    return Math.round(((seconds - start) * rate.num) / rate.den);
  }

  /** Frames to come are worth more than frames gone by. @param {number} index */
  #cost(index) {
    const distance = index - this.#plan.at;
    return distance >= 0 ? distance : -distance * 2;
  }
}
