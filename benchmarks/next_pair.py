"""How soon the next pair is painted after Enter: `python -m benchmarks.next_pair [--pairs N]`.

A real site (gunicorn, SQLite) and a real workbench in headless Chromium. Each pair is judged by keys once the next one
is ready; the time runs from the key's own time stamp to the paint of both sides of the next pair.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from tests.live_site import LiveSite

PASSWORD = "only for this benchmark"

WATCH = """() => {
  globalThis.taken = [];
  let pressed = null;
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter") pressed = { at: event.timeStamp, token: workbench.pair.payload.slot.token };
  }, true);
  workbench.player.addEventListener("paint", () => {
    if (!pressed || !workbench.pair || workbench.pair.payload.slot.token === pressed.token) return;
    taken.push(performance.now() - pressed.at);
    pressed = null;
  });
}"""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pairs", type=int, default=40)
    parser.add_argument("--seed-only", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.seed_only:
        print(json.dumps(_seed(options.pairs)))
        return
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        site = LiveSite(database_url=f"sqlite:///{home / 'likeness.sqlite3'}", home=home)
        slug = _seed_in_child(site, options.pairs)
        site.start()
        try:
            _measure(f"http://127.0.0.1:{site.port}", slug, options.pairs)
        finally:
            site.stop()


def _seed_in_child(site: LiveSite, pairs: int) -> str:
    command = [sys.executable, "-m", "benchmarks.next_pair", "--seed-only", "--pairs", str(pairs)]
    done = subprocess.run(command, env=site.environment, check=True, stdout=subprocess.PIPE)
    return json.loads(done.stdout.splitlines()[-1])


def _seed(pairs: int) -> str:
    import django

    django.setup()
    from django.core.management import call_command

    from tests.annotator.factories import make_annotator
    from tests.end_to_end.studies import make_watchable_study

    call_command("migrate", verbosity=0)
    study = make_watchable_study(pairs=pairs, seconds=5, size=(832, 480))
    user = make_annotator(study, name="ann-01")
    user.set_password(PASSWORD)
    user.save(update_fields=["password"])
    return study.slug


def _measure(address: str, slug: str, pairs: int) -> None:
    from tests.end_to_end.browser import started_browser
    from tests.end_to_end.workbench_page import WorkbenchPage

    load = os.getloadavg()[0]
    with started_browser() as browser:
        print(f"Chromium {browser.version}, {os.cpu_count()} cores, load {load:.1f} before the start\n")
        workbench = WorkbenchPage(browser.new_context(viewport={"width": 1280, "height": 720}), address, slug)
        workbench.log_in("ann-01", PASSWORD)
        workbench.wait_for_pair()
        workbench.page.evaluate(WATCH)
        for _ in range(pairs - 1):
            workbench.page.wait_for_function("() => workbench.ready")
            workbench.press("1", "q", "a", "w", "s")
            workbench.submit()
        taken = workbench.page.evaluate("taken")
    p50, p95, most = np.percentile(taken, [50, 95, 100])
    print("| pairs | p50 | p95 | most |\n|---:|---:|---:|---:|")
    print(f"| {len(taken)} | {p50:.0f} ms | {p95:.0f} ms | {most:.0f} ms |")


if __name__ == "__main__":
    main()
