"""Rows for load: clips, pairs and a study of many slots, made in bulk and without files."""

from itertools import islice

from annotator.models import Study
from annotator.services.studies import study_create, study_open
from datasets.models import Clip, ClipState, ClipSubject, Pair, Person

BATCH = 5000


def seed_study(*, n_slots: int, overlap: int, name: str = "Load") -> Study:
    """Make an open study of `n_slots` places for an answer over pairs of clips of two people."""
    n_pairs = n_slots // overlap
    people = [
        Person.objects.get_or_create(key=f"load-{n}", defaults={"name": f"Person {n}"})[0] for n in range(2)
    ]
    first = Clip.objects.count()
    clips = (
        Clip(
            sha256=f"{first + n:064x}",
            file=f"originals/{n}.mp4",
            bytes=1,
            source_name=f"{n}.mp4",
            state=ClipState.READY,
            playback_file=f"playback/{n}.mp4",
            width=832,
            height=480,
            fps_num=24,
            fps_den=1,
            frames=121,
            generator=f"generator-{n % 4}",
        )
        for n in range(2 * n_pairs)
    )
    pair_ids: list[int] = []
    while batch := list(islice(clips, BATCH)):
        made = Clip.objects.bulk_create(batch)
        ClipSubject.objects.bulk_create(
            ClipSubject(clip=clip, person=person, position=position)
            for clip in made
            for position, person in enumerate(people)
        )
        pairs = Pair.objects.bulk_create(
            Pair(clip_a=a, clip_b=b, prompt="Two friends cook in one kitchen.")
            for a, b in zip(made[::2], made[1::2], strict=True)
        )
        pair_ids += [pair.pk for pair in pairs]
    chosen = Pair.objects.filter(pk__gte=pair_ids[0], pk__lte=pair_ids[-1])
    study = study_create(
        name=name, pairs=chosen, created_by=None, overlap=overlap, repeat_share=0.0, lease_minutes=20
    )
    return study_open(study=study)
