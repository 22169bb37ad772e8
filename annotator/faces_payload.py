"""What the workbench gets of a pair's faces. Nothing in it is measured: similarity is curves' alone, for later."""

from collections.abc import Callable, Collection
from typing import Any

from django.core.files.storage import default_storage

from annotator.models import Side
from annotator.selectors.faces import PairFaces
from annotator.strips import strips_cut


def faces_payload(
    faces: PairFaces, *, url_of: Callable[[Side], str], curves: str, reported: Collection[int | None]
) -> dict[str, Any]:
    """Return moments in seconds and, for each person and side, where the face is seen or why not.

    `reported` are the people whose tracks this annotator called wrong; None among them: everybody's.
    """
    return {
        "moments": faces.moments,
        "curves": curves,
        "reported": None in reported,
        **{side.value: url_of(side) if faces.on(side).has_strips else "" for side in Side},
        "people": [
            {
                "id": person.id,
                "reported": person.id in reported,
                **{
                    side.value: {
                        "seen": faces.on(side).seen(person.id),
                        "note": faces.on(side).note(person),
                    }
                    for side in Side
                },
            }
            for person in faces.people
        ],
    }


def faces_picture(faces: PairFaces, side: Side) -> bytes | None:
    """Return the crops of one side as a JPEG, a row for each person, a column for each moment; None without any."""
    shown = faces.on(side)
    if shown.analysis is None or not shown.has_strips:
        return None
    try:
        with default_storage.open(shown.analysis.strips_file, "rb") as file:
            stored = file.read()
    except FileNotFoundError:
        return None
    tracks = [shown.tracks.get(person.id) for person in faces.people]
    return strips_cut(
        stored,
        columns=len(shown.analysis.strip_frames),
        rows=[None if track is None else track.row for track in tracks],
        picked=shown.columns,
    )
