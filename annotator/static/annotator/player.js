/**
 * Two clips, one clock, one tick. In a tick either both sides are painted, at the frames of one moment, or neither is.
 * While a frame is missing the clock waits, so the sides cannot come apart and no frame is skipped for slowness.
 */
import { Clock, frameAt, isOver, momentOf } from "./clock.js";
import { WebCodecsSource } from "./source-webcodecs.js";
import { VideoElementSource } from "./source-video.js";
import { ClipError } from "./facts.js";
import { place } from "./view.js";

/**
 * @typedef {"left" | "right"} Side
 * @typedef {"beside" | "flip" | "wipe"} Mode
 * @typedef {WebCodecsSource | VideoElementSource} Source
 *
 * @typedef {object} Plan  What a source is told at every tick.
 * @property {number} at         frame needed now
 * @property {boolean} playing
 * @property {number} speed
 * @property {boolean} urgent    nothing but `at`: the other side may still be waiting for its own
 * @property {{start: number, end: number} | null} wrap  frames of the loop, `end` outside
 *
 * @typedef {object} Painted  Detail of the `paint` event: what is on the canvases now.
 * @property {number} left       frame index
 * @property {number} right
 * @property {boolean} leftOver  over, and holding its last frame
 * @property {boolean} rightOver
 * @property {number} position   seconds
 */

/** @type {readonly Side[]} */
export const SIDES = Object.freeze(["left", "right"]);

/** A picture is said to be awaited after this many milliseconds without one. */
const PATIENCE = 250;

/**
 * @param {Blob} blob @param {"webcodecs" | "video" | null} path one way of decoding, or null for the best there is
 * @returns {Promise<Source>} with its first frame on the way @throws {ClipError}
 */
export async function openSource(blob, path = null) {
  const way = path ?? (WebCodecsSource.supported ? "webcodecs" : "video");
  const Kind = way === "webcodecs" ? WebCodecsSource : VideoElementSource;
  if (!Kind.supported) throw new ClipError("This browser is too old to show clips frame by frame.");
  const source = await Kind.open(blob);
  source.want({ at: 0, playing: false, speed: 1, urgent: false, wrap: null });
  return source;
}

/** Events: `paint` (Painted), `state` (playing, speed, loop, mode or view changed), `wait` (boolean), `error` (Error). */
export class Player extends EventTarget {
  /** @type {Clock | null} */
  clock = null;
  /** @type {Mode} */
  mode = "beside";
  /** Side shown by `flip`. @type {Side} */
  flipped = "left";
  /** Place of the wipe's edge, as a share of the picture's width. */
  edge = 0.5;
  /** @type {import("./view.js").View} */
  view = { zoom: 1, x: 0.5, y: 0.5 };
  /** @type {Painted | null} */
  painted = null;
  /** @type {Record<Side, Source> | null} */
  #sources = null;
  #canvases;
  #contexts;
  #tick = 0;
  #dirty = false;
  #waitingSince = 0;
  #waiting = false;

