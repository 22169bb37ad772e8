"""Cut the crops that an annotator is to see out of a clip's strips: these people, these moments, nothing else."""

from __future__ import annotations

import io
from collections.abc import Sequence

from PIL import Image

QUALITY = 82


def strips_cut(
    data: bytes, *, columns: int, rows: Sequence[int | None], picked: Sequence[int | None]
) -> bytes:
    """Return a JPEG of len(picked) x len(rows) square crops, whatever the size of the picture they come from.

    Args:
        data: A picture with `columns` crops across, as many rows as there are people.
        columns: How many crops across it has.
        rows: The row of each person to show; None: leave the place grey.
        picked: The column of each moment to show; None: leave the place grey.
    """
    with Image.open(io.BytesIO(data)) as whole:
        side = whole.width // columns
        cut = Image.new("RGB", (side * len(picked), side * len(rows)), (127, 127, 127))
        for y, row in enumerate(rows):
            for x, column in enumerate(picked):
                if row is not None and column is not None:
                    box = (column * side, row * side, (column + 1) * side, (row + 1) * side)
                    cut.paste(whole.crop(box), (x * side, y * side))
    stream = io.BytesIO()
    cut.save(stream, "JPEG", quality=QUALITY)
    return stream.getvalue()
