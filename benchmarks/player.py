"""How well the two sides play: `python -m benchmarks.player [--seconds N] [--seeks N]`.

Two clips of 832x480 at 24 fps in headless Chromium, without a GPU. Shares are frames painted of those that were due by
the wall clock; seeks and steps last until both sides are painted. Frame codes are read off both canvases at every
paint, which costs some of the time that is measured.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Page

from datasets.media.testclips import Behaviour, TestClip, render_frames
from datasets.media.write import write_video
from tests.end_to_end.browser import started_browser
from tests.end_to_end.static_server import served_player

FPS = 24
CLIP_S = 60
SPEEDS = (0.5, 1.0, 2.0)
PATHS = {"webcodecs": "WebCodecs", "video": "<video>"}

SEEKS = """async (count) => {
  const times = [];
  for (let n = 1; n <= count; n += 1) times.push(await harness.timed((player) => player.seek((n * 37.31) % 59)));
  return times;
}"""
STEPS = """async (count) => {
  const times = [];
  for (let n = 1; n <= count; n += 1) times.push(await harness.timed((player) => player.step(n % 3 ? 1 : -1)));
  return times;
}"""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=10, help="of the wall clock, at each speed")
    parser.add_argument("--seeks", type=int, default=60)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        clips = Path(folder)
        for name, behaviour in (("one", Behaviour.STEADY), ("other", Behaviour.DRIFT)):
            clip = TestClip(width=832, height=480, frames=FPS * CLIP_S, behaviour=behaviour)
            write_video(render_frames(clip), clips / f"{name}.mp4", fps=FPS)
        load = os.getloadavg()[0]
        with served_player(clips) as address, started_browser() as browser:
            print(f"Chromium {browser.version}, {os.cpu_count()} cores, load {load:.1f} before the start\n")
            columns = [
                *(f"painted {speed:g}x" for speed in SPEEDS),
                "seek p50",
                "p95",
                "step p50",
                "p95",
                "mismatches",
            ]
            print(f"| path | {' | '.join(columns)} |\n|---|{'---:|' * len(columns)}")
            for path, title in PATHS.items():
                page = browser.new_page(viewport={"width": 1280, "height": 720})
                page.goto(f"{address}/pages/player.html")
                page.wait_for_function("window.harness !== undefined")
                print(
                    f"| {title} | {' | '.join(_measure(page, path, options.seconds, options.seeks))} |",
                    flush=True,
                )
                page.close()


def _measure(page: Page, path: str, seconds: float, count: int) -> list[str]:
    page.evaluate("(path) => harness.load('/clips/one.mp4', '/clips/other.mp4', path)", path)
    paints: list[dict[str, Any]] = []
    cells = []
    for speed in SPEEDS:
        page.evaluate("harness.timed((player) => player.seek(2)).then(() => harness.take())")
        started = time.monotonic()
        page.evaluate("([speed, until]) => harness.play(speed, until)", [speed, 2 + seconds * speed])
        due = (time.monotonic() - started) * speed * FPS
        played = page.evaluate("harness.take()")
        paints += played
        cells.append(f"{min(len({paint['left'] for paint in played}) / due, 1):.1%}")
    for script in (SEEKS, STEPS):
        times = page.evaluate(script, count)
        cells += [f"{np.percentile(times, share):.0f} ms" for share in (50, 95)]
    paints += page.evaluate("harness.take()")
    wrong = sum(
        not paint["left"] == paint["right"] == paint["leftCode"] == paint["rightCode"] for paint in paints
    )
    return [*cells, f"{wrong} of {len(paints)}"]


if __name__ == "__main__":
    main()
