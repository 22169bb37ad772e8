/**
 * The annotator's place: one pair after another, by keys or by mouse.
 *
 * A pair is loaded, judged and submitted; submitting puts the answer into the outbox and shows the next pair at once.
 * Taking an answer back parks the pair on the screen, shows the one before with what was said, and returns. What is said
 * of a pair is in answering.js, the faces found in it in face-panel.js, what keys and buttons do in commands.js.
 */
import { Answer } from "./answer.js";
import { Answering } from "./answering.js";
import { ApiError, call } from "./api.js";
import { Commands, actionsOf } from "./commands.js";
import { canvas, dialog, part } from "./dom.js";
import { Drafts } from "./drafts.js";
import { FacePanel } from "./face-panel.js";
import { Heartbeat } from "./heartbeat.js";
import { Outbox } from "./outbox.js";
import { Pairs } from "./pairs.js";
import { Player } from "./player.js";
import { Stage } from "./stage.js";
import { Status } from "./status.js";
import { Stopwatch } from "./stopwatch.js";
import { oneTab } from "./tabs.js";

/** @typedef {import("./pairs.js").Pair} Pair */

/** Between two tries to get a pair, milliseconds. */
const RETRY = 3_000;

class Workbench {
  #root;
  #player;
  #stage;
  #answering;
  #facePanel;
  #status;
  #outbox;
  #pairs;
  #drafts;
  #heartbeat;
  #stopwatch = new Stopwatch();
  /** The pair on the screen. @type {Pair | null} */
  #pair = null;
  /** What was on the screen when an answer was taken back. @type {{pair: Pair | null, answer: Answer, worked: number} | null} */
  #parked = null;
  /** Key of the answer after which the curves come. */
  #awaited = "";
  /** Counts what is asked of the server for the screen: the newest wins. */
  #turn = 0;

