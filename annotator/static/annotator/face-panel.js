/**
 * Faces over time beside the answer: strips as soon as they are there, curves when they may be seen, and the tools over
 * the rows, which speak of the chosen person.
 *
 * @typedef {import("./pairs.js").Pair} Pair
 */
import { ApiError, call } from "./api.js";
import { part, press } from "./dom.js";
import { Faces } from "./faces.js";
import { Reports } from "./reports.js";

export class FacePanel {
  #root;
  #urls;
  #player;
  #status;
  #answering;
  #faces;
  #reports;
  #key;
  /** The pair on the screen. @type {Pair | null} */
  #pair = null;
  /** Whose crops this annotator called wrong; null among them: everybody's. @type {Set<number | null>} */
  #reported = new Set();

  /**
   * @param {HTMLElement} root of the workbench
   * @param {object} options
   * @param {{curves: string, reports: string}} options.urls with TOKEN in place of a slot's
   * @param {string} options.owner whose wish it is to see curves
   * @param {import("./player.js").Player} options.player
   * @param {import("./status.js").Status} options.status
   * @param {import("./answering.js").Answering} options.answering
   */
  constructor(root, { urls, owner, player, status, answering }) {
    this.#root = root;
    this.#urls = urls;
    this.#player = player;
    this.#status = status;
    this.#answering = answering;
    this.#key = `likeness.curves.${owner}`;
    this.#faces = new Faces(root, player, (person, side, moment) => this.#look(person, side, moment));
    this.#reports = new Reports(part(root, "[data-report]"), {
      say: (text) => status.say(text),
      changed: (person, wrong) => this.#noteReport(person, wrong),
    });
  }

  /** Show a pair's strips, as soon as they are there. @param {Pair} pair */
  async show(pair) {
    this.#pair = pair;
    const body = await pair.faces;
    if (pair !== this.#pair) return;
    this.#faces.show(body, this.#answering.people.rows, pair.payload.people);
    this.#reported = new Set(body?.people.filter((person) => person.reported).map((person) => person.id));
    if (body?.reported) this.#reported.add(null);
    this.#answering.show();
    if (this.#mayShowCurves) void this.loadCurves();
  }

  /** The pair leaves the screen. */
  leave() {
    this.#pair = null;
    this.#reported = new Set();
    this.#reports.close();
  }

  /** What is said has changed, or of whom. */
  update() {
    this.#showTools();
    this.#faces.mark(this.#answering.answer);
  }

  /** Moments of the strips before or after the one on the screen. @param {number} step -1 or 1 */
  step(step) {
    this.#faces.step(step);
  }

  /** Whether this annotator wants to stay with an answered pair, for its curves. */
  get isAwaited() {
    return this.#wantsCurves && this.#faces.body?.curves === "after";
  }

  /** A crop was pointed at. @param {number} person index @param {"left" | "right"} side @param {number} moment seconds */
  #look(person, side, moment) {
    this.#player.pause();
    this.#player.seek(moment);
    this.#answering.choose(person, side);
  }

  #showTools() {
    const { answer, person, questions, side, people } = this.#answering;
    const tools = part(this.#root, "[data-face-tools]");
    tools.hidden = !this.#faces.body || !person;
    if (tools.hidden || !person) return;
    part(tools, "[data-chosen]").textContent = person.name;
    part(tools, "[data-asks=marks]").hidden = !questions.marks;
    part(tools, "[data-mark-side]").textContent = side;
    press(tools, "no-drift", answer.isWithoutDrift(person.id));
    press(tools, "report", this.#reported.has(person.id) || this.#reported.has(null));
    press(tools, "curves", this.#wantsCurves);
    part(tools, "[data-action=curves]").hidden = this.#faces.body?.curves === "never";
    people.report(this.#reported);
  }

  // Curves ---------------------------------------------------------------------------------------------------------

  /** What this browser was told, else what the study does by itself. */
  get #wantsCurves() {
    const kept = localStorage.getItem(this.#key);
    return kept === null ? this.#faces.body?.curves === "always" : kept === "on";
  }

  get #mayShowCurves() {
    const { body } = this.#faces;
    const isAnswered = this.#answering.isGiven || Boolean(this.#pair?.payload.previous);
    return this.#wantsCurves && (body?.curves === "always" || (body?.curves === "after" && isAnswered));
  }

  toggleCurves() {
    const { body } = this.#faces;
    if (!body) return this.#status.say("No faces were looked for in this pair.");
    if (body.curves === "never") return this.#status.say("This study shows no curves.");
    const wanted = !this.#wantsCurves;
    localStorage.setItem(this.#key, wanted ? "on" : "off");
    this.#showTools();
    if (this.#mayShowCurves) return void this.loadCurves();
    this.#faces.curves(null);
    this.#status.say(wanted ? "Enter shows the curves from now on, and Enter again goes on." : "No curves.");
  }

  async loadCurves() {
    const pair = this.#pair;
    if (!pair) return;
    try {
      const curves = await call(this.#urls.curves.replace("TOKEN", pair.payload.slot.token), {});
      if (pair === this.#pair && this.#mayShowCurves) this.#faces.curves(curves);
    } catch (error) {
      if (pair === this.#pair) this.#status.say(error instanceof ApiError ? error.message : "The curves could not be fetched.");
    }
  }

  // Wrong tracks ---------------------------------------------------------------------------------------------------

  report() {
    const { person } = this.#answering;
    if (!this.#faces.body || !person || !this.#pair) return;
    const url = this.#urls.reports.replace("TOKEN", this.#pair.payload.slot.token);
    if (this.#reported.has(person.id)) void this.#reports.withdraw(url, person);
    else if (this.#reported.has(null)) void this.#reports.withdraw(url, null);
    else this.#reports.open(url, person);
  }

  /** @param {number | null} person @param {boolean} wrong */
  #noteReport(person, wrong) {
    if (wrong) this.#reported.add(person);
    else this.#reported.delete(person);
    this.#showTools();
  }
}
