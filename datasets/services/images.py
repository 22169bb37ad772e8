"""Pictures from strangers: decoded within limits, turned upright, encoded anew without metadata."""

import hashlib
import io
import warnings
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError

from .plain_jpeg import is_plain_jpeg

FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF")
MAX_BYTES = 30 * 1024 * 1024
MAX_PIXELS = 50_000_000
MIN_SIDE = 32
# Face recognition reads crops of 112 to 160 pixels: a longer side than this shows nothing more of a face.
MAX_SIDE = 1536
JPEG_QUALITY = 92


class ImageRefused(Exception):
    """A picture cannot be used; the message is a sentence that names it and says why."""


@dataclass(frozen=True, slots=True)
class ReferenceImage:
    data: bytes
    sha256: str
    width: int
    height: int


def reference_read(*, path: Path, name: str, keep_plain: bool = False) -> ReferenceImage:
    """Decode a picture and encode it anew as a JPEG of at most MAX_SIDE pixels a side.

    With `keep_plain` a JPEG that holds its picture and nothing else, small enough as it is, stays byte for byte.
    """
    size = path.stat().st_size
    if size == 0:
        raise ImageRefused(f"{name} is empty (0 bytes).")
    if size > MAX_BYTES:
        raise ImageRefused(f"{name} is larger than a reference may be ({MAX_BYTES // 1024**2} MB).")
    try:
        with warnings.catch_warnings():
            # Pillow's own guard against bombs only warns up to twice its limit; ours is checked before decoding.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(path, formats=FORMATS) as picture:
                shape, pixels = picture.size, _upright(picture, name)
    except UnidentifiedImageError:
        raise ImageRefused(
            f"{name} is not a picture that is read here (JPEG, PNG, WebP, BMP, TIFF)."
        ) from None
    except Image.DecompressionBombError:
        raise ImageRefused(_too_many_pixels(name)) from None
    except (OSError, SyntaxError, ValueError) as error:
        raise ImageRefused(f"{name} is damaged: {_reason(error)}.") from None
    if keep_plain and pixels.size == shape and is_plain_jpeg(data := path.read_bytes()):
        return _reference(data, pixels)
    return _encoded(pixels)


def _upright(picture: Image.Image, name: str) -> Image.Image:
    if picture.width * picture.height > MAX_PIXELS:
        raise ImageRefused(_too_many_pixels(name))
    if min(picture.size) < MIN_SIDE:
        raise ImageRefused(f"{name} is {picture.width}×{picture.height} pixels: too small to show a face.")
    picture.load()
    turned = ImageOps.exif_transpose(picture)
    if turned.has_transparency_data:
        turned = turned.convert("RGBA")
        ground = Image.new("RGBA", turned.size, "white")
        turned = Image.alpha_composite(ground, turned)
    turned = turned.convert("RGB")
    turned.thumbnail((MAX_SIDE, MAX_SIDE), Image.Resampling.LANCZOS)
    return turned


def _encoded(pixels: Image.Image) -> ReferenceImage:
    buffer = io.BytesIO()
    # A copy made of the pixels alone carries no EXIF, no comment and no colour profile along.
    Image.frombytes("RGB", pixels.size, pixels.tobytes()).save(
        buffer, "JPEG", quality=JPEG_QUALITY, optimize=True
    )
    data = buffer.getvalue()
    return _reference(data, pixels)


def _reference(data: bytes, pixels: Image.Image) -> ReferenceImage:
    return ReferenceImage(
        data=data, sha256=hashlib.sha256(data).hexdigest(), width=pixels.width, height=pixels.height
    )


def _too_many_pixels(name: str) -> str:
    return f"{name} has more pixels than a reference may have ({MAX_PIXELS // 10**6} million)."


def _reason(error: Exception) -> str:
    text = str(error).strip().rstrip(".").splitlines()
    return (text[0][0].lower() + text[0][1:]) if text and text[0] else "it cannot be decoded"