  /** @param {Record<Side, HTMLCanvasElement>} canvases */
  constructor(canvases) {
    super();
    this.#canvases = canvases;
    this.#contexts = { left: context(canvases.left), right: context(canvases.right) };
    const resized = new ResizeObserver(() => this.#resize());
    for (const side of SIDES) resized.observe(canvases[side]);
  }

  /** Show another pair; the one before is closed, its picture stays until the first paint. @param {Record<Side, Source>} sources */
  load(sources) {
    this.unload();
    this.#sources = sources;
    const timelines = SIDES.map((side) => sources[side].facts);
    const speed = this.clock?.speed ?? 1;
    this.clock = new Clock(timelines);
    this.clock.speed = speed;
    this.view = { zoom: 1, x: 0.5, y: 0.5 };
    for (const side of SIDES) {
      sources[side].onframe = () => this.#wake();
      sources[side].onerror = (error) => this.#emit("error", error);
    }
    this.#emit("state");
    this.#repaint();
  }

  unload() {
    if (this.#sources) for (const side of SIDES) this.#sources[side].close();
    this.#sources = null;
    this.painted = null;
    cancelAnimationFrame(this.#tick);
    this.#tick = 0;
    this.#wait(false);
  }

  /** Show nothing. */
  blank() {
    this.unload();
    for (const side of SIDES) this.#clear(side);
  }

  /** @param {Side} side @returns {import("./facts.js").Facts | null} */
  facts(side) {
    return this.#sources?.[side].facts ?? null;
  }

  get playing() {
    return this.clock?.playing ?? false;
  }

  toggle() {
    this.#change((clock, now) => (clock.playing ? clock.pause() : clock.play(now)));
  }

  pause() {
    this.#change((clock) => clock.pause());
  }

  /** @param {number} position seconds */
  seek(position) {
    this.#change((clock, now) => clock.seek(position, now));
  }

  /** @param {number} seconds may be negative */
  skip(seconds) {
    this.#change((clock, now) => clock.seek(clock.position + seconds, now));
  }

  /** @param {number} frames may be negative */
  step(frames) {
    this.#change((clock, now) => clock.step(frames, now));
  }

  /** @param {1 | -1} direction */
  changeSpeed(direction) {
    this.#change((clock, now) => clock.changeSpeed(direction, now));
  }

  loopIn() {
    this.#change((clock) => clock.loopIn());
  }

  loopOut() {
    this.#change((clock) => clock.loopOut());
  }

  loopClear() {
    this.#change((clock) => clock.loopClear());
  }

  /** @param {Mode} mode @param {Side} flipped */
  show(mode, flipped = this.flipped) {
    this.mode = mode;
    this.flipped = flipped;
    this.#emit("state");
    this.#repaint();
  }

  /** @param {number} share */
  wipeTo(share) {
    this.edge = Math.min(Math.max(share, 0), 1);
    this.#emit("state");
    this.#repaint();
  }

  /** @param {import("./view.js").View} view */
  look(view) {
    this.view = view;
    this.#emit("state");
    this.#repaint();
  }

  /** @param {(clock: Clock, now: number) => void} action */
  #change(action) {
    if (!this.clock || !this.#sources) return;
    action(this.clock, performance.now() / 1000);
    // Decoding starts now, not with the next tick.
    if (!this.clock.playing) this.#ask(this.clock.position, !this.#isThere(this.clock.position));
    this.#emit("state");
    this.#wake();
  }

  #repaint() {
    this.#dirty = true;
    this.#wake();
  }

  #wake() {
    if (this.#sources && !this.#tick) this.#tick = requestAnimationFrame(this.#run);
  }

  #run = () => {
    this.#tick = 0;
    const { clock } = this;
    if (!clock || !this.#sources) return;
    const now = performance.now() / 1000;
    const due = clock.peek(now);
    const seeking = !clock.playing && !this.#isThere(due);
    this.#ask(due, seeking);
    const position = clock.playing ? this.#reachable(due) : due;
    const shown = this.#show(position);
    if (shown) clock.settle(position, now);
    else clock.hold(now);
    if (shown && clock.playing && !clock.loop && position >= clock.last) {
      this.pause();
    }
    this.#wait(!shown);
    if (clock.playing || (seeking && shown)) this.#wake();
  };

  /** The first moment from `position` on of which no side has lost its frame. @param {number} position seconds */
  #reachable(position) {
    const clock = /** @type {Clock} */ (this.clock);
    let moment = position;
    while (moment < clock.last && this.#isLost(moment)) {
      moment = momentOf(Math.round((clock.snap(moment) * clock.grid.num) / clock.grid.den) + 1, clock.grid);
    }
    return moment;
  }

  /** @param {number} position seconds */
  #isLost(position) {
    const sources = /** @type {Record<Side, Source>} */ (this.#sources);
    return SIDES.some((side) => sources[side].isLost(frameAt(position, sources[side].facts)));
  }

  /** Paint both sides at one moment, or neither. @param {number} position seconds @returns {boolean} whether both are there */
  #show(position) {
    const { left, right } = /** @type {Record<Side, Source>} */ (this.#sources);
    const indices = { left: frameAt(position, left.facts), right: frameAt(position, right.facts) };
    const frames = { left: left.get(indices.left), right: right.get(indices.right) };
    if (!frames.left || !frames.right) return false;
    const over = { leftOver: isOver(position, left.facts), rightOver: isOver(position, right.facts) };
    const same = this.painted?.left === indices.left && this.painted.right === indices.right;
    this.painted = { ...indices, ...over, position };
    if (same && !this.#dirty) return true;
    this.#dirty = false;
    this.#draw(/** @type {Record<Side, import("./frames.js").Frame>} */ (frames));
    this.#emit("paint", this.painted);
    return true;
  }

  /** @param {Record<Side, import("./frames.js").Frame>} frames */
  #draw(frames) {
    if (this.mode === "beside") {
      for (const side of SIDES) this.#clear(side);
      for (const side of SIDES) this.#put(side, frames[side], side);
      return;
    }
    this.#clear("left");
    if (this.mode === "flip") return this.#put("left", frames[this.flipped], this.flipped);
    const target = this.#contexts.left;
    const { width, height } = this.#canvases.left;
    this.#put("left", frames.left, "left");
    target.save();
    target.beginPath();
    target.rect(this.edge * width, 0, width, height);
    target.clip();
    this.#clear("left");
    this.#put("left", frames.right, "right");
    target.restore();
  }

  /** @param {Side} canvas */
  #clear(canvas) {
    const { width, height } = this.#canvases[canvas];
    this.#contexts[canvas].clearRect(0, 0, width, height);
  }

