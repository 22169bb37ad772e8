"""What a decoder that was taken over might do; called inside the sandbox by its tests."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any


def spin(arguments: dict[str, Any], *_: object) -> dict[str, Any]:
    while True:
        pass


def sleep_with_a_child(arguments: dict[str, Any], limits: object, progress: Any) -> dict[str, Any]:
    grandchild = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    progress(0.5, str(grandchild.pid))
    time.sleep(600)
    return {}


def sleep(arguments: dict[str, Any], *_: object) -> dict[str, Any]:
    Path(arguments["pid_file"]).write_text(str(os.getpid()))
    time.sleep(600)
    return {}


def allocate(arguments: dict[str, Any], *_: object) -> dict[str, Any]:
    kept = []
    while True:
        kept.append(bytearray(16 * 1024 * 1024))


def write(arguments: dict[str, Any], *_: object) -> dict[str, Any]:
    with Path("clip.mp4").open("wb", buffering=0) as file:
        while True:
            file.write(b"0" * 65536)


def crash(arguments: dict[str, Any], *_: object) -> dict[str, Any]:
    os.kill(os.getpid(), signal.SIGSEGV)
    return {}


def be_killed(arguments: dict[str, Any], *_: object) -> dict[str, Any]:
    os.kill(os.getpid(), signal.SIGKILL)
    return {}


def raise_error(arguments: dict[str, Any], *_: object) -> dict[str, Any]:
    raise OSError(28, "No space left on device")


def babble(arguments: dict[str, Any], limits: object, progress: Any) -> dict[str, Any]:
    while True:
        progress(0.5, str(time.monotonic()) * 10_000)


def look_around(arguments: dict[str, Any], *_: object) -> dict[str, Any]:
    print("this must not be taken for an answer")
    return {
        "environment": dict(os.environ),
        "open_files": [str(link.readlink()) for link in Path("/proc/self/fd").iterdir() if link.exists()],
        "folder": str(Path.cwd()),
    }
