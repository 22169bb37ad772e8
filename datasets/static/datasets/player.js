// The player of a clip's page: the browser's own, with steps of one frame and the number of the frame in view.

const root = document.querySelector("[data-player]");

if (root) {
  const video = root.querySelector("video");
  const output = root.querySelector("[data-position]");
  const [numerator, denominator] = root.dataset.fps.split("/").map(Number);
  const fps = numerator / denominator;
  const frames = Number(root.dataset.frames);

  const frameAt = (seconds) => Math.max(0, Math.min(frames - 1, Math.floor(seconds * fps + 1e-3)));
  const say = (seconds) => (output.value = `frame ${frameAt(seconds)} of ${frames}, ${seconds.toFixed(2)} s`);

  // To the middle of a frame: its start, rounded the wrong way, would show the one before.
  function go(frame) {
    video.pause();
    video.currentTime = (Math.max(0, Math.min(frames - 1, frame)) + 0.5) / fps;
  }

  if ("requestVideoFrameCallback" in video) {
    const painted = (now, { mediaTime }) => {
      say(mediaTime);
      video.requestVideoFrameCallback(painted);
    };
    video.requestVideoFrameCallback(painted);
  } else {
    video.addEventListener("timeupdate", () => say(video.currentTime));
  }

  for (const button of root.querySelectorAll("[data-step]"))
    button.addEventListener("click", () => go(frameAt(video.currentTime) + Number(button.dataset.step)));

  const actions = {
    " ": () => (video.paused ? video.play() : video.pause()),
    ",": () => go(frameAt(video.currentTime) - 1),
    ".": () => go(frameAt(video.currentTime) + 1),
    "<": () => go(frameAt(video.currentTime) - 10),
    ">": () => go(frameAt(video.currentTime) + 10),
    j: () => go(frameAt(video.currentTime) - Math.round(fps)),
    k: () => go(frameAt(video.currentTime) + Math.round(fps)),
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
