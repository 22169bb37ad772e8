"""A lead, somebody who is not one, and small real videos."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from django.test import Client
from PIL import Image

from config.accounts.models import User
from datasets.media.write import write_video

MakeVideo = Callable[..., Path]


@pytest.fixture
def lead(db) -> User:
    return User.objects.create_user("lead", password="a long password", is_lead=True)


@pytest.fixture
def outsider(db) -> User:
    return User.objects.create_user("outsider", password="a long password")


@pytest.fixture
def lead_client(lead: User) -> Client:
    client = Client()
    client.force_login(lead)
    return client


@pytest.fixture
def outsider_client(outsider: User) -> Client:
    client = Client()
    client.force_login(outsider)
    return client


@pytest.fixture
def make_video(tmp_path: Path) -> MakeVideo:
    """Return a function that writes a video of a few grey frames; another `shade` is another file."""

    def make(name: str = "clip.mp4", *, shade: int = 0, frames: int = 6, folder: Path | None = None) -> Path:
        path = (folder or tmp_path) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        ramp = np.linspace(0, 200, 64, dtype=np.uint8)
        picture = np.broadcast_to(ramp[None, :, None], (48, 64, 3)) + np.uint8(shade)
        write_video([picture] * frames, path, fps=12)
        return path

    return make


@pytest.fixture
def jpeg() -> Callable[..., bytes]:
    """Return a function that makes a JPEG; another `shade` is another picture."""

    def make(size: tuple[int, int] = (80, 60), *, shade: int = 90, **save: object) -> bytes:
        buffer = io.BytesIO()
        Image.new("RGB", size, (shade, 120, 40)).save(buffer, "JPEG", **save)
        return buffer.getvalue()

    return make
