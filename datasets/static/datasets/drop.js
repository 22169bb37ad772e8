// Dropping pictures on a form, and putting references in order by dragging or by the arrow buttons.
// The form is htmx's: a drop fills its file input, and the change sends it.

const zoneOf = (event) => event.target.closest?.("[data-drop]");

document.addEventListener("dragover", (event) => {
  const zone = zoneOf(event);
  if (!zone || !event.dataTransfer.types.includes("Files")) return;
  event.preventDefault();
  zone.classList.add("is-over");
});

document.addEventListener("dragleave", (event) => {
  const zone = zoneOf(event);
  if (zone && !zone.contains(event.relatedTarget)) zone.classList.remove("is-over");
});

document.addEventListener("drop", (event) => {
  const zone = zoneOf(event);
  if (!zone || !event.dataTransfer.files.length) return;
  event.preventDefault();
  zone.classList.remove("is-over");
  const input = zone.querySelector("input[type=file]");
  input.files = event.dataTransfer.files;
  input.dispatchEvent(new Event("change", { bubbles: true }));
});

function send(list) {
  const ids = [...list.children].map((item) => item.dataset.id);
  window.htmx.ajax("POST", list.dataset.order, { target: "#references", swap: "outerHTML", values: { ids } });
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-move]");
  const item = button?.closest("[data-id]");
  if (!item) return;
  const list = item.parentElement;
  if (button.dataset.move === "-1") item.previousElementSibling?.before(item);
  else item.nextElementSibling?.after(item);
  send(list);
});

let dragged = null;

document.addEventListener("dragstart", (event) => {
  dragged = event.target.closest?.("[data-order] > [data-id]");
});

document.addEventListener("dragover", (event) => {
  const over = event.target.closest?.("[data-order] > [data-id]");
  if (!dragged || !over || over === dragged || over.parentElement !== dragged.parentElement) return;
  event.preventDefault();
  const items = [...over.parentElement.children];
  if (items.indexOf(over) < items.indexOf(dragged)) over.before(dragged);
  else over.after(dragged);
});

document.addEventListener("dragend", () => {
  if (dragged) send(dragged.parentElement);
  dragged = null;
});
