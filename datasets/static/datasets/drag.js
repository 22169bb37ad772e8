// Dragging one thing onto another by pointer: mouse, pen or finger. A press that does not move stays a click.

const FAR_PX = 5;

// find(target) -> what can be dragged; over(target) -> what it can be dropped on, or nothing.
export function draggable({ find, over, started, dropped }) {
  let held = null;

  document.addEventListener("pointerdown", (event) => {
    const thing = find(event.target);
    if (!thing || event.button) return;
    held = { thing, x: event.clientX, y: event.clientY, place: null, ghost: null };
  });

  document.addEventListener("pointermove", (event) => {
    if (!held) return;
    if (!held.ghost) {
      if (Math.hypot(event.clientX - held.x, event.clientY - held.y) < FAR_PX) return;
      held.ghost = makeGhost(held.thing);
      document.documentElement.classList.add("is-dragging");
      started(held.thing);
    }
    event.preventDefault();
    held.ghost.style.translate = `${event.clientX + 12}px ${event.clientY + 8}px`;
    const place = over(document.elementFromPoint(event.clientX, event.clientY)) ?? null;
    if (place !== held.place) {
      held.place?.classList.remove("is-over");
      place?.classList.add("is-over");
      held.place = place;
    }
  });

  function end(isDropped) {
    if (!held) return;
    const { thing, place, ghost } = held;
    held = null;
    if (!ghost) return;
    ghost.remove();
    place?.classList.remove("is-over");
    document.documentElement.classList.remove("is-dragging");
    dropped(thing, isDropped ? place : null);
  }

  document.addEventListener("pointerup", () => end(true));
  document.addEventListener("pointercancel", () => end(false));
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") end(false);
  });
}

function makeGhost(thing) {
  const ghost = document.createElement("div");
  ghost.className = "drag-ghost";
  ghost.textContent = thing.dataset.label;
  document.body.append(ghost);
  return ghost;
}
