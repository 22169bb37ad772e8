// Two plain videos that play, pause and seek together: for looking again, not for judging (the workbench does that).

const SLACK_SECONDS = 0.08;

for (const group of document.querySelectorAll("[data-paired]")) {
  const [one, other] = group.querySelectorAll("video");
  for (const [lead, follow] of [
    [one, other],
    [other, one],
  ]) {
    const meet = () => {
      if (Math.abs(follow.currentTime - lead.currentTime) > SLACK_SECONDS) follow.currentTime = lead.currentTime;
    };
    lead.addEventListener("play", () => follow.paused && follow.play());
    lead.addEventListener("pause", () => {
      if (!follow.paused) follow.pause();
      meet();
    });
    lead.addEventListener("seeked", () => lead.paused && meet());
    lead.addEventListener("ratechange", () => (follow.playbackRate = lead.playbackRate));
  }
}
