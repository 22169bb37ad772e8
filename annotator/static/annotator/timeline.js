/** The line of time: playhead, loop and marks; drag or click to seek. */
import { momentOf } from "./clock.js";

export class Timeline {
  #root;
  #playhead;
  #loop;
  #flags;
  /** @type {import("./player.js").Player} */
  #player;

  /** @param {HTMLElement} root @param {import("./player.js").Player} player */
  constructor(root, player) {
    this.#root = root;
    this.#player = player;
    this.#playhead = /** @type {HTMLElement} */ (root.querySelector("[data-playhead]"));
    this.#loop = /** @type {HTMLElement} */ (root.querySelector("[data-loop]"));
    this.#flags = /** @type {HTMLElement} */ (root.querySelector("[data-flags]"));
    root.addEventListener("pointerdown", (event) => this.#grab(event));
    root.addEventListener("pointermove", (event) => root.hasPointerCapture(event.pointerId) && this.#seek(event));
    root.addEventListener("keydown", (event) => this.#key(event));
    player.addEventListener("paint", () => this.#move());
    player.addEventListener("state", () => this.#mend());
  }

  /** @param {import("./answer.js").Mark[]} marks @param {(id: number) => string} nameOf */
  mark(marks, nameOf) {
    const { clock } = this.#player;
    this.#flags.replaceChildren(
      ...marks.map((mark) => {
        const facts = this.#player.facts(mark.side);
        const flag = document.createElement("span");
        flag.className = `wb-flag wb-flag--${mark.side}`;
        flag.textContent = "⚑";
        flag.title = `${nameOf(mark.person)}: ${mark.kind}, ${mark.side}, frame ${mark.frame}`;
        if (facts && clock) flag.style.left = share(momentOf(mark.frame, facts.rate) / clock.duration);
        return flag;
      }),
    );
  }

  #move() {
    const { clock, painted } = this.#player;
    if (!clock || !painted) return;
    this.#playhead.style.left = share(painted.position / clock.duration);
    this.#root.setAttribute("aria-valuenow", painted.position.toFixed(2));
    this.#root.setAttribute("aria-valuetext", `frame ${painted.left} left, ${painted.right} right`);
  }

  #mend() {
    const { clock } = this.#player;
    if (!clock) return;
    this.#root.setAttribute("aria-valuemax", clock.duration.toFixed(2));
    this.#loop.hidden = !clock.loop;
    if (!clock.loop) return;
    this.#loop.style.left = share(clock.loop.start / clock.duration);
    this.#loop.style.width = share((clock.loop.end - clock.loop.start) / clock.duration);
  }

  /** @param {PointerEvent} event */
  #grab(event) {
    if (event.button !== 0) return;
    event.preventDefault();
    this.#root.setPointerCapture(event.pointerId);
    this.#seek(event);
  }

  /** @param {PointerEvent} event */
  #seek(event) {
    const box = this.#root.getBoundingClientRect();
    this.#player.seek(((event.clientX - box.left) / box.width) * (this.#player.clock?.duration ?? 0));
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const frames = { ArrowLeft: -1, ArrowRight: 1, ArrowDown: -10, ArrowUp: 10, PageDown: -24, PageUp: 24 }[event.key];
    if (frames) this.#player.step(frames);
    else if (event.key === "Home") this.#player.seek(0);
    else if (event.key === "End") this.#player.seek(Infinity);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}

/** @param {number} part @returns {string} CSS percentage */
function share(part) {
  return `${(Math.min(Math.max(part, 0), 1) * 100).toFixed(3)}%`;
}
