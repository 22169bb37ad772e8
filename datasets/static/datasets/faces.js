// The faces of a clip: names over the video, the playhead over the lanes, and corrections by drag, key or button.
// The panel #faces comes anew from the server after each change; what is drawn here follows it.
import { go, lastFrame, onFrame, shownFrame, video } from "./player.js";
import { drawBoxes } from "./boxes.js";
import { draggable } from "./drag.js";

const SHOWN = "likeness.boxes";

const panel = () => document.querySelector("[data-faces]");
const canvas = document.querySelector("[data-boxes]");
const toggle = document.querySelector("[data-boxes-toggle]");

let boxes = null; // frame -> [{ number, still, box }]
let size = null;
let loaded = "";
let chosen = "";
let areShown = read() !== "off";

function read() {
  try {
    return localStorage.getItem(SHOWN);
  } catch {
    return null;
  }
}

function remember() {
  try {
    localStorage.setItem(SHOWN, areShown ? "on" : "off");
  } catch {
    // Without storage it holds for this page.
  }
}

// ---- names over the video

async function load(url) {
  if (url === loaded) return;
  loaded = url;
  const reply = await fetch(url);
  if (!reply.ok) return;
  const overlay = await reply.json();
  size = { width: overlay.width, height: overlay.height };
  boxes = new Map();
  for (const track of overlay.tracks)
    track.frames.forEach((frame, i) => {
      if (!boxes.has(frame)) boxes.set(frame, []);
      boxes.get(frame).push({ number: track.number, still: track.still, box: track.boxes[i] });
    });
  draw();
}

// What the panel says of a track: the lane it lies in gives name and colour.
function nameOf({ number, still }) {
  const bar = document.getElementById(`face-${number}`);
  const lane = bar?.closest("[data-person]");
  const isNamed = Boolean(bar?.dataset.name);
  return {
    name: isNamed ? bar.dataset.name : still && bar?.dataset.corrected === undefined ? "still picture" : "nobody of them",
    note: bar?.dataset.disputed === undefined ? "" : `machine: ${bar.dataset.machine}`,
    series: isNamed ? (lane?.dataset.series ?? "") : "",
    isChosen: String(number) === chosen,
    isSure: isNamed && bar.dataset.presumed === undefined,
  };
}

function draw() {
  if (!canvas || !video) return;
  const visible = areShown && boxes ? (boxes.get(shownFrame()) ?? []) : [];
  drawBoxes(canvas, video, size, visible.map((each) => ({ box: each.box, ...nameOf(each) })));
}

function setShown(value) {
  areShown = value;
  toggle.setAttribute("aria-pressed", String(value));
  remember();
  draw();
}

// ---- the playhead

function movePlayhead(frame) {
  const line = document.querySelector("[data-playhead]");
  const plot = document.querySelector("[data-faces] [data-plot]");
  if (!line || !plot) return;
  const lanes = line.parentElement.getBoundingClientRect();
  const area = plot.getBoundingClientRect();
  line.hidden = false;
  line.style.left = `${area.left - lanes.left + (area.width * (frame + 0.5)) / (lastFrame() + 1)}px`;
}

function seekTo(event, plot) {
  const area = plot.getBoundingClientRect();
  go(Math.floor(((event.clientX - area.left) / area.width) * (lastFrame() + 1)));
}

// ---- who a face is

function send(url, values = {}) {
  window.htmx.ajax("POST", url, { target: "#faces", swap: "outerHTML", values });
}

function correct(bar, lane) {
  if (!lane || lane === bar.closest("[data-person]")) return;
  send(bar.dataset.correct, { person: lane.dataset.person });
}

function takeBack(bar) {
  if (bar.dataset.corrected !== undefined) send(bar.dataset.takeBack);
}

