"""One clip without the site: who is in it, and how well everybody is kept, as one page.

    python -m datasets.identity CLIP --references DIR --out report.html

DIR holds a folder of pictures for each person, or pictures named after the person (`anna.jpg`, or `anna-1.jpg`,
`anna-2.jpg`).
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from datasets.identity.analyse import analyse_clip
from datasets.identity.backends import BACKENDS, Backend, backend_choose, backend_load
from datasets.identity.cache import analyse_cached
from datasets.identity.errors import IdentityError
from datasets.identity.matching import match_tracks
from datasets.identity.metrics.measure import ClipMetrics
from datasets.identity.references import people_read
from datasets.identity.report.page import report_write
from datasets.media.errors import MediaError


def main(arguments: list[str] | None = None) -> int:
    options = _parse(arguments)
    try:
        backend = _backend(options)
        people = people_read(options.references, backend)
        analysis = (
            analyse_cached(options.clip, backend, options.cache)
            if options.cache
            else analyse_clip(options.clip, backend)
        )
        metrics = report_write(options.clip, options.out, analysis, match_tracks(analysis, people), people)
    except (IdentityError, MediaError) as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"{options.out} cannot be written: {error.strerror}.", file=sys.stderr)
        return 1
    for note in analysis.notes:
        print(note.sentence)
    if options.json:
        print(json.dumps(_numbers(metrics), indent=1))
    print(f"{options.out}: kept identity {metrics.score:.2f}, {len(people)} people")
    return 0


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m datasets.identity",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("clip", type=Path)
    parser.add_argument("--references", type=Path, required=True, metavar="DIR")
    parser.add_argument("--out", type=Path, default=Path("report.html"), metavar="FILE")
    about = "; ".join(f"{name}: {recipe.about}" for name, recipe in BACKENDS.items())
    parser.add_argument("--backend", default="", help=f"{about}. The best that is here by default")
    parser.add_argument("--models", type=Path, metavar="DIR", help="folder of model files")
    parser.add_argument("--cache", type=Path, metavar="DIR", help="keep the analysis for the next time")
    parser.add_argument("--json", action="store_true", help="print the numbers, too")
    return parser.parse_args(arguments)


def _backend(options: argparse.Namespace) -> Backend:
    if options.backend:
        return backend_load(options.backend, options.models)
    backend, note = backend_choose(options.models)
    if note:
        print(note, file=sys.stderr)
    return backend


def _numbers(metrics: ClipMetrics) -> dict[str, object]:
    return {
        "score": round(metrics.score, 4),
        "face_sim": round(metrics.face_sim, 4),
        "people": [person.numbers() for person in metrics.people],
    }


if __name__ == "__main__":
    sys.exit(main())
