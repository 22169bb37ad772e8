/**
 * The decoded frames of one clip that are held at the moment: bounded, by index, every frame closed exactly once.
 *
 * @typedef {VideoFrame | ImageBitmap} Frame  Anything that a canvas draws and `close()` frees.
 */
export class FrameCache {
  /** @type {Map<number, Frame>} */
  #frames = new Map();

  /** @param {number} capacity frames held at most */
  constructor(capacity) {
    this.capacity = capacity;
  }

  /**
   * How many decoded frames of this size may be held: all of a short clip where memory allows, never under 16.
   * @param {number} width pixels @param {number} height pixels @param {number} bytesPerPixel 1.5 for YUV 4:2:0, 4 for RGBA
   * @returns {number}
   */
  static capacityFor(width, height, bytesPerPixel) {
    const budget = 96 * 2 ** 20;
    return Math.min(Math.max(Math.floor(budget / (width * height * bytesPerPixel)), 16), 128);
  }

  /** @param {number} index */
  has(index) {
    return this.#frames.has(index);
  }

  /** @param {number} index @returns {Frame | null} */
  get(index) {
    return this.#frames.get(index) ?? null;
  }

  /**
   * Takes the frame over. Over capacity, the frame with the highest cost goes first, the new one too if it is that.
   * @param {number} index @param {Frame} frame @param {(index: number) => number} cost 0 for the frame needed now
   */
  put(index, frame, cost) {
    this.#frames.get(index)?.close();
    this.#frames.set(index, frame);
    while (this.#frames.size > this.capacity) {
      let worst = index;
      for (const held of this.#frames.keys()) if (cost(held) > cost(worst)) worst = held;
      this.#frames.get(worst)?.close();
      this.#frames.delete(worst);
    }
  }

  clear() {
    for (const frame of this.#frames.values()) frame.close();
    this.#frames.clear();
  }
}
