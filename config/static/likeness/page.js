// What any page may use by an attribute: dialogs, copying, filmstrips.
//   data-dialog-open="id"   opens the <dialog id>; data-dialog-close closes the one around it
//   data-copy="id"          copies the value (or text) of the element with that id
//   data-filmstrip="url"    on a .thumb: the sprite of 12 tiles that follows the pointer
import { toast } from "./messages.js";

const TILES = 12;

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

function strip(thumb) {
  const present = thumb.querySelector(".thumb-strip");
  if (present) return present;
  const image = new Image();
  image.className = "thumb-strip";
  image.alt = "";
  image.addEventListener("load", () => thumb.classList.add("is-scrubbing"), { once: true });
  image.src = thumb.dataset.filmstrip;
  thumb.append(image);
  return image;
}

document.addEventListener("pointermove", (event) => {
  const card = event.target.closest?.(".clip-card, [data-filmstrip]");
  const thumb = card?.matches("[data-filmstrip]") ? card : card?.querySelector("[data-filmstrip]");
  for (const other of document.querySelectorAll(".is-scrubbing")) if (other !== thumb) other.classList.remove("is-scrubbing");
  if (!thumb) return;
  const image = strip(thumb);
  if (image.complete && image.naturalWidth) thumb.classList.add("is-scrubbing");
  const box = thumb.getBoundingClientRect();
  const tile = Math.max(0, Math.min(TILES - 1, Math.floor(((event.clientX - box.left) / box.width) * TILES)));
  image.style.transform = `translateX(${(-100 * tile) / TILES}%)`;
});
