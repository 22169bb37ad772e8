import io

import pytest
from PIL import Image

from datasets.services.plain_jpeg import is_plain_jpeg


def jpeg(**options) -> bytes:
    sink = io.BytesIO()
    # Noise, so that the compressed data holds bytes that look like markers.
    Image.effect_noise((96, 80), 90).convert("RGB").save(sink, "JPEG", **options)
    return sink.getvalue()


@pytest.mark.parametrize("options", [{}, {"quality": 92, "optimize": True}, {"progressive": True}])
def test_a_picture_alone_is_plain(options):
    assert is_plain_jpeg(jpeg(**options))


def test_so_is_one_with_restart_markers():
    assert is_plain_jpeg(jpeg(restart_marker_blocks=2))


def exif() -> bytes:
    tags = Image.Exif()
    tags[0x9286] = "somebody's camera"
    return tags.tobytes()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xd8",
        b"\xff\xd8\xff\xd9",
        jpeg() + b"more behind the end",
        jpeg() + b"more that ends alike\xff\xd9",
        jpeg()[:-2],
        jpeg(exif=exif()),
        jpeg(comment=b"made by"),
        jpeg(icc_profile=b"profile" * 20),
        b"\x89PNG\r\n\x1a\n" + jpeg(),
    ],
)
def test_anything_else_is_not(content):
    assert not is_plain_jpeg(content)
