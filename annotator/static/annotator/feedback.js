/**
 * What an annotator hears after a test question: whether it was right, and what had been done to the clips.
 *
 * @typedef {{right: boolean, text: string}} Feedback
 * @typedef {{feedback: Feedback | null, notice: string}} Reply
 */

/** Replies whose turn has not come: answers that waited for the network may come back together. @type {Reply[]} */
const waiting = [];

/** Say it in a dialog that Enter, Esc or a click takes away; a reply without feedback says nothing. @param {Reply} reply */
export function tell(reply) {
  if (!reply.feedback) return;
  waiting.push(reply);
  if (waiting.length === 1) next();
}

function next() {
  if (!waiting.length) return;
  const dialog = made(waiting[0]);
  document.body.append(dialog);
  dialog.addEventListener("close", () => {
    dialog.remove();
    waiting.shift();
    next();
  });
  dialog.showModal();
}

/** @param {Reply} reply @returns {HTMLDialogElement} */
function made({ feedback, notice }) {
  const { right, text } = /** @type {Feedback} */ (feedback);
  const dialog = document.createElement("dialog");
  dialog.className = "dialog";
  dialog.id = "wb-feedback";
  dialog.setAttribute("aria-labelledby", "wb-feedback-title");
  const head = element("div", "dialog-head");
  const title = element("h2", "", right ? "✓ Right" : "✗ Not right");
  title.id = "wb-feedback-title";
  head.append(title);
  const body = element("div", "dialog-body");
  body.append(element("p", "", `The pair you just judged: ${text}`));
  if (notice) body.append(element("p", "", notice));
  const foot = element("div", "dialog-foot");
  const button = element("button", "button button--primary", "Go on");
  button.setAttribute("autofocus", "");
  button.addEventListener("click", () => dialog.close());
  const key = element("kbd", "", "Enter");
  key.setAttribute("aria-hidden", "true");
  button.append(" ", key);
  foot.append(button);
  dialog.append(head, body, foot);
  return dialog;
}

/** @param {string} name @param {string} className @param {string} [text] */
function element(name, className, text = "") {
  const node = document.createElement(name);
  if (className) node.className = className;
  node.textContent = text;
  return node;
}
