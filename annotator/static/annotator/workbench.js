/**
 * The annotator's place: one pair after another, by keys or by mouse.
 *
 * A pair is loaded, judged and submitted; submitting puts the answer into the outbox and shows the next pair at once.
 * Taking an answer back parks the pair on the screen, shows the one before with what was said, and returns.
 */
import { Answer } from "./answer.js";
import { ApiError, call } from "./api.js";
import { moveChoices, showChoice } from "./choice.js";
import { fillKeyMap, prepareDialog } from "./dialogs.js";
import { Drafts } from "./drafts.js";
import { Faces } from "./faces.js";
import { Heartbeat } from "./heartbeat.js";
import { isForFocused, labelKeys, lineFor } from "./keys.js";
import { Outbox } from "./outbox.js";
import { Pairs } from "./pairs.js";
import { People } from "./people.js";
import { Player } from "./player.js";
import { Reports } from "./reports.js";
import { Stage } from "./stage.js";
import { Status } from "./status.js";
import { Stopwatch } from "./stopwatch.js";
import { oneTab } from "./tabs.js";
import { Timeline } from "./timeline.js";

/** @typedef {import("./pairs.js").Pair} Pair */

/** Actions that a key held down repeats. */
const REPEATED = new Set(["step", "skip", "move", "moment"]);

/** Between two tries to get a pair, milliseconds. */
const RETRY = 3_000;

const NO_QUESTIONS = Object.freeze({ overall: false, people: false, marks: false, remark: false });

class Workbench {
  #root;
  #player;
  #stage;
  #people;
  #timeline;
  #status;
  #outbox;
  #pairs;
  #drafts;
  #heartbeat;
  #faces;
  #reports;
  #urls;
  #stopwatch = new Stopwatch();
  #answer = new Answer();
  /** The pair on the screen. @type {Pair | null} */
  #pair = null;
  /** What was on the screen when an answer was taken back. @type {{pair: Pair | null, answer: Answer, worked: number} | null} */
  #parked = null;
  /** Index of the person that keys speak of. */
  #chosen = 0;
  /** @type {"left" | "right"} The side on which marks are set. */
  #side = "left";
  /** Whether the pair on the screen is answered, and stays for its curves until the next Enter. */
  #answered = false;
  /** Key of the answer after which the curves come. */
  #awaited = "";
  /** Whose crops this annotator called wrong; null among them: everybody's. @type {Set<number | null>} */
  #reported = new Set();
  /** Counts what is asked of the server for the screen: the newest wins. */
  #turn = 0;

