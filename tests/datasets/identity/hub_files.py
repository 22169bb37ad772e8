"""A stand-in for the Hub on loopback that gives files: with ranges, and able to break off in the middle."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler

from tests.loopback import serving

COMMIT = "0" * 40


@dataclass
class FileHub:
    """Files by `owner/name/file`; `break_after` cuts the first transfer off after so many bytes."""

    files: dict[str, bytes]
    break_after: int = 0
    address: str = ""
    ranges: list[str] = field(default_factory=list)


@contextmanager
def serve_files(hub: FileHub) -> Iterator[FileHub]:
    with serving(_handler(hub)) as hub.address:
        yield hub


def _handler(hub: FileHub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self._head(self._content())

        def do_GET(self) -> None:
            content = self._content()
            hub.ranges.append(self.headers.get("Range", ""))
            start = int(hub.ranges[-1].removeprefix("bytes=").split("-")[0] or 0)
            self._head(content, start)
            if content is None:
                return
            if hub.break_after and len(hub.ranges) == 1:
                self.wfile.write(content[: hub.break_after])
                self.wfile.flush()
                self.close_connection = True
                return
            self.wfile.write(content[start:])

        def log_message(self, *args: object) -> None:
            pass

        def _content(self) -> bytes | None:
            repo, _, rest = self.path.strip("/").partition("/resolve/")
            return hub.files.get(f"{repo}/{rest.partition('/')[2]}")

        def _head(self, content: bytes | None, start: int = 0) -> None:
            if content is None:
                self.send_response(404)
                self.send_header("X-Error-Code", "EntryNotFound")
                self.send_header("X-Repo-Commit", COMMIT)
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            self.send_response(206 if start else 200)
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
            self.send_header("Content-Length", str(len(content) - start))
            self.send_header("Accept-Ranges", "bytes")
            self.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()}"')
            self.send_header("X-Repo-Commit", COMMIT)
            self.end_headers()

    return Handler
