"""Score the clips of a release with a trained reward model: one line of JSON a clip.

    python -m training.reward.score MODEL RELEASE [--split test] > scores.jsonl

Each line has the clip's sha256, the reward, a score for each person, and for each person the probability that their
face is kept at each moment, with the moments' frames. Rewards are defined up to a shift: compare, do not read.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from training.reward.corpus import corpus_read
from training.reward.errors import RewardError
from training.reward.model import RewardModel


def main(arguments: list[str] | None = None) -> int:
    options = _parse(arguments)
    try:
        model = RewardModel.from_pretrained(options.model)
        corpus = corpus_read(options.release, model.config.data, verify=not options.unverified)
        model.require(corpus.backend)
    except RewardError as error:
        print(error, file=sys.stderr)
        return 2
    chosen = [options.split] if options.split else list(corpus.comparisons)
    rows = [row for split in chosen for row in corpus.comparisons.get(split, ())]
    places = sorted({place for row in rows for place in (row.a, row.b)})
    clips = [corpus.clips[place] for place in places]
    scores = model.score_clips(clips)
    for at, clip in enumerate(clips):
        line = {
            "clip": clip.key,
            "reward": round(float(scores.reward[at]), 6),
            "people": {person: round(value, 6) for person, value in scores.people[at].items()},
            "frames": [round(float(frame), 2) for frame in scores.frames[at]],
            "kept": {
                person: [round(float(each), 4) for each in curve]
                for person, curve in scores.curves[at].items()
            },
        }
        print(json.dumps(line))
    return 0


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m training.reward.score", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("model", help="a run's model folder, or a model's id on the Hub")
    parser.add_argument("release", type=Path)
    parser.add_argument("--split", default="", help="all of them by default")
    parser.add_argument(
        "--unverified", action="store_true", help="do not check every byte of the release first"
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