  /** @param {HTMLElement} root */
  constructor(root) {
    this.#root = root;
    const { owner = "", study = "", claim = "", last = "", heartbeat = "", submit = "", login = "" } = root.dataset;
    const { facesUrl = "", curvesUrl = "", reportsUrl = "" } = root.dataset;
    this.#player = new Player({ left: canvas(root, "left"), right: canvas(root, "right") });
    this.#stage = new Stage(part(root, "[data-stage]"), this.#player);
    this.#drafts = new Drafts(owner, study);
    this.#outbox = new Outbox({ owner, post: (body) => call(submit, body) });
    this.#status = new Status(root, { login, outbox: this.#outbox });
    this.#pairs = new Pairs({ claim, last, faces: facesUrl }, () => this.#held());
    const shared = { player: this.#player, status: this.#status };
    this.#answering = new Answering(root, {
      ...shared,
      hear: {
        changed: (answer) => this.#keep(answer),
        shown: () => this.#facePanel.update(),
        submit: () => this.#submit(),
      },
    });
    const urls = { curves: curvesUrl, reports: reportsUrl };
    this.#facePanel = new FacePanel(root, { ...shared, urls, owner, answering: this.#answering });
    this.#heartbeat = new Heartbeat({
      url: heartbeat,
      tokens: () => [this.#leased()?.payload.slot.token, this.#pairs.preparedToken].filter((token) => token != null),
      idle: () => this.#stopwatch.idle,
      lost: (token) => this.#lost(token),
    });
    const parts = { player: this.#player, stage: this.#stage, answering: this.#answering, facePanel: this.#facePanel };
    new Commands(root, {
      actions: { ...actionsOf(parts), submit: () => this.#submit(), undo: () => void this.#undo() },
      isReady: () => this.#pair !== null,
      choose: (index) => this.#answering.choose(index),
    });
    this.#listen();
  }

  #listen() {
    this.#player.addEventListener("state", () => this.#status.playing(this.#player));
    this.#player.addEventListener("wait", (event) => this.#stage.veil(/** @type {CustomEvent} */ (event).detail ? "Decoding…" : ""));
    this.#player.addEventListener("error", (event) => this.#clipTrouble(/** @type {CustomEvent} */ (event).detail));
    this.#outbox.addEventListener("sent", (event) => this.#sent(/** @type {CustomEvent} */ (event).detail));
  }

  async start() {
    void this.#outbox.flush();
    this.#welcome();
    await this.#advance(() => this.#pairs.resume(this.#drafts.token));
  }

  /** Another tab has this study now. */
  stop() {
    this.#player.pause();
    this.#leave();
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

  // From pair to pair ----------------------------------------------------------------------------------------------

  #submit() {
    if (!this.#pair) return;
    if (this.#answering.isGiven) return void this.#advance(() => this.#pairs.take());
    if (this.#answering.pointToMissing()) return;
    const { payload } = this.#pair;
    const key = this.#outbox.put({
      token: payload.slot.token,
      supersedes: payload.previous?.judgment ?? null,
      answer: this.#answering.answer.toJSON(),
      active_ms: this.#stopwatch.worked,
    });
    if (payload.previous) return void this.#unpark();
    this.#drafts.clear();
    if (this.#facePanel.isAwaited) return this.#stay(key);
    void this.#advance(() => this.#pairs.take());
  }

  /** Keep the answered pair for its curves, until the next Enter. @param {string} key of the answer */
  #stay(key) {
    this.#answering.isGiven = true;
    this.#awaited = key;
    this.#status.answered();
  }

  /** What is said of the pair on the screen outlives the page. @param {Answer} answer */
  #keep(answer) {
    if (this.#pair && !this.#pair.payload.previous) {
      this.#drafts.keep(this.#pair.payload.slot.token, answer, this.#stopwatch.worked);
    }
  }

  /** Nothing is on the screen. */
  #leave() {
    this.#pair = null;
    this.#answering.end();
    this.#facePanel.leave();
  }

  /** Show the pair that `get` promises, as soon as the server gives one. @param {() => Promise<Pair | null>} get */
  async #advance(get) {
    const turn = (this.#turn += 1);
    this.#leave();
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
    this.#leave();
    this.#pair = pair;
    this.#player.unload();
    this.#answering.begin(payload);
    this.#stopwatch.reset(before?.worked ?? draft?.worked);
    this.#status.show(payload);
    this.#answering.say(before?.answer ?? new Answer(draft?.answer));
    this.#heartbeat.start(payload.slot.lease_seconds);
    void this.#facePanel.show(pair);
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
      this.#answering.show();
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
    if (this.#answering.isGiven && letter.key === this.#awaited) void this.#facePanel.loadCurves();
    if (reply.notice) this.#status.say(reply.notice);
    if (reply.surplus) this.#status.say("Kept, and not counted: somebody else had answered this pair meanwhile.");
    this.#status.progress(reply.progress, letter.body.token);
    this.#prepare();
  }

  async #undo() {
    if (this.#pair?.payload.previous) return this.#unpark();
    await this.#outbox.flush();
    if (this.#outbox.state.waiting > 0) {
      return this.#status.say("Your last answer is still on its way. It can be taken back once it is saved.");
    }
    // An answered pair is not one to come back to.
    const { answer, isGiven } = this.#answering;
    const parked = { pair: isGiven ? null : this.#pair, answer, worked: this.#stopwatch.worked };
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
    if (this.#answering.isGiven) return null;
    return this.#pair?.payload.previous ? (this.#parked?.pair ?? null) : this.#pair;
  }

  #held() {
    const leased = this.#leased();
    return [...this.#outbox.tokens(), ...(leased ? [leased.payload.slot.token] : [])];
  }
}

const root = part(document, "#workbench");
const status = new Status(root, { login: "", outbox: null });
/** @type {Workbench | null} */
let workbench = null;
const tabs = oneTab(`likeness.workbench.${root.dataset.owner}.${root.dataset.study}`, {
  mine() {
    // One that was left for another tab still listens: coming back begins anew, from what is kept.
    if (workbench) return location.reload();
    workbench = new Workbench(root);
    Object.assign(globalThis, { workbench });
    void workbench.start();
  },
  elsewhere() {
    workbench?.stop();
    status.ended("This study is open in another tab.", () => tabs.takeOver(), "Work here instead");
  },
});
