"""Pictures from strangers: what is kept of them is pixels, upright and of bounded size."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from datasets.services import images
from datasets.services.images import ImageRefused, reference_read


def read(tmp_path: Path, data: bytes) -> images.ReferenceImage:
    path = tmp_path / "upload"
    path.write_bytes(data)
    return reference_read(path=path, name="jo.jpg")


def encode(picture: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def test_a_picture_is_turned_as_its_camera_says(tmp_path: Path) -> None:
    picture = Image.new("RGB", (80, 60), "black")
    picture.paste("white", (0, 0, 40, 60))  # left half white: after a quarter turn clockwise the top half
    exif = Image.Exif()
    exif[0x0112] = 6
    kept = read(tmp_path, encode(picture, "JPEG", exif=exif, quality=95))
    assert (kept.width, kept.height) == (60, 80)
    pixels = np.asarray(Image.open(io.BytesIO(kept.data)))
    assert pixels[:30].mean() > 240
    assert pixels[50:].mean() < 15


def test_nothing_but_pixels_is_kept(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010E] = "secret place"
    data = encode(Image.new("RGB", (80, 60), "red"), "JPEG", exif=exif, comment=b"secret name")
    assert b"secret" in data
    kept = read(tmp_path, data)
    assert b"secret" not in kept.data
    with Image.open(io.BytesIO(kept.data)) as picture:
        assert not picture.getexif()
        assert (picture.format, picture.mode) == ("JPEG", "RGB")


def test_the_same_picture_gives_the_same_bytes(tmp_path: Path, jpeg) -> None:
    assert read(tmp_path, jpeg()).sha256 == read(tmp_path, jpeg()).sha256


@pytest.mark.parametrize("mode", ["L", "LA", "P", "RGBA", "CMYK", "I;16", "1"])
def test_every_kind_of_pixel_becomes_rgb(tmp_path: Path, mode: str) -> None:
    kind = "TIFF" if mode == "CMYK" else "PNG"
    kept = read(tmp_path, encode(Image.new(mode, (80, 60)), kind))
    with Image.open(io.BytesIO(kept.data)) as picture:
        assert (picture.mode, picture.size) == ("RGB", (80, 60))


def test_what_is_transparent_becomes_white(tmp_path: Path) -> None:
    kept = read(tmp_path, encode(Image.new("RGBA", (80, 60), (0, 0, 0, 0))))
    with Image.open(io.BytesIO(kept.data)) as picture:
        assert picture.getpixel((40, 30)) == (255, 255, 255)


def test_a_huge_picture_is_made_smaller(tmp_path: Path) -> None:
    kept = read(tmp_path, encode(Image.new("RGB", (4000, 1000)), "JPEG"))
    assert (kept.width, kept.height) == (1536, 384)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "is empty"),
        (b"just text", "is not a picture that is read here"),
        (b"\xff\xd8\xff" + b"\0" * 50, "is not a picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "is not a picture that is read here"),
        (encode(Image.new("RGB", (80, 60)), "GIF"), "is not a picture that is read here"),
        (encode(Image.new("RGB", (20, 300))), "too small to show a face"),
    ],
)
def test_what_is_no_usable_picture_is_refused_with_its_name(tmp_path: Path, data: bytes, reason: str) -> None:
    with pytest.raises(ImageRefused, match=reason) as refusal:
        read(tmp_path, data)
    assert str(refusal.value).startswith("jo.jpg is ")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_a_picture_that_was_cut_off_is_refused(tmp_path: Path, kind: str) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (200, 200, 3), dtype=np.uint8)
    data = encode(Image.fromarray(noise), kind)
    with pytest.raises(ImageRefused, match=r"^jo\.jpg is "):
        read(tmp_path, data[: len(data) // 2])


@pytest.mark.parametrize("side", [8_000, 20_000], ids=["ours", "Pillow's own"])
def test_a_bomb_is_refused_before_it_is_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, side: int
) -> None:
    data = encode(Image.new("1", (side, side)))
    assert len(data) < 100_000
    monkeypatch.setattr(Image.Image, "load", lambda self: pytest.fail("it was decoded"))
    with pytest.raises(ImageRefused, match=r"^jo\.jpg has more pixels than a reference may have"):
        read(tmp_path, data)


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path, jpeg, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "MAX_BYTES", 100)
    with pytest.raises(ImageRefused, match="larger than a reference may be"):
        read(tmp_path, jpeg())
