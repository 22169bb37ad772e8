/** Everything the page says apart from the clips and the people: progress, saving, trouble, the end. */

import { tell } from "./feedback.js";

/**
 * @typedef {import("./pairs.js").Payload} Payload
 * @typedef {import("./outbox.js").Outbox} Outbox
 * @typedef {import("./outbox.js").OutboxState} OutboxState
 */

/** How long a sentence stays, milliseconds. */
const SAID = 6_000;

/** What stands in the header of a pair that is not like all others. @type {Record<string, string>} */
const BADGES = { review: "review", qualify: "first pairs" };

export class Status {
  #root;
  #login;
  #saying = 0;
  /** @type {Outbox | null} */
  #outbox = null;
  /** What the server said last; a pair that was fetched ahead knows of less. @type {Payload["progress"] | null} */
  #progress = null;
  /** What kind of pairs it counts. */
  #kind = "";
  /** The kind of each pair shown: a late reply about one of another kind counts something else. @type {Map<string, string>} */
  #kinds = new Map();

  /** @param {HTMLElement} root @param {{login: string, outbox: Outbox | null}} options */
  constructor(root, { login, outbox }) {
    this.#root = root;
    this.#login = login;
    if (!outbox) return;
    this.#outbox = outbox;
    const show = () => {
      this.#saving(outbox.state);
      this.#count();
    };
    outbox.addEventListener("state", show);
    outbox.addEventListener("sent", (event) => tell(/** @type {CustomEvent} */ (event).detail.reply));
    globalThis.addEventListener("online", show);
    globalThis.addEventListener("offline", show);
  }