  /** @param {Side} canvas @param {import("./frames.js").Frame} frame @param {Side} side whose frame it is */
  #put(canvas, frame, side) {
    const facts = /** @type {Record<Side, Source>} */ (this.#sources)[side].facts;
    const at = place(this.view, facts, this.#canvases[canvas]);
    // Facts speak of displayed pixels; a frame's own size may differ where pixels are not square.
    const fx = size(frame).width / facts.width;
    const fy = size(frame).height / facts.height;
    this.#contexts[canvas].drawImage(
      frame, at.sx * fx, at.sy * fy, at.sw * fx, at.sh * fy, at.dx, at.dy, at.dw, at.dh,
    );
  }

  /** @param {number} position seconds @returns {boolean} whether both sides have its frame */
  #isThere(position) {
    const sources = /** @type {Record<Side, Source>} */ (this.#sources);
    return SIDES.every((side) => sources[side].get(frameAt(position, sources[side].facts)) !== null);
  }

  /** Tell both sources what comes next. @param {number} position seconds @param {boolean} urgent */
  #ask(position, urgent) {
    const clock = /** @type {Clock} */ (this.clock);
    const sources = /** @type {Record<Side, Source>} */ (this.#sources);
    for (const side of SIDES) {
      const { facts } = sources[side];
      const wrap = clock.loop && {
        start: frameAt(clock.loop.start, facts),
        end: frameAt(clock.loop.end - 1e-4, facts) + 1,
      };
      sources[side].want({ at: frameAt(position, facts), playing: clock.playing, speed: clock.speed, urgent, wrap });
    }
  }

  /** @param {boolean} waiting */
  #wait(waiting) {
    const now = performance.now();
    if (!waiting) this.#waitingSince = 0;
    else if (!this.#waitingSince) this.#waitingSince = now;
    const long = waiting && now - this.#waitingSince > PATIENCE;
    if (long === this.#waiting) return;
    this.#waiting = long;
    this.#emit("wait", long);
  }

  #resize() {
    const scale = globalThis.devicePixelRatio || 1;
    for (const side of SIDES) {
      const canvas = this.#canvases[side];
      const width = Math.round(canvas.clientWidth * scale);
      const height = Math.round(canvas.clientHeight * scale);
      if (!width || !height || (canvas.width === width && canvas.height === height)) continue;
      canvas.width = width;
      canvas.height = height;
      this.#dirty = true;
    }
    // At once: a canvas that was resized is blank, and observers run before the screen is updated.
    if (this.#dirty && this.clock && this.#sources && !this.#show(this.clock.position)) this.#wake();
  }

  /** @param {string} name @param {unknown} [detail] */
  #emit(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

/** @param {HTMLCanvasElement} canvas */
function context(canvas) {
  const drawing = canvas.getContext("2d", { alpha: true });
  if (!drawing) throw new ClipError("This browser cannot draw.");
  drawing.imageSmoothingQuality = "high";
  return drawing;
}

/** @param {import("./frames.js").Frame} frame @returns {import("./view.js").Size} pixels of the frame as drawn */
function size(frame) {
  return "displayWidth" in frame
    ? { width: frame.displayWidth, height: frame.displayHeight }
    : { width: frame.width, height: frame.height };
}
