/**
 * The one clock of a pair. Pure arithmetic: nothing here reads the time, the page or a clip; callers pass `now`.
 *
 * A position is a moment of the pair in seconds. Each side turns it into a frame of its own by its exact rate, so two
 * clips of different rate always show the same moment, and a shorter one stays on its last frame.
 *
 * @typedef {{num: number, den: number}} Rate  Frames a second as a fraction: 24000/1001 stays exact.
 * @typedef {{rate: Rate, frames: number}} Timeline  What the clock must know of a clip.
 * @typedef {{start: number, end: number}} Range  Seconds; `end` is the first moment outside.
 */

export const SPEEDS = Object.freeze([0.25, 0.5, 0.75, 1, 1.25, 1.5, 2]);

/** Far below the shortest frame, far above the rounding of doubles at an hour: a moment made from an index gives it back. */
const EPSILON = 1e-7;

/** @param {number} index @param {Rate} rate @returns {number} the moment at which a frame begins, seconds */
export function momentOf(index, rate) {
  return (index * rate.den) / rate.num;
}

/** @param {number} position seconds @param {Rate} rate @returns {number} index on an endless clip of this rate */
export function indexAt(position, rate) {
  return Math.floor(((position + EPSILON) * rate.num) / rate.den);
}

/** @param {number} position seconds @param {Timeline} clip @returns {number} frame shown then; the last one when over */
export function frameAt(position, clip) {
  return Math.min(Math.max(indexAt(position, clip.rate), 0), clip.frames - 1);
}

/** @param {number} position seconds @param {Timeline} clip @returns {boolean} whether the clip is over and holds its last frame */
export function isOver(position, clip) {
  return indexAt(position, clip.rate) >= clip.frames;
}

/** @param {Rate} a @param {Rate} b @returns {Rate} the faster of two rates */
export function faster(a, b) {
  return a.num * b.den >= b.num * a.den ? a : b;
}

export class Clock {
  /** @type {Rate} The grid that steps and marks move on: the faster side's frames. */
  grid;
  /** Seconds until the longer side is over. */
  duration;
  playing = false;
  speed = 1;
  /** @type {Range | null} */
  loop = null;
  #position = 0;
  #since = 0;

  /** @param {Timeline[]} clips */
  constructor(clips) {
    this.grid = clips.map((clip) => clip.rate).reduce(faster);
    this.duration = Math.max(...clips.map((clip) => momentOf(clip.frames, clip.rate)));
  }

  /** The moment last settled. */
  get position() {
    return this.#position;
  }

  /** The last moment that begins a frame. */
  get last() {
    return momentOf(Math.max(0, Math.ceil((this.duration * this.grid.num) / this.grid.den - EPSILON) - 1), this.grid);
  }

  /** @param {number} now seconds */
  play(now) {
    if (!this.loop && indexAt(this.#position, this.grid) >= indexAt(this.last, this.grid)) this.#position = 0;
    if (this.loop && !this.#inside(this.#position, this.loop)) this.#position = this.loop.start;
    this.playing = true;
    this.#since = now;
  }

  pause() {
    this.playing = false;
    this.#position = this.snap(this.#position);
  }

  /**
   * Where the clock would stand at `now`: a loop wraps, and without one it stops on the last frame.
   * @param {number} now seconds @returns {number}
   */
  peek(now) {
    if (!this.playing) return this.#position;
    const moved = this.#position + Math.max(0, now - this.#since) * this.speed;
    if (this.loop && moved >= this.loop.end) {
      const length = this.loop.end - this.loop.start;
      return this.loop.start + ((moved - this.loop.start) % length);
    }
    return Math.min(moved, this.last);
  }

  /**
   * Accept a moment as shown. Whoever cannot show what `peek` says settles on the old position instead, so time that
   * was spent waiting for a picture is not played.
   * @param {number} position seconds @param {number} now seconds
   */
  settle(position, now) {
    this.#position = position;
    this.#since = now;
  }

  /** @param {number} now seconds */
  hold(now) {
    this.#since = now;
  }

  /** @param {number} position seconds @param {number} now seconds */
  seek(position, now) {
    this.settle(Math.min(Math.max(this.snap(position), 0), this.last), now);
  }

  /** @param {number} frames may be negative @param {number} now seconds */
  step(frames, now) {
    this.pause();
    this.seek(momentOf(indexAt(this.#position, this.grid) + frames, this.grid), now);
  }

  /** @param {number} direction +1 or -1: the next speed of SPEEDS @param {number} now seconds */
  changeSpeed(direction, now) {
    this.settle(this.peek(now), now);
    const at = SPEEDS.indexOf(this.speed);
    this.speed = SPEEDS[Math.min(Math.max(at + direction, 0), SPEEDS.length - 1)];
  }

  /** Loop from the frame now shown (to the old end, or to the end of the pair where that lies before). */
  loopIn() {
    const start = this.snap(this.#position);
    const end = this.loop && this.loop.end > start ? this.loop.end : this.duration;
    this.loop = { start, end };
  }

  /** Loop up to and with the frame now shown. */
  loopOut() {
    const end = momentOf(indexAt(this.#position, this.grid) + 1, this.grid);
    const start = this.loop && this.loop.start < end - EPSILON ? this.loop.start : 0;
    this.loop = { start, end: Math.min(end, this.duration) };
  }

  loopClear() {
    this.loop = null;
  }

  /** @param {number} position seconds @returns {number} the beginning of the frame of the grid that it lies in */
  snap(position) {
    return momentOf(indexAt(position, this.grid), this.grid);
  }

  /** @param {number} position @param {Range} range */
  #inside(position, range) {
    return position >= range.start - EPSILON && position < range.end - EPSILON;
  }
}
