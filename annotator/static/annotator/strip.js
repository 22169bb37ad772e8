/**
 * The crops of one person on one side: a cell for each moment, a line of time under them. It shows; what a click or an
 * arrow means is decided by whoever listens. While a clip plays nothing here is laid out anew: a line is shifted.
 *
 * @typedef {import("./faces.js").PersonFaces} PersonFaces
 * @typedef {import("./player.js").Side} Side
 */
import { momentAt, placeOf } from "./moments.js";
import { sparkline, told } from "./sparkline.js";

/** Width of a cell by its height; the crop is square, and its middle is seen. */
const ASPECT = 0.8;

/** How many moments are written out, at most. */
const LABELS = 6;

export class Strip {
  #root;
  #side;
  /** @type {number[]} */
  #moments = [];
  #duration = 0;
  #seen = "";
  #current = -1;
  /** @type {HTMLElement[]} */
  #cells = [];
  /** @type {(index: number) => void} */
  #hear;

  /** @param {HTMLElement} root @param {Side} side @param {(index: number) => void} hear index of the moment to go to */
  constructor(root, side, hear) {
    this.#root = root;
    this.#side = side;
    this.#hear = hear;
    root.addEventListener("pointerdown", (event) => this.#grab(event));
    root.addEventListener("pointermove", (event) => root.hasPointerCapture(event.pointerId) && this.#point(event));
    root.addEventListener("keydown", (event) => this.#key(event));
  }

  /**
   * @param {import("./faces.js").FacesBody} body @param {number} row of the person in the pictures
   * @param {string} name
   */
  show(body, row, name) {
    const { seen, note } = body.people[row][this.#side];
    this.#seen = seen;
    this.#root.classList.toggle("is-empty", note !== "");
    this.#part("[data-strip-note]").textContent = note;
    this.#root.setAttribute("aria-label", `Faces of ${name} on the ${this.#side}`);
    this.#root.setAttribute("aria-valuemax", String(body.moments.length - 1));
    const picture = { url: body[this.#side], row, rows: body.people.length };
    this.#cells = note ? [] : body.moments.map((_, index) => this.#cell(index, body.moments.length, picture));
    this.#part("[data-cells]").replaceChildren(...this.#cells);
  }

  /** @param {number[]} moments of the cells, seconds @param {number} duration of the pair, seconds */
  tune(moments, duration) {
    this.#moments = moments;
    this.#duration = duration;
    this.#current = -1;
  }

  /** @param {number} time now on the screen, seconds */
  paint(time) {
    this.#part("[data-strip-head]").style.transform = `translateX(${(this.#placeOf(time) * 100).toFixed(3)}%)`;
    const current = momentAt(time, this.#moments);
    if (current === this.#current) return;
    for (const [index, cell] of this.#cells.entries()) cell.classList.toggle("is-current", index === current);
    this.#current = current;
    this.#root.setAttribute("aria-valuenow", String(current));
    const unseen = this.#seen[current] === "1" ? "" : this.#seen[current] === "-" ? ", the clip is over" : ", no face found";
    this.#root.setAttribute("aria-valuetext", `${this.#moments[current].toFixed(2)} s${unseen}`);
  }

  /** @param {{time: number, title: string}[]} marks of this person on this side */
  mark(marks) {
    const flags = marks.map(({ time, title }) => {
      const flag = document.createElement("span");
      flag.className = "wb-strip-mark";
      flag.style.left = `${(this.#placeOf(time) * 100).toFixed(3)}%`;
      flag.title = title;
      return flag;
    });
    this.#part("[data-strip-marks]").replaceChildren(...flags);
  }

  /** @param {import("./sparkline.js").Curve | null} curve @param {import("./sparkline.js").Scale | null} scale */
  draw(curve, scale) {
    const lane = this.#part("[data-lane]");
    lane.replaceChildren(...(curve && scale ? sparkline(curve, scale, (time) => this.#placeOf(time)) : this.#scale()));
    lane.title = curve ? told(curve) : "";
    this.#root.setAttribute("aria-description", lane.title);
  }

  /** When some of the moments are: what stands on the line of time until there is a curve. */
  #scale() {
    const every = Math.ceil(this.#moments.length / LABELS);
    return this.#moments.flatMap((moment, index) => {
      // The last has no room to the right of it.
      if (index % every || (index && index === this.#moments.length - 1)) return [];
      const label = document.createElement("span");
      label.className = "wb-moment";
      label.textContent = index ? moment.toFixed(1) : "0 s";
      label.style.left = `${((index + 0.5) / this.#moments.length) * 100}%`;
      return [label];
    });
  }

  /** @param {number} time seconds */
  #placeOf(time) {
    return placeOf(time, this.#moments, this.#duration);
  }

  /** @param {number} index @param {number} count @param {{url: string, row: number, rows: number}} picture */
  #cell(index, count, { url, row, rows }) {
    const cell = document.createElement("span");
    cell.className = { 1: "wb-cell", "-": "wb-cell wb-cell--over" }[this.#seen[index]] ?? "wb-cell wb-cell--none";
    if (this.#seen[index] !== "1") return cell;
    // Shares of what the picture sticks out by, as CSS counts them.
    const across = (index + (1 - ASPECT) / 2) / (count - ASPECT);
    const down = rows > 1 ? row / (rows - 1) : 0;
    cell.style.backgroundImage = `url("${url}")`;
    cell.style.backgroundSize = `${(100 * count) / ASPECT}% ${100 * rows}%`;
    cell.style.backgroundPosition = `${100 * across}% ${100 * down}%`;
    return cell;
  }

  /** @param {PointerEvent} event */
  #grab(event) {
    if (event.button !== 0) return;
    event.preventDefault();
    this.#root.setPointerCapture(event.pointerId);
    this.#point(event);
  }

  /** @param {PointerEvent} event */
  #point(event) {
    const box = this.#root.getBoundingClientRect();
    const index = Math.floor(((event.clientX - box.left) / box.width) * this.#moments.length);
    this.#hear(Math.min(Math.max(index, 0), this.#moments.length - 1));
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const last = this.#moments.length - 1;
    const index = {
      ArrowLeft: this.#current - 1, ArrowDown: this.#current - 1,
      ArrowRight: this.#current + 1, ArrowUp: this.#current + 1,
      Home: 0, End: last,
    }[event.key];
    if (index === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    this.#hear(Math.min(Math.max(index, 0), last));
  }

  /** @param {string} selector */
  #part(selector) {
    return /** @type {HTMLElement} */ (this.#root.querySelector(selector));
  }
}

