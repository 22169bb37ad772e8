"""Small messages that the site hands out and gets back, which nobody else can read or make.

django.core.signing shows what it signs, and numbers of slots that an annotator can read would tell which
ones are repeats. So the message is encrypted too: the synthetic-IV construction (Rogaway and Shrimpton 2006, as
in RFC 5297) with HMAC-SHA-512 as both the authenticator and the keystream. Sealing the same message twice gives
the same text, which keeps links stable for the browser's cache; messages differ by a random lease in any case.
"""

import base64
import binascii
import hmac
from hashlib import sha512

from django.conf import settings

TAG_BYTES = 16
# One block of keystream is enough for every message that we send.
MAX_BYTES = sha512().digest_size


class BrokenSeal(ValueError):
    """The text was not sealed here for this purpose."""


def seal(purpose: str, message: bytes) -> str:
    """Return `message`, at most MAX_BYTES long, as URL-safe text that only `unseal` of the same purpose opens."""
    if len(message) > MAX_BYTES:
        raise ValueError(f"a message of {len(message)} bytes, at most {MAX_BYTES} fit")
    key = settings.SECRET_KEY
    tag = _tag(key, purpose, message)
    return base64.urlsafe_b64encode(tag + _cipher(key, purpose, tag, message)).rstrip(b"=").decode()


def unseal(purpose: str, text: str) -> bytes:
    """Return the message. Raises BrokenSeal; texts sealed with a key of SECRET_KEY_FALLBACKS still open."""
    try:
        sealed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise BrokenSeal("not a token") from error
    tag, body = sealed[:TAG_BYTES], sealed[TAG_BYTES:]
    if len(tag) == TAG_BYTES and len(body) <= MAX_BYTES:
        for key in map(str, [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]):
            message = _cipher(key, purpose, tag, body)
            if hmac.compare_digest(tag, _tag(key, purpose, message)):
                return message
    raise BrokenSeal("not a token of this site")


def _tag(key: str, purpose: str, message: bytes) -> bytes:
    return _mac(key, f"{purpose}/tag", message)[:TAG_BYTES]


def _cipher(key: str, purpose: str, tag: bytes, message: bytes) -> bytes:
    stream = _mac(key, f"{purpose}/stream", tag)
    return bytes(a ^ b for a, b in zip(message, stream, strict=False))


def _mac(key: str, purpose: str, message: bytes) -> bytes:
    # Deriving a key for each purpose keeps tags and keystreams apart, as two keys would.
    purpose_key = hmac.digest(key.encode(), f"likeness/{purpose}".encode(), "sha512")
    return hmac.digest(purpose_key, message, "sha512")
