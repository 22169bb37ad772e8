"""How long a newcomer waits after `make demo`: `python -m benchmarks.first_start [--install]`.

Starts the demo in an empty home, then once more with the data of the first start. With --install also a site-only
installation in a new virtual environment, which needs a package index.
"""

import argparse
import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from config.demo.site import free_port

ROOT = Path(__file__).resolve().parent.parent
MILESTONES = {
    "first page": "Likeness runs at",
    "a pair that can be judged": "Judge pairs at",
    "all clips prepared": "clips are prepared",
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--install", action="store_true", help="measure a site-only installation as well")
    options = parser.parse_args()

    load = os.getloadavg()[0]
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, load {load:.1f} before the start\n")
    print(f"| {'seconds after the command':<26} | first start | second |\n|{'-' * 28}|{'-' * 13}|{'-' * 8}|")
    with tempfile.TemporaryDirectory(prefix="likeness-first-start-") as home:
        first, second = start_demo(Path(home)), start_demo(Path(home))
    for name in [*MILESTONES, "stopped after Ctrl-C"]:
        print(f"| {name:<26} | {first[name]:11.1f} | {second[name]:6.1f} |")
    if options.install:
        seconds, megabytes = install_site()
        print(f"\nsite-only installation: {seconds:.0f} s, {megabytes:.0f} MB")


def start_demo(home: Path) -> dict[str, float]:
    """Start the demo, stop it when it has prepared all clips, and return when each milestone was said."""
    environment = {**os.environ, "LIKENESS_HOME": str(home), "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "manage.py", "demo", "--port", str(free_port(18400))]
    seconds: dict[str, float] = {}
    started = time.monotonic()
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        for line in process.stdout:
            for name, words in MILESTONES.items():
                if words in line:
                    seconds[name] = time.monotonic() - started
            if len(seconds) == len(MILESTONES):
                break
        pressed = time.monotonic()
        process.send_signal(signal.SIGINT)
        process.wait()
        seconds["stopped after Ctrl-C"] = time.monotonic() - pressed
    return seconds


def install_site() -> tuple[float, float]:
    """Install requirements/site.txt into a new environment; return seconds and megabytes on disk."""
    with tempfile.TemporaryDirectory(prefix="likeness-install-") as folder:
        started = time.monotonic()
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        pip = [f"{folder}/bin/python", "-m", "pip", "install", "--quiet", "-r", "requirements/site.txt"]
        subprocess.run(pip, cwd=ROOT, check=True, stderr=subprocess.DEVNULL)
        taken = time.monotonic() - started
        size = sum(file.lstat().st_size for file in Path(folder).rglob("*") if file.is_file())
    return taken, size / 1e6


if __name__ == "__main__":
    main()
