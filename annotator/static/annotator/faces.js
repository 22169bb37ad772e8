/**
 * The faces found in a pair: a strip for each person and side, at the same moments, and later the curves under them.
 *
 * @typedef {"left" | "right"} Side
 * @typedef {object} Seen
 * @property {string} seen  a letter a moment: 1 seen, 0 not seen, - the clip is over
 * @property {string} note  why there is nothing to see, or ""
 * @typedef {{id: number, reported: boolean, left: Seen, right: Seen}} PersonFaces
 *
 * @typedef {object} FacesBody  As the server sends it.
 * @property {number[]} moments  seconds
 * @property {string} left   address of the crops, a row for each person, a column for each moment
 * @property {string} right
 * @property {"never" | "after" | "always"} curves
 * @property {boolean} reported
 * @property {PersonFaces[]} people
 *
 * @typedef {object} CurvesBody
 * @property {string} note
 * @property {Record<string, Record<Side, import("./sparkline.js").Curve | null>>} people
 * @property {Record<Side, number | null>} scores
 */
import { call, warm } from "./api.js";
import { momentOf } from "./clock.js";
import { momentFrom } from "./moments.js";
import { SIDES } from "./player.js";
import { commonScale } from "./sparkline.js";
import { Strip } from "./strip.js";

/** Crops across: fewer are larger, and only a very wide window has room for more that can be made out. */
const ACROSS = Object.freeze({ mostly: 12, wide: 16 });
const WIDE = 2400;

/** @param {string} url @returns {Promise<FacesBody | null>} null where no faces were looked for */
export async function fetchFaces(url) {
  /** @type {FacesBody} */
  const body = await call(`${url}?across=${globalThis.innerWidth < WIDE ? ACROSS.mostly : ACROSS.wide}`);
  if (!body.moments.length) return null;
  for (const side of SIDES) if (body[side]) warm(body[side]);
  return body;
}

export class Faces {
  #root;
  #player;
  #hear;
  /** @type {FacesBody | null} */
  body = null;
  /** Each person's two strips, in the order of the rows. @type {Record<Side, Strip>[]} */
  #strips = [];
  /** @type {number[]} */
  #ids = [];
  /** When the frames of the moments begin, seconds: what a seek to them ends on. @type {number[]} */
  #moments = [];
  /** The clock that the moments were set by. @type {import("./clock.js").Clock | null} */
  #clock = null;
  /** @type {CurvesBody | null} */
  #curves = null;

  /**
   * @param {HTMLElement} root of the workbench
   * @param {import("./player.js").Player} player
   * @param {(person: number, side: Side, moment: number) => void} hear a crop was pointed at: index of the person, seconds
   */
  constructor(root, player, hear) {
    this.#root = root;
    this.#player = player;
    this.#hear = hear;
    player.addEventListener("paint", () => this.#paint());
  }

  /**
   * @param {FacesBody | null} body @param {HTMLElement[]} rows the people's rows
   * @param {{id: number, name: string}[]} people in the rows' order
   */
  show(body, rows, people) {
    // Somebody who was added to the clips meanwhile is not in the pictures.
    this.body = body && people.every(({ id }) => body.people.some((other) => other.id === id)) ? body : null;
    this.#ids = people.map((person) => person.id);
    this.#root.dataset.faces = this.body ? "rows" : "none";
    const shown = this.body;
    const moments = shown?.moments.length ?? 0;
    this.#root.style.setProperty("--wb-moments", String(moments));
    this.#root.style.setProperty("--wb-across", String(Math.max(moments, ACROSS.mostly)));
    this.#strips = shown ? people.map((person, n) => this.#stripsOf(shown, rows[n], person, n)) : [];
    this.#moments = shown?.moments ?? [];
    this.#clock = null;
    for (const strips of this.#strips) for (const side of SIDES) strips[side].tune(this.#moments, 0);
    this.curves(null);
    this.#paint();
  }

  /** Moments of the strips before or after the one on the screen. @param {number} step -1 or 1 */
  step(step) {
    if (!this.body) return;
    const now = this.#player.clock?.position ?? 0;
    this.#player.pause();
    this.#player.seek(this.#moments[momentFrom(now, this.#moments, step)]);
  }

  /** @param {import("./answer.js").Answer} answer */
  mark(answer) {
    this.#tune();
    this.#strips.forEach((strips, n) => {
      for (const side of SIDES) {
        const rate = this.#player.facts(side)?.rate;
        const marks = answer.marksOf(this.#ids[n]).filter((mark) => mark.side === side);
        strips[side].mark(
          rate ? marks.map((mark) => ({ time: momentOf(mark.frame, rate), title: `${mark.kind}, frame ${mark.frame}` })) : [],
        );
      }
    });
  }

  /** Draw the curves, or take them away. @param {CurvesBody | null} curves */
  curves(curves) {
    this.#curves = curves;
    const own = (/** @type {number} */ id, /** @type {Side} */ side) => curves?.people[id]?.[side] ?? null;
    const scale = curves && commonScale(this.#ids.flatMap((id) => SIDES.map((side) => own(id, side))));
    this.#strips.forEach((strips, n) => {
      for (const side of SIDES) strips[side].draw(own(this.#ids[n], side), scale);
    });
    this.#root.dataset.curves = curves && !curves.note ? "shown" : "hidden";
    const legend = /** @type {HTMLElement} */ (this.#root.querySelector("[data-legend]"));
    legend.hidden = !curves;
    for (const side of SIDES) this.#say(`[data-score=${side}]`, curves?.scores[side]?.toFixed(2) ?? "–");
    this.#say("[data-legend-note]", curves?.note ?? "");
  }

  /** @param {FacesBody} body @param {HTMLElement} row @param {{id: number, name: string}} person @param {number} index */
  #stripsOf(body, row, person, index) {
    const place = body.people.findIndex((other) => other.id === person.id);
    const [left, right] = SIDES.map((side) => {
      const root = /** @type {HTMLElement} */ (row.querySelector(`[data-strip=${side}]`));
      const strip = new Strip(root, side, (moment) => this.#hear(index, side, body.moments[moment]));
      strip.show(body, place, person.name);
      return strip;
    });
    return { left, right };
  }

  /** Set the moments by the clock, once there is one: they begin with frames, as all that is shown does. */
  #tune() {
    const { clock } = this.#player;
    if (!clock || !this.body || clock === this.#clock) return;
    this.#clock = clock;
    this.#moments = this.body.moments.map((moment) => clock.snap(moment));
    for (const strips of this.#strips) for (const side of SIDES) strips[side].tune(this.#moments, clock.duration);
    if (this.#curves) this.curves(this.#curves);
  }

  #paint() {
    const { painted } = this.#player;
    this.#tune();
    if (!painted) return;
    for (const strips of this.#strips) for (const side of SIDES) strips[side].paint(painted.position);
  }

  /** @param {string} selector @param {string} text */
  #say(selector, text) {
    /** @type {HTMLElement} */ (this.#root.querySelector(selector)).textContent = text;
  }
}
