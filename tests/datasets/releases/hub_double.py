"""A small stand-in for the Hugging Face Hub on loopback: what an upload by huggingface_hub asks of it.

It keeps what it was given, so that a test compares files, and not calls. Large files go to its LFS store, as they
would there; with `status` it refuses everything.
"""

import base64
import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import Any

from tests.loopback import serving

TOKEN = "hf_double"


class Hub:
    """What was uploaded: files by path for each repository, and whether it is private."""

    def __init__(self, *, status: int = 0) -> None:
        self.status = status
        self.address = ""
        self.repositories: dict[str, dict[str, Any]] = {}
        self.files: dict[str, dict[str, bytes]] = {}
        self.messages: list[str] = []
        self.cards: list[str] = []
        self.blobs: dict[str, bytes] = {}

    def commit(self, repo: str, lines: bytes) -> None:
        files = self.files.setdefault(repo, {})
        for line in map(json.loads, lines.splitlines()):
            value = line["value"]
            match line["key"]:
                case "header":
                    self.messages.append(value["summary"])
                case "file":
                    files[value["path"]] = base64.b64decode(value["content"])
                case "lfsFile":
                    files[value["path"]] = self.blobs[value["oid"]]


@contextmanager
def serve(hub: Hub) -> Iterator[Hub]:
    with serving(_handler(hub)) as hub.address:
        yield hub


def _handler(hub: Hub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self._body()
            if self._is_refused():
                return
            match self.path.strip("/").split("/"):
                case ["api", "repos", "create"]:
                    wanted = json.loads(body)
                    repo = f"{wanted['organization']}/{wanted['name']}"
                    hub.repositories[repo] = wanted
                    self._answer({"url": f"{hub.address}/datasets/{repo}", "id": repo})
                case ["api", "validate-yaml"]:
                    hub.cards.append(json.loads(body)["content"])
                    self._answer({"errors": [], "warnings": []})
                case ["api", "datasets", owner, name, "preupload", "main"]:
                    files = [
                        {
                            "path": file["path"],
                            "uploadMode": "lfs" if file["path"].endswith(".parquet") else "regular",
                            "shouldIgnore": False,
                        }
                        for file in json.loads(body)["files"]
                    ]
                    self._answer({"files": files})
                case ["datasets", owner, _, "info", "lfs", "objects", "batch"]:
                    self._answer({"transfer": "basic", "objects": self._places(json.loads(body))})
                case ["api", "datasets", owner, name, "commit", "main"]:
                    hub.commit(f"{owner}/{name}", body)
                    url = f"{hub.address}/datasets/{owner}/{name}/commit/1"
                    self._answer({"success": True, "commitUrl": url, "commitOid": "1" * 40})
                case _:
                    self._answer({"error": f"no such address: {self.path}"}, status=404)

        def do_PUT(self) -> None:
            body, oid = self._body(), self.path.rpartition("/")[2]
            fits = hashlib.sha256(body).hexdigest() == oid
            if fits:
                hub.blobs[oid] = body
            self._answer({}, status=200 if fits else 400)

        def _places(self, batch: dict[str, Any]) -> list[dict[str, Any]]:
            return [
                {
                    **wanted,
                    "actions": {"upload": {"href": f"{hub.address}/lfs/{wanted['oid']}", "header": {}}},
                }
                for wanted in batch["objects"]
            ]

        def _is_refused(self) -> bool:
            status = hub.status or (401 if self.headers["Authorization"] != f"Bearer {TOKEN}" else 0)
            if status:
                self._answer({"error": "refused"}, status=status)
            return bool(status)

        def _body(self) -> bytes:
            if self.headers["Transfer-Encoding"] == "chunked":
                return b"".join(self._chunks())
            return self.rfile.read(int(self.headers["Content-Length"] or 0))

        def _chunks(self) -> Iterator[bytes]:
            while size := int(self.rfile.readline(), 16):
                yield self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()

        def _answer(self, content: dict[str, Any], *, status: int = 200) -> None:
            data = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class calls it so
            return None

    return Handler
