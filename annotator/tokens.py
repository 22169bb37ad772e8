"""Sealed tokens: the lease that an annotator holds, and the media that its page may load.

Both say by themselves whom they were given to, so no table of past leases is needed to tell a stale token
(its answer is kept as surplus at worst) from a forged one (refused).
"""

import struct
import time
import uuid
from dataclasses import dataclass
from enum import IntEnum

from .sealing import BrokenSeal, seal, unseal

_LEASE = struct.Struct(">QQ16s")
_MEDIA = struct.Struct(">BQQIQ16s")

# Links outlive a long break with the page open. Their end is rounded up to the hour, so that a reload of the
# page within it gets the same links and the browser's cache still serves.
MEDIA_SECONDS = 12 * 3600
_ROUND_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class LeaseToken:
    slot_id: int
    annotator_id: int
    lease: uuid.UUID

    def __str__(self) -> str:
        return seal("lease", _LEASE.pack(self.slot_id, self.annotator_id, self.lease.bytes))

    @classmethod
    def parse(cls, text: str) -> "LeaseToken":
        """Raise BrokenSeal for anything that this site did not hand out."""
        slot_id, annotator_id, lease = _LEASE.unpack(unseal("lease", text))
        return cls(slot_id, annotator_id, uuid.UUID(bytes=lease))


class MediaKind(IntEnum):
    LEFT = 0
    RIGHT = 1
    REFERENCE = 2
    LEFT_FACES = 3
    RIGHT_FACES = 4


@dataclass(frozen=True, slots=True)
class MediaToken:
    """One side of a slot, the faces found on it, or one reference beside it, for one annotator until a moment.

    It names the slot and the side, never the clip: which clip is on that side is known to the database alone,
    and one clip has another link in every slot.
    """

    kind: MediaKind
    lease: LeaseToken
    expires: int  # Unix time in seconds
    number: int = 0  # of a reference; of faces, how many stand in a row

    @classmethod
    def issue(cls, kind: MediaKind, lease: LeaseToken, *, number: int = 0) -> "MediaToken":
        expires = (int(time.time()) + MEDIA_SECONDS) // _ROUND_SECONDS * _ROUND_SECONDS + _ROUND_SECONDS
        return cls(kind, lease, expires, number)

    def __str__(self) -> str:
        lease = self.lease
        packed = _MEDIA.pack(
            self.kind, lease.slot_id, lease.annotator_id, self.expires, self.number, lease.lease.bytes
        )
        return seal("media", packed)

    @classmethod
    def parse(cls, text: str) -> "MediaToken":
        """Raise BrokenSeal for a token that is forged or has run out."""
        kind, slot_id, annotator_id, expires, number, lease = _MEDIA.unpack(unseal("media", text))
        if expires < time.time():
            raise BrokenSeal("the link has run out")
        holder = LeaseToken(slot_id, annotator_id, uuid.UUID(bytes=lease))
        return cls(MediaKind(kind), holder, expires, number)
