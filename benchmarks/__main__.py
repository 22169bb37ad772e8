"""All benchmarks, one after the other: `python -m benchmarks` (or `make bench`). Takes a quarter of an hour.

Each is a script of this folder that can be run by itself with options of its own, and prints a table. Figures mean
something only on a machine that does nothing else meanwhile.
"""

import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent


def main() -> int:
    failed = []
    for name in scripts():
        print(f"\n# {name}\n", flush=True)
        started = time.monotonic()
        if subprocess.run(
            [sys.executable, "-m", f"benchmarks.{name}"], cwd=HERE.parent, check=False
        ).returncode:
            failed.append(name)
        print(f"\n({time.monotonic() - started:.0f} s)", flush=True)
    print(f"\nFailed: {', '.join(failed)}" if failed else "\nAll benchmarks ran.")
    return 1 if failed else 0


def scripts() -> list[str]:
    """Return the modules of this folder that can be run; the others are what these share."""
    return sorted(
        path.stem
        for path in HERE.glob("*.py")
        if path.stem != "__main__" and 'if __name__ == "__main__":' in path.read_text()
    )


if __name__ == "__main__":
    sys.exit(main())