  /** @param {HTMLElement} root */
  constructor(root) {
    this.#root = root;
    const { owner = "", study = "", claim = "", last = "", heartbeat = "", submit = "", login = "" } = root.dataset;
    const { facesUrl = "", curvesUrl = "", reportsUrl = "" } = root.dataset;
    this.#urls = { curves: curvesUrl, reports: reportsUrl };
    this.#player = new Player({ left: canvas(root, "left"), right: canvas(root, "right") });
    this.#stage = new Stage(part(root, "[data-stage]"), this.#player);
    this.#timeline = new Timeline(part(root, "[data-timeline]"), this.#player);
    const template = /** @type {HTMLTemplateElement} */ (part(root, "[data-person-template]"));
    this.#people = new People(part(root, "[data-persons]"), template, (what, mark) => this.#hearMark(what, mark));
    this.#drafts = new Drafts(owner, study);
    this.#outbox = new Outbox({ owner, post: (body) => call(submit, body) });
    this.#pairs = new Pairs({ claim, last, faces: facesUrl }, () => this.#held());
    this.#faces = new Faces(root, this.#player, (person, side, moment) => this.#look(person, side, moment));
    this.#reports = new Reports(part(root, "[data-report]"), {
      say: (text) => this.#status.say(text),
      changed: (person, wrong) => this.#noteReport(person, wrong),
    });
    this.#status = new Status(root, { login, outbox: this.#outbox });
    this.#heartbeat = new Heartbeat({
      url: heartbeat,
      tokens: () => [this.#leased()?.payload.slot.token, this.#pairs.preparedToken].filter((token) => token != null),
      idle: () => this.#stopwatch.idle,
      lost: (token) => this.#lost(token),
    });
    this.#listen();
  }

  async start() {
    labelKeys(this.#root);
    fillKeyMap(part(document, "[data-keymap]"));
    void this.#outbox.flush();
    this.#welcome();
    await this.#advance(() => this.#pairs.resume(this.#drafts.token));
  }

  /** Another tab has this study now. */
  stop() {
    this.#player.pause();
    this.#pair = null;
  }

  /** The pair on the screen, for whoever measures or tests. */
  get pair() {
    return this.#pair;
  }

  /** Whether the next pair waits in memory. */
  get ready() {
    return this.#pairs.isReady;
  }

  get player() {
    return this.#player;
  }

  // What keys and buttons do ---------------------------------------------------------------------------------------

  /** @type {Record<string, (arg: string) => void>} */
  #actions = {
    toggle: () => this.#player.toggle(),
    step: (frames) => this.#player.step(Number(frames)),
    skip: (seconds) => this.#player.skip(Number(seconds)),
    speed: (direction) => this.#player.changeSpeed(direction === "1" ? 1 : -1),
    "loop-in": () => this.#player.loopIn(),
    "loop-out": () => this.#player.loopOut(),
    "loop-clear": () => this.#player.loopClear(),
    zoom: () => this.#stage.zoom(),
    flip: () => this.#stage.flip(),
    wipe: () => this.#stage.wipe(),
    plain: () => this.#stage.plain(),
    move: (by) => this.#stage.move(.../** @type {[number, number]} */ (by.split(" ").map(Number))),
    judge: (verdict) => this.#judge(verdict),
    choose: (index) => this.#choose(Number(index)),
    "judge-person": (verdict) => this.#judgePerson(/** @type {import("./answer.js").PersonVerdict} */ (verdict)),
    mark: () => this.#mark(),
    "mark-kind": () => this.#cycleMark(),
    "mark-side": () => this.#turnSide(this.#side === "left" ? "right" : "left"),
    "no-drift": () => this.#toggleWithoutDrift(),
    unmark: () => this.#unmarkLast(),
    remark: () => this.#openRemark(),
    moment: (by) => this.#faces.step(Number(by)),
    curves: () => this.#toggleCurves(),
    report: () => this.#report(),
    submit: () => this.#submit(),
    undo: () => void this.#undo(),
    instructions: () => dialog("wb-instructions").showModal(),
    keys: () => dialog("wb-keys").showModal(),
  };

  #listen() {
    document.addEventListener("keydown", (event) => this.#key(event));
    this.#root.addEventListener("click", (event) => this.#click(event));
    // A click leaves the focus where it was: Space and Enter go on meaning play and submit.
    this.#root.addEventListener("mousedown", (event) => {
      if (event.target instanceof Element && event.target.closest("button")) event.preventDefault();
    });
    moveChoices(this.#root);
    prepareDialog(dialog("wb-keys"), "?");
    prepareDialog(dialog("wb-instructions"), "h");
    const remark = /** @type {HTMLTextAreaElement} */ (part(this.#root, "[data-remark-text]"));
    remark.addEventListener("input", () => this.#say(this.#answer.note(remark.value)));
    remark.addEventListener("keydown", (event) => this.#remarkKey(event));
    this.#player.addEventListener("state", () => this.#status.playing(this.#player));
    this.#player.addEventListener("wait", (event) => this.#stage.veil(/** @type {CustomEvent} */ (event).detail ? "Decoding…" : ""));
    this.#player.addEventListener("error", (event) => this.#clipTrouble(/** @type {CustomEvent} */ (event).detail));
    this.#outbox.addEventListener("sent", (event) => this.#sent(/** @type {CustomEvent} */ (event).detail));
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
    const always = ["undo", "instructions", "keys"].includes(action);
    if (this.#pair || always) this.#actions[action]?.(arg);
  }

  // What the annotator says ----------------------------------------------------------------------------------------

  /** @param {Answer} answer */
  #say(answer) {
    if (this.#answered) return this.#status.say("This pair is answered. U takes the answer back, Enter goes on.");
    this.#answer = answer;
    if (this.#pair && !this.#pair.payload.previous) {
      this.#drafts.keep(this.#pair.payload.slot.token, answer, this.#stopwatch.worked);
    }
    this.#status.missing("");
    this.#showAnswer();
  }

  /** @param {string} verdict */
  #judge(verdict) {
    if (this.#questions.overall) this.#say(this.#answer.judge(verdict));
  }

  /** @param {number} index */
  #choose(index) {
    if (index >= this.#persons.length) return;
    this.#chosen = index;
    this.#showAnswer();
  }

  /** @param {import("./answer.js").PersonVerdict} verdict */
  #judgePerson(verdict) {
    const person = this.#person;
    if (!person || !this.#questions.people) return;
    // What drifts is on the side that is worse.
    if (verdict !== "same") this.#side = verdict === "left" ? "right" : "left";
    this.#say(this.#answer.judgePerson(person.id, verdict));
  }

  #mark() {
    const person = this.#person;
    const { painted } = this.#player;
    if (!person || !painted || !this.#questions.marks) return;
    this.#say(this.#answer.mark({ person: person.id, side: this.#side, kind: "drift", frame: painted[this.#side] }));
    this.#status.say(`${person.name}: drift on the ${this.#side}, frame ${painted[this.#side]}`);
  }

  #cycleMark() {
    const mark = this.#lastMark;
    if (!mark) return this.#status.say("No mark of this person yet: M sets one.");
    this.#say(this.#answer.cycle(mark));
    this.#status.say(`${this.#nameOf(mark.person)}: ${this.#lastMark?.kind}`);
  }

  #unmarkLast() {
    if (this.#lastMark) this.#say(this.#answer.unmark(this.#lastMark));
  }

  #toggleWithoutDrift() {
    const person = this.#person;
    if (person && this.#questions.marks) this.#say(this.#answer.toggleWithoutDrift(person.id));
  }

  /** @param {"left" | "right"} side */
  #turnSide(side) {
    this.#side = side;
    this.#status.say(`Marks go to the ${side} clip`);
    this.#showAnswer();
  }

  /** @param {"goto" | "cycle" | "remove"} what @param {import("./answer.js").Mark} mark */
  #hearMark(what, mark) {
    if (what === "remove") return this.#say(this.#answer.unmark(mark));
    if (what === "cycle") return this.#say(this.#answer.cycle(mark));
    const rate = this.#player.facts(mark.side)?.rate;
    this.#player.pause();
    if (rate) this.#player.seek((mark.frame * rate.den) / rate.num);
  }

  #openRemark() {
    if (!this.#questions.remark) return;
    const box = part(this.#root, "[data-remark]");
    const text = part(this.#root, "[data-remark-text]");
    box.hidden = !box.hidden;
    // What is hidden keeps the focus until the next frame, and the next key would go to it.
    if (box.hidden) text.blur();
    else text.focus();
    this.#showAnswer();
  }

  /** @param {KeyboardEvent} event */
  #remarkKey(event) {
    const done = event.key === "Escape" || (event.key === "Enter" && (event.ctrlKey || event.metaKey));
    if (!done) return;
    event.preventDefault();
    event.stopPropagation();
    this.#openRemark();
    if (event.key === "Enter") this.#submit();
  }

  #showAnswer() {
    const { questions } = this.#pair?.payload ?? { questions: NO_QUESTIONS };
    this.#showTools();
    this.#faces.mark(this.#answer);
    showChoice(part(this.#root, "[data-overall]"), this.#answer.overall);
    this.#people.update(this.#answer, this.#chosen, this.#side);
    this.#timeline.mark(this.#answer.marks, (id) => this.#nameOf(id));
    const remark = part(this.#root, "[data-remark]");
    const button = part(this.#root, "[data-remark-button]");
    button.hidden = !questions.remark;
    button.setAttribute("aria-expanded", String(!remark.hidden));
    button.classList.toggle("has-text", this.#answer.remark.trim() !== "");
  }

  // Faces over time ------------------------------------------------------------------------------------------------

  /** A crop was pointed at. @param {number} person index @param {"left" | "right"} side @param {number} moment seconds */
  #look(person, side, moment) {
    this.#chosen = person;
    this.#side = side;
    this.#player.pause();
    this.#player.seek(moment);
    this.#showAnswer();
  }

  /** Show the strips, as soon as they are there. @param {Pair} pair */
  async #showFaces(pair) {
    const body = await pair.faces;
    if (pair !== this.#pair) return;
    this.#faces.show(body, this.#people.rows, pair.payload.people);
    this.#reported = new Set(body?.people.filter((person) => person.reported).map((person) => person.id));
    if (body?.reported) this.#reported.add(null);
    this.#showAnswer();
    if (this.#mayShowCurves) void this.#loadCurves();
  }

  /** The tools over the rows, which speak of the chosen person. */
  #showTools() {
    const person = this.#person;
    const tools = part(this.#root, "[data-face-tools]");
    tools.hidden = !this.#faces.body || !person;
    if (tools.hidden || !person) return;
    part(tools, "[data-chosen]").textContent = person.name;
    part(tools, "[data-asks=marks]").hidden = !this.#questions.marks;
    part(tools, "[data-mark-side]").textContent = this.#side;
    press(tools, "no-drift", this.#answer.isWithoutDrift(person.id));
    press(tools, "report", this.#reported.has(person.id) || this.#reported.has(null));
    press(tools, "curves", this.#wantsCurves);
    part(tools, "[data-action=curves]").hidden = this.#faces.body?.curves === "never";
    this.#people.report(this.#reported);
  }

  /** What this browser was told, else what the study does by itself. */
  get #wantsCurves() {
    const kept = localStorage.getItem(this.#curvesKey);
    return kept === null ? this.#faces.body?.curves === "always" : kept === "on";
  }

  get #curvesKey() {
    return `likeness.curves.${this.#root.dataset.owner}`;
  }

  get #mayShowCurves() {
    const { body } = this.#faces;
    const isAnswered = this.#answered || Boolean(this.#pair?.payload.previous);
    return this.#wantsCurves && (body?.curves === "always" || (body?.curves === "after" && isAnswered));
  }

  #toggleCurves() {
    const { body } = this.#faces;
    if (!body) return this.#status.say("No faces were looked for in this pair.");
    if (body.curves === "never") return this.#status.say("This study shows no curves.");
    const wanted = !this.#wantsCurves;
    localStorage.setItem(this.#curvesKey, wanted ? "on" : "off");
    this.#showTools();
    if (this.#mayShowCurves) return void this.#loadCurves();
    this.#faces.curves(null);
    this.#status.say(wanted ? "Enter shows the curves from now on, and Enter again goes on." : "No curves.");
  }

  async #loadCurves() {
    const pair = this.#pair;
    if (!pair) return;
    try {
      const curves = await call(this.#urls.curves.replace("TOKEN", pair.payload.slot.token), {});
      if (pair === this.#pair && this.#mayShowCurves) this.#faces.curves(curves);
    } catch (error) {
      if (pair === this.#pair) this.#status.say(error instanceof ApiError ? error.message : "The curves could not be fetched.");
    }
  }

  #report() {
    const person = this.#person;
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

  // From pair to pair ----------------------------------------------------------------------------------------------

  #submit() {
    if (!this.#pair) return;
    if (this.#answered) return void this.#advance(() => this.#pairs.take());
    const { payload } = this.#pair;
    const missing = this.#answer.missing(payload.questions, payload.people);
    if (missing !== null) return this.#point(missing);
    const key = this.#outbox.put({
      token: payload.slot.token,
      supersedes: payload.previous?.judgment ?? null,
      answer: this.#answer.toJSON(),
      active_ms: this.#stopwatch.worked,
    });
    if (payload.previous) return void this.#unpark();
    this.#drafts.clear();
    if (this.#wantsCurves && this.#faces.body?.curves === "after") return this.#stay(key);
    void this.#advance(() => this.#pairs.take());
  }

  /** Keep the answered pair for its curves, until the next Enter. @param {string} key of the answer */
  #stay(key) {
    this.#answered = true;
    this.#awaited = key;
    this.#status.answered();
  }

  /** @param {"overall" | number} missing */
  #point(missing) {
    if (missing === "overall") {
      this.#status.missing("Which clip keeps the faces better?");
      part(this.#root, "[data-overall] [role=radio]").focus({ focusVisible: true });
      return;
    }
    this.#chosen = this.#persons.findIndex((person) => person.id === missing);
    this.#showAnswer();
    this.#status.missing(`${this.#nameOf(missing)} is not judged yet.`);
    this.#people.point(missing);
  }

  /** Show the pair that `get` promises, as soon as the server gives one. @param {() => Promise<Pair | null>} get */
  async #advance(get) {
    const turn = (this.#turn += 1);
    this.#pair = null;
    this.#answered = false;
    this.#reports.close();
    this.#player.unload();
    this.#status.ended(null);
    // The old pictures stay for the moment that a prepared pair takes, and no longer.
    const slow = setTimeout(() => {
      if (turn !== this.#turn) return;
      this.#player.blank();
      this.#stage.veil("Getting the next pair…");
    }, 200);
    try {
      const pair = await get();
      if (turn !== this.#turn) return pair?.close();
      if (pair) await this.#show(pair);
      else this.#finished();
    } catch (error) {
      if (turn === this.#turn) this.#noPair(error, get);
    } finally {
      clearTimeout(slow);
    }
  }

  /** @param {Pair} pair @param {{answer: Answer, worked: number} | null} [before] what had been said of it already */
  async #show(pair, before = null) {
    const { payload } = pair;
    const draft = payload.previous ? { answer: payload.previous.answer, worked: 0 } : this.#drafts.of(payload.slot.token);
    this.#pair = pair;
    this.#answered = false;
    this.#reported = new Set();
    this.#reports.close();
    this.#player.unload();
    this.#answer = before?.answer ?? new Answer(draft?.answer);
    this.#chosen = 0;
    this.#side = "left";
    this.#stopwatch.reset(before?.worked ?? draft?.worked);
    this.#people.show(payload.people, payload.questions);
    this.#status.show(payload);
    this.#say(this.#answer);
    this.#heartbeat.start(payload.slot.lease_seconds);
    void this.#showFaces(pair);
    await this.#play(pair);
    this.#prepare();
  }

  /** @param {Pair} pair */
  async #play(pair) {
    try {
      const sources = await pair.sources;
      if (pair !== this.#pair) return;
      this.#stage.veil("");
      this.#player.load(sources);
      this.#player.show("beside", "left");
      this.#stage.fit();
      this.#showAnswer();
    } catch (error) {
      if (pair === this.#pair) this.#clipTrouble(error);
    }
  }

  /** Get the next pair ready, once the server has every answer: it leases two slots, no more. */
  #prepare() {
    if (this.#pair && !this.#pair.payload.previous && this.#outbox.state.waiting === 0) this.#pairs.prepare();
  }

  /** @param {{letter: import("./outbox.js").Letter, reply: {progress: any, surplus: boolean, notice: string}}} detail */
  #sent({ letter, reply }) {
    if (this.#answered && letter.key === this.#awaited) void this.#loadCurves();
    if (reply.notice) this.#status.say(reply.notice);
    if (reply.surplus) this.#status.say("Kept, and not counted: somebody else had answered this pair meanwhile.");
    this.#status.progress(reply.progress);
    this.#prepare();
  }

  async #undo() {
    if (this.#pair?.payload.previous) return this.#unpark();
    await this.#outbox.flush();
    if (this.#outbox.state.waiting > 0) {
      return this.#status.say("Your last answer is still on its way. It can be taken back once it is saved.");
    }
    // An answered pair is not one to come back to.
    const parked = { pair: this.#answered ? null : this.#pair, answer: this.#answer, worked: this.#stopwatch.worked };
    try {
      const pair = await this.#pairs.last();
      if (!pair) return this.#status.say("There is no answer to take back yet.");
      this.#turn += 1;
      this.#parked = parked;
      this.#status.ended(null);
      await this.#show(pair);
    } catch (error) {
      this.#status.say(error instanceof ApiError ? error.message : "The last answer could not be fetched.");
    }
  }

  /** Back to the pair from which an answer was taken back. */
  async #unpark() {
    const parked = this.#parked;
    this.#parked = null;
    if (!parked?.pair) return this.#advance(() => this.#pairs.take());
    this.#turn += 1;
    await this.#show(this.#pairs.open(parked.pair.payload), parked);
  }

  // What can go wrong ----------------------------------------------------------------------------------------------

  /** @param {unknown} error @param {() => Promise<Pair | null>} get */
  #noPair(error, get) {
    if (!(error instanceof ApiError)) throw error;
    this.#stage.veil("");
    const again = () => this.#advance(get);
    if (error.kind === "login") return this.#status.loggedOut(again);
    if (error.kind === "refused" && error.code !== "too_many_leases") return this.#status.ended(error.message, again);
    this.#stage.veil(error.kind === "away" ? `${error.message} The next pair comes as soon as possible.` : "Saving your last answer first…");
    const turn = this.#turn;
    setTimeout(() => turn === this.#turn && again(), RETRY);
  }

  #finished() {
    this.#player.blank();
    this.#stage.veil("");
    this.#drafts.clear();
    this.#status.finished(() => this.#advance(() => this.#pairs.take()));
  }

  /** @param {unknown} error */
  #clipTrouble(error) {
    const message = error instanceof Error ? error.message : "The clips cannot be shown.";
    const pair = this.#pair;
    const again = () => {
      if (!pair || pair !== this.#pair) return;
      this.#pair = this.#pairs.open(pair.payload);
      void this.#play(this.#pair);
    };
    this.#stage.veil(`${message} Try again, or answer “cannot judge”.`, ["Try again", again]);
  }

  /** @param {string} token */
  #lost(token) {
    if (token === this.#pairs.preparedToken) return this.#pairs.drop();
    this.#status.say("The time for this pair was over and somebody else has it now. Your answer is kept all the same.");
  }

  #welcome() {
    const instructions = dialog("wb-instructions");
    const seen = `likeness.instructions.${this.#root.dataset.owner}.${this.#root.dataset.study}`;
    if (instructions.dataset.hasText !== "yes" || localStorage.getItem(seen)) return;
    instructions.showModal();
    instructions.addEventListener("close", () => localStorage.setItem(seen, "yes"), { once: true });
  }

  // What is known of the pair --------------------------------------------------------------------------------------

  /** The pair whose lease is held: the one on the screen, or the one it was parked for. */
  #leased() {
    if (this.#answered) return null;
    return this.#pair?.payload.previous ? (this.#parked?.pair ?? null) : this.#pair;
  }

  #held() {
    const leased = this.#leased();
    return [...this.#outbox.tokens(), ...(leased ? [leased.payload.slot.token] : [])];
  }

  get #questions() {
    return this.#pair?.payload.questions ?? NO_QUESTIONS;
  }

  get #persons() {
    return this.#pair?.payload.people ?? [];
  }

  get #person() {
    return this.#persons[this.#chosen];
  }

  get #lastMark() {
    return this.#person && this.#answer.marksOf(this.#person.id).at(-1);
  }

  /** @param {number} id */
  #nameOf(id) {
    return this.#persons.find((person) => person.id === id)?.name ?? "Somebody";
  }
}

/** @param {ParentNode} root @param {string} selector @returns {HTMLElement} */
function part(root, selector) {
  return /** @type {HTMLElement} */ (root.querySelector(selector));
}

/** @param {ParentNode} root @param {"left" | "right"} side */
function canvas(root, side) {
  return /** @type {HTMLCanvasElement} */ (part(root, `[data-canvas=${side}]`));
}

/** @param {ParentNode} root @param {string} action @param {boolean} pressed */
function press(root, action, pressed) {
  part(root, `[data-action=${action}]`).setAttribute("aria-pressed", String(pressed));
}

/** @param {string} id */
function dialog(id) {
  return /** @type {HTMLDialogElement} */ (document.getElementById(id));
}

const root = part(document, "#workbench");
const status = new Status(root, { login: "", outbox: null });
/** @type {Workbench | null} */
let workbench = null;
const tabs = oneTab(`likeness.workbench.${root.dataset.owner}.${root.dataset.study}`, {
  mine() {
    workbench = new Workbench(root);
    Object.assign(globalThis, { workbench });
    void workbench.start();
  },
  elsewhere() {
    workbench?.stop();
    status.ended("This study is open in another tab.", () => tabs.takeOver(), "Work here instead");
  },
});
