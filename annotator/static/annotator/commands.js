/**
 * What keys and buttons do: one list of actions, which a key of the map (keys.js) or a button with `data-action` names.
 *
 * @typedef {Record<string, (arg: string) => void>} Actions
 */
import { moveChoices } from "./choice.js";
import { fillKeyMap, prepareDialog } from "./dialogs.js";
import { dialog, part } from "./dom.js";
import { isForFocused, labelKeys, lineFor } from "./keys.js";

/** Actions that a key held down repeats. */
const REPEATED = new Set(["step", "skip", "move", "moment"]);

/** Actions that want no pair on the screen. */
const ALWAYS = new Set(["undo", "instructions", "keys"]);

export class Commands {
  #actions;
  #isReady;
  #choose;

  /**
   * @param {HTMLElement} root of the workbench
   * @param {object} options
   * @param {Actions} options.actions
   * @param {() => boolean} options.isReady whether there is a pair on the screen
   * @param {(index: number) => void} options.choose a button in this person's row was pressed
   */
  constructor(root, { actions, isReady, choose }) {
    this.#actions = actions;
    this.#isReady = isReady;
    this.#choose = choose;
    document.addEventListener("keydown", (event) => this.#key(event));
    root.addEventListener("click", (event) => this.#click(event));
    // A click leaves the focus where it was: Space and Enter go on meaning play and submit.
    root.addEventListener("mousedown", (event) => {
      if (event.target instanceof Element && event.target.closest("button")) event.preventDefault();
    });
    moveChoices(root);
    prepareDialog(dialog("wb-keys"), "?");
    prepareDialog(dialog("wb-instructions"), "h");
    labelKeys(root);
    fillKeyMap(part(document, "[data-keymap]"));
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (document.querySelector("dialog[open]") || isForFocused(event)) return;
    const line = lineFor(event);
    if (!line || (event.repeat && !REPEATED.has(line.action))) return;
    event.preventDefault();
    this.#do(line.action, line.arg);
  }

  /** @param {MouseEvent} event */
  #click(event) {
    const button = event.target instanceof Element ? event.target.closest("[data-action]") : null;
    if (!(button instanceof HTMLElement)) return;
    const row = button.closest("[data-person]");
    if (row instanceof HTMLElement) this.#choose(Number(row.dataset.person));
    this.#do(button.dataset.action ?? "", button.dataset.arg);
  }

  /** @param {string} action @param {string} [arg] */
  #do(action, arg = "") {
    if (this.#isReady() || ALWAYS.has(action)) this.#actions[action]?.(arg);
  }
}

/**
 * @param {object} parts
 * @param {import("./player.js").Player} parts.player
 * @param {import("./stage.js").Stage} parts.stage
 * @param {import("./answering.js").Answering} parts.answering
 * @param {import("./face-panel.js").FacePanel} parts.facePanel
 * @returns {Actions} what the parts of the page do by themselves
 */
export function actionsOf({ player, stage, answering, facePanel }) {
  return {
    toggle: () => player.toggle(),
    step: (frames) => player.step(Number(frames)),
    skip: (seconds) => player.skip(Number(seconds)),
    speed: (direction) => player.changeSpeed(direction === "1" ? 1 : -1),
    "loop-in": () => player.loopIn(),
    "loop-out": () => player.loopOut(),
    "loop-clear": () => player.loopClear(),
    zoom: () => stage.zoom(),
    flip: () => stage.flip(),
    wipe: () => stage.wipe(),
    plain: () => stage.plain(),
    move: (by) => stage.move(.../** @type {[number, number]} */ (by.split(" ").map(Number))),
    judge: (verdict) => answering.judge(verdict),
    choose: (index) => answering.choose(Number(index)),
    "judge-person": (verdict) => answering.judgePerson(/** @type {import("./answer.js").PersonVerdict} */ (verdict)),
    mark: () => answering.mark(),
    "mark-kind": () => answering.cycleMark(),
    "mark-side": () => answering.turnSide(),
    "no-drift": () => answering.toggleWithoutDrift(),
    unmark: () => answering.unmarkLast(),
    remark: () => answering.openRemark(),
    moment: (by) => facePanel.step(Number(by)),
    curves: () => facePanel.toggleCurves(),
    report: () => facePanel.report(),
    instructions: () => dialog("wb-instructions").showModal(),
    keys: () => dialog("wb-keys").showModal(),
  };
}