function choose(bar) {
  chosen = bar?.dataset.face ?? "";
  for (const each of document.querySelectorAll("[data-face]")) each.classList.toggle("is-chosen", each === bar);
  const picker = document.querySelector("[data-picker]");
  if (picker) {
    picker.hidden = !bar;
    document.querySelector("[data-picker-hint]").hidden = Boolean(bar);
  }
  if (bar && picker) {
    picker.querySelector("[data-picker-face]").textContent = bar.dataset.label;
    const now = bar.closest("[data-person]").dataset.person;
    for (const button of picker.querySelectorAll("[data-pick]")) {
      button.setAttribute("aria-pressed", String(button.dataset.pick === now));
      button.disabled = button.dataset.pick === now && bar.dataset.corrected !== undefined;
    }
    picker.querySelector("[data-take-back]").hidden = bar.dataset.corrected === undefined;
  }
  draw();
}

const chosenBar = () => (chosen ? document.getElementById(`face-${chosen}`) : null);

// A match that is right can be said to be right: the machine then keeps it, whatever it finds later.
function pick(bar, key) {
  if (bar) send(bar.dataset.correct, { person: key });
}

function onKey(event) {
  if (event.ctrlKey || event.altKey || event.metaKey || document.querySelector("dialog[open]")) return;
  if (event.target.closest("input, textarea, select")) return;
  const bar = event.target.closest("[data-face]");
  if (event.key.toLowerCase() === "b" && panel()) setShown(!areShown);
  else if (!bar) return;
  else if (/^[0-9]$/.test(event.key)) {
    const lane = document.querySelector(`[data-lanes] [data-key="${event.key}"]`);
    if (lane) pick(bar, lane.dataset.person);
  } else if (event.key === "Backspace" || event.key === "Delete") takeBack(bar);
  else if (event.key === "Enter") go(Number(bar.dataset.first));
  else if (event.key === "Escape") bar.blur();
  else if (event.key === "ArrowLeft") go(shownFrame() - 1);
  else if (event.key === "ArrowRight") go(shownFrame() + 1);
  else return;
  event.preventDefault();
}

// ---- the page

let isDragging = false;

draggable({
  find: (target) => target.closest?.("[data-face]"),
  over: (target) => target?.closest?.("[data-lanes] [data-person]"),
  started: (bar) => {
    isDragging = true;
    choose(bar);
  },
  dropped: (bar, lane) => {
    isDragging = false;
    correct(bar, lane);
  },
});

document.addEventListener("pointerdown", (event) => {
  const plot = event.target.closest("[data-plot]");
  if (!plot || !panel() || event.button || event.target.closest("[data-face], a")) return;
  event.preventDefault();
  const move = (moved) => seekTo(moved, plot);
  move(event);
  document.addEventListener("pointermove", move);
  const end = () => document.removeEventListener("pointermove", move);
  for (const kind of ["pointerup", "pointercancel"]) document.addEventListener(kind, end, { once: true });
});

document.addEventListener("focusin", (event) => {
  const bar = event.target.closest("[data-face]");
  if (bar) choose(bar);
  else if (!event.target.closest("[data-picker]") && chosen) choose(null);
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-picker] button");
  const bar = chosenBar();
  if (!button || !bar) return;
  if (button.dataset.pick === undefined) takeBack(bar);
  else pick(bar, button.dataset.pick);
});

document.addEventListener("keydown", onKey);

// The panel must not be replaced under a pointer that holds one of its bars.
document.addEventListener("htmx:beforeSwap", (event) => {
  if (isDragging && event.detail.target.id === "faces") event.detail.shouldSwap = false;
});

function panelCame() {
  const faces = panel();
  if (toggle) toggle.hidden = !faces;
  if (!faces) return;
  load(faces.dataset.overlay);
  movePlayhead(shownFrame());
  const bar = chosenBar();
  if (chosen) choose(bar);
  else draw();
}

if (video) {
  toggle.setAttribute("aria-pressed", String(areShown));
  toggle.addEventListener("click", () => setShown(!areShown));
  onFrame((frame) => {
    movePlayhead(frame);
    draw();
  });
  new ResizeObserver(() => {
    movePlayhead(shownFrame());
    draw();
  }).observe(video);
  video.addEventListener("loadedmetadata", draw);
  document.addEventListener("htmx:afterSettle", panelCame);
  panelCame();
}
