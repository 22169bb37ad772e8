"""All that is made of one uploaded clip, in order. Runs inside the sandbox's child process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from datasets.media.limits import Limits
from datasets.media.pictures import make_pictures
from datasets.media.playback import make_playback
from datasets.media.prepared import FILMSTRIP_NAME, PLAYBACK_NAME, POSTER_NAME
from datasets.media.probe import scan

# Shares of the whole time, measured on clips of a few seconds.
_SCANNED, _COPIED = 0.05, 0.9


def prepare(
    arguments: dict[str, Any], limits: Limits, progress: Callable[[float, str], None]
) -> dict[str, Any]:
    """Write playback copy, poster and filmstrip into the working folder.

    Args:
        arguments: {"source": absolute path of the clip}.
        limits: Bounds on the clip.
        progress: Called with the share done, 0 to 1, and what is being done.

    Returns:
        {"probe": facts of the clip, "playback": facts of the copy}, as `Probe.as_json` writes them.
    """
    source = Path(arguments["source"])
    progress(0.0, "reading the clip")
    scanned = scan(source, limits)

    def copied(share: float) -> None:
        progress(_SCANNED + (_COPIED - _SCANNED) * share, "making the playback copy")

    playback = make_playback(source, PLAYBACK_NAME, limits=limits, scanned=scanned, progress=copied)
    progress(_COPIED, "drawing poster and filmstrip")
    make_pictures(PLAYBACK_NAME, POSTER_NAME, FILMSTRIP_NAME, limits=limits)
    progress(1.0, "done")
    return {"probe": scanned.probe.as_json(), "playback": playback.as_json()}
