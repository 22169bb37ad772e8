"""What a study would be, before it is made: how many answers, how long, which pairs and examples."""

from dataclasses import dataclass

from annotator.selectors.pair_filter import PairFilter, pairs_matching
from datasets.models import Clip, Pair

SECONDS_A_PAIR = (
    40  # what a pair takes an annotator who is used to the keys; a guess until a study has answers
)
SHOWN = 6


@dataclass(frozen=True, kw_only=True)
class StudyPlan:
    """`answers` counts every slot; `seconds` is work, all annotators together."""

    pairs: int
    overlap: int
    repeats: int
    answers: int
    seconds: int
    sample: list[Pair]
    examples: list[Clip]
    chosen: frozenset[int]


def study_plan(*, wanted: PairFilter, overlap: int, repeat_share: float, chosen: list[int]) -> StudyPlan:
    """Count what a filter would give; `chosen` are ids of example clips to offer first."""
    matching = pairs_matching(wanted)
    count = matching.count()
    repeats = round(count * repeat_share) * overlap
    answers = count * overlap + repeats
    sample = list(matching.select_related("clip_a", "clip_b")[:SHOWN])
    return StudyPlan(
        pairs=count,
        overlap=overlap,
        repeats=repeats,
        answers=answers,
        seconds=answers * SECONDS_A_PAIR,
        sample=sample,
        examples=_examples(sample, chosen),
        chosen=frozenset(chosen),
    )


def _examples(sample: list[Pair], chosen: list[int]) -> list[Clip]:
    """Offer the chosen clips and then those of the first pairs, each once."""
    clips = {clip.pk: clip for clip in Clip.objects.filter(pk__in=chosen).order_by("id")}
    for pair in sample:
        for clip in (pair.clip_a, pair.clip_b):
            clips.setdefault(clip.pk, clip)
    return list(clips.values())
