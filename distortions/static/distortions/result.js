// Two clips of one length and their difference under one scrubber. Sought to the middle of a frame, both show the
// same one; while they play, the right one follows the left one's clock.

const root = document.querySelector("[data-compare]");
if (root) compare(root);

function compare(root) {
  const left = root.querySelector("[data-left]");
  const right = root.querySelector("[data-right]");
  const canvas = root.querySelector("[data-difference]");
  const scrubber = root.querySelector("[data-scrubber]");
  const output = root.querySelector("[data-position]");
  const play = root.querySelector("[data-play]");
  const [numerator, denominator] = root.dataset.fps.split("/").map(Number);
  const fps = numerator / denominator;
  const frames = Number(root.dataset.frames);
  const pen = canvas.getContext("2d");
  let wanted = 0;
  let seeking = false;

  const middle = (frame) => (frame + 0.5) / fps;
  const frameAt = (seconds) => Math.max(0, Math.min(frames - 1, Math.floor(seconds * fps + 1e-3)));
  const ready = (video) => video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA;

  function say(frame) {
    scrubber.value = frame;
    output.value = `frame ${frame} of ${frames}, ${(frame / fps).toFixed(2)} s`;
  }

  function paint() {
    if (!ready(left) || !ready(right)) return;
    const { width, height } = canvas;
    pen.globalCompositeOperation = "source-over";
    pen.drawImage(left, 0, 0, width, height);
    pen.globalCompositeOperation = "difference";
    pen.drawImage(right, 0, 0, width, height);
    // Doubled twice.
    pen.globalCompositeOperation = "lighter";
    for (let i = 0; i < 2; i += 1) pen.drawImage(canvas, 0, 0);
  }

  const sought = (video) => new Promise((resolve) => video.addEventListener("seeked", resolve, { once: true }));

  // One seek at a time: whoever drags gets the newest frame, not all of them.
  async function go(frame) {
    wanted = Math.max(0, Math.min(frames - 1, frame));
    stop();
    say(wanted);
    if (seeking) return;
    seeking = true;
    for (let shown = -1; shown !== wanted; ) {
      shown = wanted;
      const both = [sought(left), sought(right)];
      left.currentTime = right.currentTime = middle(shown);
      await Promise.all(both);
      paint();
      canvas.dataset.shown = shown;
    }
    seeking = false;
  }

  function stop() {
    left.pause();
    right.pause();
    play.setAttribute("aria-pressed", "false");
  }

  async function start() {
    if (wanted >= frames - 1) await go(0);
    right.currentTime = left.currentTime;
    play.setAttribute("aria-pressed", "true");
    await Promise.all([left.play(), right.play()]);
    requestAnimationFrame(follow);
  }

  function follow() {
    if (left.paused) return;
    if (left.ended || right.ended) {
      go(frames - 1);
      return;
    }
    if (Math.abs(right.currentTime - left.currentTime) > 1 / fps) right.currentTime = left.currentTime;
    wanted = frameAt(left.currentTime);
    say(wanted);
    paint();
    requestAnimationFrame(follow);
  }

  const toggle = () => (left.paused ? start() : go(frameAt(left.currentTime)));

  scrubber.addEventListener("input", () => go(Number(scrubber.value)));
  play.addEventListener("click", toggle);
  for (const button of root.querySelectorAll("[data-step]")) button.addEventListener("click", () => go(wanted + Number(button.dataset.step)));
  const onset = root.querySelector("[data-go]");
  onset?.addEventListener("click", () => go(Number(onset.dataset.go)));
  for (const video of [left, right]) video.addEventListener("loadeddata", () => ready(left) && ready(right) && go(wanted));
  if (ready(left) && ready(right)) go(wanted);

  const keys = {
    " ": toggle,
    ",": () => go(wanted - 1),
    ".": () => go(wanted + 1),
    "<": () => go(wanted - 10),
    ">": () => go(wanted + 10),
    j: () => go(wanted - Math.round(fps)),
    k: () => go(wanted + Math.round(fps)),
    o: () => onset && go(Number(onset.dataset.go)),
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || document.querySelector("dialog[open]")) return;
    if (event.target.closest("textarea, select, input:not([type=range])")) return;
    if (event.key === " " && event.target.closest("button, a[href]")) return;
    const action = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!action) return;
    event.preventDefault();
    action();
  });
}
