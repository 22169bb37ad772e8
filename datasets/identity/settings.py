"""How a clip is analysed. The defaults are what the figures in docs/experiments were measured with."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What an analysis may cost and how it ties faces together.

    Attributes:
        max_side: Larger pictures are scaled down to this before anything else, pixels.
        detect_side: The same for the detector, pixels; 0 takes the detector's own.
        max_samples: Embeddings at one place of a clip at the most, spread evenly over its length.
        thumb_side: Side of the grey aligned picture kept with each embedding, pixels.
        coast_s: How long a face may be missed before its track ends, seconds of film; three times as long while it can
            be followed surely.
        chunk_bytes: Decoded pictures are worked on in chunks of this size; about four are held at a time.
        threads: Threads that detect and embed.
    """

    max_side: int = 1280
    detect_side: int = 0
    max_samples: int = 240
    thumb_side: int = 32
    coast_s: float = 0.4
    chunk_bytes: int = 24 << 20
    threads: int = 2

    @property
    def key(self) -> str:
        """Names what decides the result; threads and chunks do not."""
        values = {k: v for k, v in asdict(self).items() if k not in {"threads", "chunk_bytes"}}
        return hashlib.sha256(repr(sorted(values.items())).encode()).hexdigest()[:8]