  /** @param {Payload} payload */
  show(payload) {
    if (payload.slot.kind !== this.#kind) this.#progress = null;
    this.#kind = payload.slot.kind;
    this.#kinds.set(payload.slot.token, this.#kind);
    this.progress(payload.progress, payload.slot.token);
    const prompt = this.#part("[data-prompt]");
    prompt.hidden = !payload.prompt;
    prompt.textContent = payload.prompt;
    this.#part("[data-overall]").hidden = !payload.questions.overall;
    const badge = this.#part("[data-review]");
    badge.textContent = BADGES[this.#kind] ?? "";
    badge.hidden = !badge.textContent;
    this.#part("[data-submit-text]").textContent = payload.previous ? "Replace answer" : "Submit, next";
    this.#part("[data-remark]").hidden = true;
    const remark = /** @type {HTMLTextAreaElement} */ (this.#part("[data-remark-text]"));
    remark.value = payload.previous?.answer.remark ?? "";
    this.#root.dataset.state = payload.previous ? "taking-back" : "judging";
    this.#notices();
    this.announce(payload.previous ? "The pair you judged last" : `Next pair. ${this.#part("[data-count]").textContent} done`);
  }

  /** The answer is given, and the pair stays for its curves. */
  answered() {
    this.#root.dataset.state = "answered";
    this.#part("[data-submit-text]").textContent = "Next pair";
    this.missing("");
    this.say("Answered. Enter goes on, U changes it.");
  }

  /** @param {Payload["progress"]} progress @param {string} token of the pair that it came with */
  progress(progress, token) {
    if ((this.#kinds.get(token) ?? this.#kind) !== this.#kind) return;
    if (!this.#progress || progress.done >= this.#progress.done) this.#progress = progress;
    this.#count();
  }

  /** What is done: what the server has, and what is on its way there. */
  #count() {
    if (!this.#progress) return;
    const { total, median_seconds } = this.#progress;
    const done = Math.min(this.#progress.done + (this.#outbox?.underway ?? 0), total);
    this.#part("[data-count]").textContent = `${done} of ${total}`;
    this.#part("[data-pace]").textContent = median_seconds === null ? "" : `${median_seconds} s a pair`;
    const bar = /** @type {HTMLProgressElement} */ (this.#part("[data-progress]"));
    bar.max = Math.max(total, 1);
    bar.value = done;
  }

  /** @param {import("./player.js").Player} player */
  playing(player) {
    this.#part("[data-toggle-text]").textContent = player.playing ? "pause" : "play";
    this.#part("[data-speed]").textContent = `${player.clock?.speed ?? 1}×`;
    this.#press("flip", player.mode === "flip");
    this.#press("wipe", player.mode === "wipe");
    this.#press("zoom", player.view.zoom > 1);
  }

  /** Say which answer is missing; "" when none is. @param {string} text */
  missing(text) {
    this.#part("[data-missing]").textContent = text;
  }

  /** Say something, to be seen and heard. @param {string} text */
  say(text) {
    this.announce(text);
    this.#part("[data-said]").textContent = text;
    clearTimeout(this.#saying);
    this.#saying = Number(setTimeout(() => (this.#part("[data-said]").textContent = ""), SAID));
  }

  /** Say something to a screen reader alone: it is seen elsewhere. @param {string} text */
  announce(text) {
    this.#part("[data-live]").textContent = text;
  }

  /** The session is over. @param {() => void} again */
  loggedOut(again) {
    this.ended("You are logged out. Nothing is lost: what you answered waits in this browser.", again, "I have logged in");
    const link = document.createElement("a");
    link.className = "button button--primary";
    link.href = this.#login;
    link.textContent = "Log in";
    this.#part("[data-end-actions]").prepend(link);
  }

  /** @param {() => void} again */
  finished(again) {
    this.ended("You have judged every pair that there is for you. If more come, they appear here.", again, "Look again");
    this.#part("[data-end-title]").textContent = "All done, thank you";
    this.announce("All done, thank you");
  }

  /** Instead of a pair: a sentence, and a way on. @param {string | null} text null: there is a pair again @param {() => void} [again] @param {string} [word] */
  ended(text, again, word = "Try again") {
    this.#part("[data-end]").hidden = text === null;
    this.#root.dataset.state = text === null ? "loading" : "ended";
    this.#part("[data-end-title]").textContent = "No pair to judge";
    this.#part("[data-end-text]").textContent = text ?? "";
    this.#part("[data-end-actions]").replaceChildren(...(again ? [button(word, again)] : []));
  }

  /** @param {OutboxState} state */
  #saving({ waiting, sending, trouble }) {
    const offline = !navigator.onLine;
    const words = waiting === 0 ? "saved" : sending && !trouble ? "saving…" : `waiting: ${waiting}`;
    const saved = this.#part("[data-saved]");
    const text = offline ? `offline · ${words}` : words;
    if (saved.textContent !== text) saved.textContent = text;
    saved.dataset.waiting = String(waiting);
    saved.classList.toggle("is-waiting", waiting > 0 || offline);
    this.#notices();
  }

  /** The line under the header: the most pressing thing there is to say, if any. */
  #notices() {
    const outbox = this.#outbox;
    const { trouble, refused } = outbox?.state ?? { trouble: "", refused: [] };
    if (outbox && trouble === "login") {
      this.#notice("You are logged out. Your answers wait in this browser and go out once you log in.", [
        ["Log in", () => globalThis.open(this.#login, "_blank", "noopener")],
      ]);
    } else if (outbox && refused.length) {
      const which = refused.length === 1 ? "An answer was" : `${refused.length} answers were`;
      this.#notice(`${which} not accepted: ${refused[0].refused}`, [
        ["Send again", () => outbox.retry()],
        ["Discard", () => outbox.discard()],
      ]);
    } else if (this.#root.dataset.state === "taking-back") {
      this.#notice("You are taking your last answer back. Enter replaces it, U leaves it as it was.");
    } else {
      this.#notice("");
    }
  }

  /** @param {string} text "" takes it away @param {[string, () => void][]} [actions] */
  #notice(text, actions = []) {
    const line = this.#part("[data-notice-text]");
    if (line.textContent === text) return;
    this.#part("[data-notice]").hidden = !text;
    line.textContent = text;
    this.#part("[data-notice-actions]").replaceChildren(...actions.map(([word, act]) => button(word, act)));
  }

  /** @param {string} action @param {boolean} pressed */
  #press(action, pressed) {
    this.#part(`.wb-transport [data-action=${action}]`).setAttribute("aria-pressed", String(pressed));
  }

  /** @param {string} selector */
  #part(selector) {
    return /** @type {HTMLElement} */ (this.#root.querySelector(selector));
  }
}

/** @param {string} word @param {() => void} act */
function button(word, act) {
  const node = document.createElement("button");
  node.type = "button";
  node.className = "button";
  node.textContent = word;
  node.addEventListener("click", act);
  return node;
}
