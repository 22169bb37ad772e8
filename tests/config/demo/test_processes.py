import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from config.demo.processes import ChildEnded, Processes

# A parent with a child of its own; both would run for ten minutes.
FAMILY = (
    "import subprocess, sys, time\n"
    "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
    "print('ready', flush=True)\n"
    "time.sleep(600)\n"
)
STUBBORN = (
    "import signal, time\n"
    "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    "print('ready', flush=True)\n"
    "time.sleep(600)\n"
)


def python(source: str) -> list[str]:
    return [sys.executable, "-c", source]


def wait_until_ready(processes: Processes, name: str) -> None:
    deadline = time.monotonic() + 120
    while "ready" not in processes.log_of(name).read_text():
        assert time.monotonic() < deadline, "the child never got ready"
        time.sleep(0.02)


def test_leaving_the_block_ends_children_and_grandchildren(tmp_path: Path) -> None:
    with Processes(tmp_path, tmp_path) as processes:
        processes.start("family", python(FAMILY), os.environ)
        wait_until_ready(processes, "family")
        parent = psutil.Process(processes.running["family"].pid)
        family = [parent, *parent.children(recursive=True)]
        assert len(family) == 2
    _, alive = psutil.wait_procs(family, timeout=60)
    assert alive == []


def test_a_child_that_ignores_the_request_is_forced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("config.demo.processes.STOP_WITHIN_S", 0.2)
    with Processes(tmp_path, tmp_path) as processes:
        processes.start("stubborn", python(STUBBORN), os.environ)
        wait_until_ready(processes, "stubborn")
        child = psutil.Process(processes.running["stubborn"].pid)
    assert not child.is_running()


def test_a_child_that_ends_is_named_with_what_it_said(tmp_path: Path) -> None:
    with Processes(tmp_path, tmp_path) as processes:
        processes.start("site", python("import sys; print('no such port'); sys.exit(3)"), os.environ)
        with pytest.raises(ChildEnded, match=r"The site ended with status 3[\s\S]*no such port"):
            processes.wait()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent died")
def test_a_killed_parent_takes_its_child_with_it(tmp_path: Path) -> None:
    source = (
        "import os, sys, time\n"
        "from pathlib import Path\n"
        "from config.demo.processes import Processes\n"
        f"processes = Processes(Path({str(tmp_path)!r}), Path.cwd())\n"
        "processes.start('child', [sys.executable, '-c', 'import time; time.sleep(600)'], os.environ)\n"
        "print(processes.running['child'].pid, flush=True)\n"
        "time.sleep(600)\n"
    )
    with subprocess.Popen(python(source), stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        child = psutil.Process(int(parent.stdout.readline()))
        parent.send_signal(signal.SIGKILL)
    _, alive = psutil.wait_procs([child], timeout=60)
    assert alive == []
