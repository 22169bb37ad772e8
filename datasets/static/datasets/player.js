// The player of a clip's page: the browser's own, with steps of one frame and the number of the frame in view.
// Others on the page learn of each painted frame by onFrame(), and move it by go().

const root = document.querySelector("[data-player]");
const listeners = new Set();

export const video = root?.querySelector("video") ?? null;
let fps = 1;
let frames = 1;
let shown = 0;
// The frame that was asked for and is not there yet: a film that is still loading forgets where it was sent.
let wanted = null;

export const lastFrame = () => frames - 1;
export const shownFrame = () => shown;

export function onFrame(listener) {
  listeners.add(listener);
  listener(shown);
}

const frameAt = (seconds) => Math.max(0, Math.min(frames - 1, Math.floor(seconds * fps + 1e-3)));

// To the middle of a frame: its start, rounded the wrong way, would show the one before.
const seek = () => (video.currentTime = (wanted + 0.5) / fps);

export function go(frame) {
  wanted = Math.max(0, Math.min(frames - 1, frame));
  video.pause();
  seek();
}

const step = (by) => go((wanted ?? frameAt(video.currentTime)) + by);

if (root) {
  const output = root.querySelector("[data-position]");
  const [numerator, denominator] = root.dataset.fps.split("/").map(Number);
  fps = numerator / denominator;
  frames = Number(root.dataset.frames);

  function say(seconds) {
    shown = frameAt(seconds);
    output.value = `frame ${shown} of ${frames}, ${seconds.toFixed(2)} s`;
    for (const listener of listeners) listener(shown);
  }

  if ("requestVideoFrameCallback" in video) {
    const painted = (now, { mediaTime }) => {
      say(mediaTime);
      video.requestVideoFrameCallback(painted);
    };
    video.requestVideoFrameCallback(painted);
  } else {
    for (const kind of ["timeupdate", "seeked"]) video.addEventListener(kind, () => say(video.currentTime));
  }

  video.addEventListener("loadedmetadata", () => wanted !== null && seek());
  video.addEventListener("seeked", () => {
    if (video.seeking) return;
    if (frameAt(video.currentTime) === wanted) wanted = null;
    // A paused film's last frame is not always called out as painted.
    say(frameAt(video.currentTime) / fps);
  });
  video.addEventListener("play", () => (wanted = null));

  for (const button of root.querySelectorAll("[data-step]"))
    button.addEventListener("click", () => step(Number(button.dataset.step)));

  const actions = {
    " ": () => (video.paused ? video.play() : video.pause()),
    ",": () => step(-1),
    ".": () => step(1),
    "<": () => step(-10),
    ">": () => step(10),
    j: () => step(-Math.round(fps)),
    k: () => step(Math.round(fps)),
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || document.querySelector("dialog[open]")) return;
    if (event.target.closest("input, textarea, select, button, a[href]") && event.key === " ") return;
    if (event.target.closest("input, textarea, select")) return;
    const action = actions[event.key.length === 1 && /[a-z]/i.test(event.key) ? event.key.toLowerCase() : event.key];
    if (!action) return;
    event.preventDefault();
    action();
  });
}
