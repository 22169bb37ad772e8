"""How much of a stranger's file is read before it is refused."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1024 * 1024
# The interpreter and the codecs take some 300 MiB of address space before the first frame.
MIN_MEMORY_BYTES = 512 * MIB


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Bounds on one clip and on the process that decodes it.

    The first group is checked while reading and gives a reason in the clip's own terms; the second
    is held by the kernel and by the parent, whatever the decoder does.
    """

    video_seconds: float = 600.0
    frames: int = 36_000
    pixels: int = 4096 * 2304
    input_bytes: int = 4096 * MIB

    memory_bytes: int = 3072 * MIB
    output_bytes: int = 1024 * MIB
    cpu_seconds: int = 1200
    wall_seconds: float = 900.0

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if value <= 0:
                raise ValueError(f"Limits.{name} must be positive, got {value}")
        if self.memory_bytes < MIN_MEMORY_BYTES:
            raise ValueError(
                f"Limits.memory_bytes must be at least {MIN_MEMORY_BYTES}, got {self.memory_bytes}"
            )


DEFAULT_LIMITS = Limits()
