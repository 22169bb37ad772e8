/** The two pictures: what is written on them, how they share the stage, and what the pointer does there. */
import { SIDES } from "./player.js";
import { SIDE_WORDS } from "./people.js";
import { pan, zoomAbout } from "./view.js";

const ZOOMS = [1, 2, 4];

/** Less than this many pixels is a click, not a drag. */
const DRAG = 4;

export class Stage {
  #root;
  #player;
  /** @type {{x: number, y: number, side: "left" | "right"} | null} The pointer, in pixels of its canvas. */
  #pointer = null;
  #dragged = 0;

  /** @param {HTMLElement} root @param {import("./player.js").Player} player */
  constructor(root, player) {
    this.#root = root;
    this.#player = player;
    player.addEventListener("paint", () => this.#count());
    player.addEventListener("state", () => this.#mend());
    for (const side of SIDES) this.#hear(this.#part(`[data-canvas=${side}]`), side);
    this.#part("[data-edge]").addEventListener("keydown", (event) => this.#edgeKey(/** @type {KeyboardEvent} */ (event)));
  }

  /** Fit the stage to the clips: side by side they fill the width. */
  fit() {
    const ratios = SIDES.map((side) => this.#player.facts(side)).map((facts) => (facts ? facts.width / facts.height : 16 / 9));
    this.#root.style.setProperty("--ratio", String(Math.max(...ratios)));
  }

  /** Each press shows the other side in the same place. */
  flip() {
    const { mode, flipped } = this.#player;
    this.#player.show("flip", mode === "flip" && flipped === "left" ? "right" : "left");
  }

  wipe() {
    this.#player.show(this.#player.mode === "wipe" ? "beside" : "wipe");
  }

  plain() {
    this.#player.view = { zoom: 1, x: 0.5, y: 0.5 };
    this.#player.show("beside", "left");
  }

  zoom() {
    const { view } = this.#player;
    const next = ZOOMS.find((zoom) => zoom > view.zoom + 0.01) ?? 1;
    this.#zoomBy(next / view.zoom);
  }

  /** @param {number} dx -1, 0 or 1 @param {number} dy */
  move(dx, dy) {
    const { mode, view, edge } = this.#player;
    if (mode === "wipe" && dx) this.#player.wipeTo(edge + dx * 0.02);
    else if (view.zoom > 1) this.#player.look(pan(view, dx * 0.08, dy * 0.08));
  }

  /**
   * Cover the pictures with what is waited for, or what went wrong and a way on; "" uncovers them.
   * @param {string} text @param {[string, () => void]} [action]
   */
  veil(text, action) {
    const veil = this.#part("[data-veil]");
    veil.hidden = !text;
    /** @type {HTMLElement} */ (veil.querySelector(".spinner")).hidden = Boolean(action);
    this.#part("[data-veil-text]").textContent = text;
    const button = this.#part("[data-veil-action]");
    button.hidden = !action;
    button.textContent = action?.[0] ?? "";
    button.onclick = action?.[1] ?? null;
  }

  /** @param {string} selector */
  #part(selector) {
    return /** @type {HTMLElement} */ (this.#root.querySelector(selector));
  }

  #count() {
    const { painted, mode, flipped } = this.#player;
    if (!painted) return;
    // In one place, the frame that is seen is counted; a wipe shows both.
    const seen = mode === "flip" ? flipped : "left";
    const left = mode === "wipe" ? `${this.#counted("left")} | ${this.#counted("right")}` : this.#counted(seen);
    this.#part("[data-counter=left]").textContent = left;
    this.#part("[data-counter=right]").textContent = this.#counted("right");
  }

  /** @param {"left" | "right"} side @returns {string} */
  #counted(side) {
    const painted = /** @type {import("./player.js").Painted} */ (this.#player.painted);
    const last = (this.#player.facts(side)?.frames ?? 1) - 1;
    const over = side === "left" ? painted.leftOver : painted.rightOver;
    return `${painted[side]} / ${last}${over ? " · over, last frame held" : ""}`;
  }

  #mend() {
    const { mode, flipped, edge, view } = this.#player;
    this.#root.dataset.mode = mode;
    this.#root.classList.toggle("is-zoomed", view.zoom > 1);
    const tags = { beside: "Left", flip: SIDE_WORDS[flipped], wipe: "Left | Right" };
    this.#part("[data-tag=left] b").textContent = tags[mode];
    const handle = this.#part("[data-edge]");
    handle.hidden = mode !== "wipe";
    handle.style.left = `${edge * 100}%`;
    handle.setAttribute("aria-valuenow", String(Math.round(edge * 100)));
    const said = [
      mode === "flip" ? "F: the other clip" : "",
      mode === "wipe" ? "drag or ← → to wipe" : "",
      view.zoom > 1 ? `${view.zoom.toFixed(view.zoom % 1 ? 1 : 0)}×` : "",
    ].filter(Boolean);
    const modes = this.#part("[data-modes]");
    modes.hidden = said.length === 0;
    modes.textContent = `${said.join(" · ")} · Esc: side by side`;
  }

  /** @param {HTMLElement} canvas @param {"left" | "right"} side */
  #hear(canvas, side) {
    canvas.addEventListener("pointermove", (event) => this.#moved(event, canvas, side));
    canvas.addEventListener("pointerleave", () => (this.#pointer = null));
    canvas.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      event.preventDefault();
      canvas.setPointerCapture(event.pointerId);
      this.#dragged = 0;
    });
    canvas.addEventListener("pointerup", () => {
      if (this.#dragged < DRAG) this.#player.toggle();
    });
    canvas.addEventListener(
      "wheel",
      (event) => {
        event.preventDefault();
        this.#moved(event, canvas, side);
        this.#zoomBy(Math.exp(-event.deltaY / 400));
      },
      { passive: false },
    );
  }

  /** @param {MouseEvent} event @param {HTMLElement} canvas @param {"left" | "right"} side */
  #moved(event, canvas, side) {
    const box = canvas.getBoundingClientRect();
    const scale = /** @type {HTMLCanvasElement} */ (canvas).width / box.width;
    const captured = event instanceof PointerEvent && event.type === "pointermove" && canvas.hasPointerCapture(event.pointerId);
    if (captured) this.#drag(event, box);
    this.#pointer = { x: (event.clientX - box.left) * scale, y: (event.clientY - box.top) * scale, side };
  }

  /** @param {PointerEvent} event @param {DOMRect} box */
  #drag(event, box) {
    this.#dragged += Math.abs(event.movementX) + Math.abs(event.movementY);
    if (this.#player.mode === "wipe") this.#player.wipeTo((event.clientX - box.left) / box.width);
    else if (this.#player.view.zoom > 1) {
      this.#player.look(pan(this.#player.view, -event.movementX / box.width, -event.movementY / box.height));
    }
  }

  /** About the pointer, or about the middle. @param {number} factor */
  #zoomBy(factor) {
    const side = this.#player.mode === "beside" ? (this.#pointer?.side ?? "left") : "left";
    const canvas = /** @type {HTMLCanvasElement} */ (this.#part(`[data-canvas=${side}]`));
    const facts = this.#player.facts(side);
    if (!facts) return;
    const at = this.#pointer ?? { x: canvas.width / 2, y: canvas.height / 2 };
    this.#player.look(zoomAbout(this.#player.view, factor, facts, canvas, at));
  }

  /** @param {KeyboardEvent} event */
  #edgeKey(event) {
    const step = { ArrowLeft: -0.02, ArrowRight: 0.02, ArrowDown: -0.02, ArrowUp: 0.02 }[event.key];
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    this.#player.wipeTo(this.#player.edge + step);
  }
}
