"""A run's state on disk: everything that decides the next step. Replaced whole, so that there is always a good one."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import torch

from training.reward.errors import BadModel, TrainingStopped

NAME = "checkpoint.pt"


def checkpoint_write(folder: Path, state: dict[str, Any]) -> None:
    """Write a checkpoint beside the old one and put it in its place.

    Raises:
        TrainingStopped: the disk is full or cannot be written to; the old checkpoint stays.
    """
    target = folder / NAME
    temporary = folder / f".{NAME}.{os.getpid()}"
    try:
        with temporary.open("wb") as file:
            torch.save(state, file)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    except (OSError, RuntimeError) as error:
        temporary.unlink(missing_ok=True)
        reason = (
            error.strerror if isinstance(error, OSError) and error.strerror else str(error).splitlines()[0]
        )
        raise TrainingStopped(
            f"No checkpoint can be written to {folder}: {reason}. The last one is kept: free some space, then go on "
            "with --resume."
        ) from error


def checkpoint_read(folder: Path) -> dict[str, Any] | None:
    """Return the last checkpoint, or nothing where there is none.

    Raises:
        BadModel: it is damaged.
    """
    path = folder / NAME
    if not path.is_file():
        return None
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise BadModel(
            f"{path} cannot be read: train again without --resume, into another folder."
        ) from error
    return state
