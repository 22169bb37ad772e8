// Toasts: those the server rendered into the page, those it sends with an htmx reply (HX-Trigger: {"toast": {...}}),
// and what htmx could not do. Good news leaves by itself; a warning or an error stays until it is closed.

const LINGER_MS = 6000;

const region = () => document.querySelector("[data-toasts]");

// In the top layer, and again on top of a dialog that was opened since.
function raise() {
  region().popover = "manual";
  if (region().matches(":popover-open")) region().hidePopover();
  region().showPopover();
}

const leaves = (toast) => !toast.matches(".toast--warning, .toast--error");

function settle(toast) {
  if (!leaves(toast)) return;
  let timer = setTimeout(() => toast.remove(), LINGER_MS);
  const hold = () => clearTimeout(timer);
  const release = () => (timer = setTimeout(() => toast.remove(), LINGER_MS));
  toast.addEventListener("pointerenter", hold);
  toast.addEventListener("pointerleave", release);
  toast.addEventListener("focusin", hold);
  toast.addEventListener("focusout", release);
}

/** Show a sentence. level: "info", "success", "warning" or "error". */
export function toast(text, level = "info") {
  const template = document.querySelector("[data-toast-template]");
  if (!template || !region()) return;
  const node = template.content.firstElementChild.cloneNode(true);
  node.classList.add(`toast--${level}`);
  node.querySelector("p").textContent = text;
  region().append(node);
  raise();
  settle(node);
}

document.addEventListener("click", (event) => event.target.closest("[data-toast-close]")?.closest(".toast")?.remove());
document.body.addEventListener("toast", (event) => toast(event.detail.text, event.detail.level));
document.body.addEventListener("htmx:sendError", () => toast("The server cannot be reached. Nothing was changed.", "error"));
document.body.addEventListener("htmx:responseError", (event) => {
  const status = event.detail.xhr.status;
  const said = { 403: "You may not do that.", 404: "That is not there any more.", 429: "Too many requests. Wait a moment." };
  toast(said[status] ?? `The server answered ${status}. Nothing was changed.`, "error");
});

if (region()?.children.length) raise();
for (const node of document.querySelectorAll(".toast")) settle(node);
