/** The player on two bare canvases; every paint is recorded with what can be read off the canvases themselves. */
import { Player, openSource } from "/static/annotator/player.js";

import { readFrameCode } from "./frame_code.js";

const canvases = { left: document.querySelector("#left"), right: document.querySelector("#right") };
const player = new Player(canvases);
let paints = [];
let failure = null;

player.addEventListener("paint", (event) => {
  const { left, right, position, leftOver, rightOver } = event.detail;
  paints.push({
    left, right, position, leftOver, rightOver,
    leftCode: readFrameCode(canvases.left, player.facts("left")),
    rightCode: readFrameCode(canvases.right, player.facts("right")),
    at: performance.now(),
  });
});
player.addEventListener("error", (event) => { failure = event.detail; });

/** @param {string} url @param {"webcodecs" | "video"} path */
async function open(url, path) {
  return openSource(await (await fetch(url)).blob(), path);
}

/** Resolves when a paint satisfies the condition. */
function painted(condition) {
  return new Promise((resolve, reject) => {
    const check = () => {
      if (failure) return reject(failure);
      if (player.painted && condition(player.painted)) return resolve();
      setTimeout(check, 5);
    };
    check();
  });
}

window.harness = {
  player,
  async load(left, right, path) {
    paints = [];
    failure = null;
    const [leftSource, rightSource] = await Promise.all([open(left, path), open(right, path)]);
    player.load({ left: leftSource, right: rightSource });
    await painted(() => true);
    return { left: leftSource.facts, right: rightSource.facts };
  },
  /** Plays until the clock is at the given moment; `until` beyond the end waits for the end. */
  async play(speed, until) {
    player.clock.speed = speed;
    if (!player.playing) player.toggle();
    await painted(() => !player.playing || player.clock.position >= until);
    player.pause();
  },
  async playFor(milliseconds) {
    if (!player.playing) player.toggle();
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
  },
  /** Milliseconds from asking to both sides painted at the moment asked for. */
  async timed(action) {
    const before = paints.length;
    const start = performance.now();
    action(player);
    const target = player.clock.position;
    await painted((now) => paints.length > before && Math.abs(now.position - target) < 1e-6);
    return paints.at(-1).at - start;
  },
  count: () => paints.length,
  take() {
    const taken = paints;
    paints = [];
    return taken;
  },
};
