"""The one error that the media package raises for a file it cannot use."""

from __future__ import annotations

MAX_NAME_LENGTH = 80


class MediaError(Exception):
    """A file cannot be used, said in one sentence that a person can act on.

    Args:
        name: The file's name as its owner knows it. It is shown without its folder and without
            control characters, since it may come from a stranger.
        reason: What is wrong, written so that "<name> <reason>." reads as a sentence.
    """

    def __init__(self, name: str, reason: str) -> None:
        self.name = display_name(name)
        self.reason = reason.rstrip(".")
        super().__init__(f"{self.name} {self.reason}.")


def display_name(name: str) -> str:
    """Return the last part of a path, printable and short enough for a sentence."""
    last = name.replace("\\", "/").rstrip("/").rpartition("/")[2]
    printable = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in last)
    if len(printable) > MAX_NAME_LENGTH:
        printable = printable[: MAX_NAME_LENGTH - 1] + "…"
    return printable or "the file"
