// What any page may use by an attribute: dialogs, copying, filmstrips.
//   data-dialog-open="id"   opens the <dialog id>; data-dialog-close closes the one around it
//   data-copy="id"          copies the value (or text) of the element with that id
//   data-dialog-now         on a dialog: open when the page comes
//   data-filmstrip="url"    on a .thumb: see filmstrip.js
import "./filmstrip.js";
import { toast } from "./messages.js";

async function copy(button) {
  const source = document.getElementById(button.dataset.copy);
  const text = source.value ?? source.textContent;
  try {
    await navigator.clipboard.writeText(text.trim());
    toast("Copied.", "success");
  } catch {
    source.focus();
    source.select?.(); // without HTTPS there is no clipboard: the text is selected, Ctrl-C does the rest
    toast("Press Ctrl-C to copy.", "info");
  }
}

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-dialog-open]");
  if (opener) document.getElementById(opener.dataset.dialogOpen)?.showModal();
  if (event.target.closest("[data-dialog-close]") || event.target.matches("dialog[data-light-dismiss]")) event.target.closest("dialog")?.close();
  const copier = event.target.closest("[data-copy]");
  if (copier) copy(copier);
});

// A form whose errors the server found opens its dialog again.
document.querySelector("dialog[data-dialog-now]")?.showModal();
