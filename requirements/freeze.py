"""Write constraints.txt: the exact version of every package that is installed beside this interpreter.

make freeze
"""

import subprocess
import sys
from pathlib import Path

HEADER = """\
# The exact version of everything that the packages of the other files pull in, so that two installations are
# the same. Made by `make freeze`; the packages that we ask for ourselves are named in the other files.
"""


def main() -> None:
    frozen = subprocess.run(
        [sys.executable, "-m", "pip", "freeze"], check=True, capture_output=True, text=True
    ).stdout
    # A pin with a URL or a local version ("+cpu") could not be installed elsewhere.
    pins = [line for line in frozen.splitlines() if "==" in line and "+" not in line]
    (Path(__file__).parent / "constraints.txt").write_text(HEADER + "\n".join(pins) + "\n")


if __name__ == "__main__":
    main()
