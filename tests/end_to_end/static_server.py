"""The player's modules, a bare page around them and a folder of clips, over HTTP on loopback; no Django."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler
from pathlib import Path

from tests.loopback import serving

REPOSITORY = Path(__file__).resolve().parents[2]
FOLDERS = {
    "/static/annotator/": REPOSITORY / "annotator/static/annotator",
    "/static/vendor/": REPOSITORY / "config/static/vendor",
    "/pages/": Path(__file__).parent / "pages",
}


class _Handler(SimpleHTTPRequestHandler):
    extensions_map = {**SimpleHTTPRequestHandler.extensions_map, ".mjs": "text/javascript"}

    def __init__(self, *args: object, clips: Path, **kwargs: object) -> None:
        self.folders = {**FOLDERS, "/clips/": clips}
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]

    def translate_path(self, path: str) -> str:
        for prefix, folder in self.folders.items():
            if path.startswith(prefix) and ".." not in path:
                return str(folder / path.removeprefix(prefix))
        return str(REPOSITORY / "nothing-here")

    def log_message(self, *args: object) -> None:
        """Keep quiet."""


@contextmanager
def served_player(clips: Path) -> Iterator[str]:
    """Serve until the block ends; yields the address, without a slash at its end."""
    with serving(partial(_Handler, clips=clips)) as address:
        yield address
