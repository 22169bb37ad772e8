"""A clip made ready: frames as everybody will see them, who is where by its stored tracks, and who may lend."""

from __future__ import annotations

import io
import tempfile
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from django.conf import settings

from datasets.analysing.backend import site_backend
from datasets.cast.truth import load_truth
from datasets.identity.backends import Backend
from datasets.identity.backends.protocol import Embedder
from datasets.identity.errors import IdentityError, ReferencePictureError
from datasets.identity.matching import Match, Matching
from datasets.identity.store import analysis_read
from datasets.identity.tracks import Analysis
from datasets.media.errors import MediaError
from datasets.media.read import read_frames
from datasets.models import AnalysisState, CastTruth, Clip, ClipAnalysis, ClipState, FaceTrack, Person
from datasets.services.media_files import local_copy
from distortions.synthesis.donors import Donor
from distortions.synthesis.errors import NoDonor, SynthesisError
from distortions.synthesis.pool import donor_read
from distortions.synthesis.procedural import Procedural, procedural_of
from distortions.synthesis.recipe import Frames, Material
from distortions.synthesis.scene import Scene, scene_of
from distortions.synthesis.tilt import upright


class NotUsable(Exception):
    """A clip cannot be distorted; the message is a sentence."""


@dataclass(frozen=True, eq=False)
class Studio:
    """One clip.

    Attributes:
        clip: Its row.
        frames: (T, H, W, 3) uint8 RGB, at most as large as the batch asks for.
        material: Scene and donors.
        fps: Frames a second.
        backend: Calibrates and judges.
        reporter: Another embedder, which took no part in choosing and is asked how far the face went; or nothing.
    """

    clip: Clip
    frames: Frames
    material: Material
    fps: Fraction
    backend: Backend
    reporter: Embedder | None = None

    @property
    def scene(self) -> Scene:
        return self.material.scene


def studio_open(*, clip: Clip, longest_side: int, donors: Iterable[str] = ()) -> Studio:
    """Read a clip, its tracks with all corrections, and the donors, by their keys.

    Raises:
        NotUsable: tracks or files are missing, damaged or of another clip.
        IdentityError: no face model works here.
    """
    if clip.state != ClipState.READY:
        raise NotUsable("The clip was deleted or is not ready any more.")
    backend = site_backend()
    analysis = tracks_read(clip)
    try:
        with (
            tempfile.TemporaryDirectory(prefix="likeness-distort-") as scratch,
            local_copy(name=clip.playback_file, folder=Path(scratch)) as film,
        ):
            frames = read_frames(film, max_size=longest_side)
    except MediaError as error:
        raise NotUsable(str(error)) from None
    except FileNotFoundError:
        raise NotUsable("The playback copy is gone from the storage: prepare the clip again.") from None
    if len(frames) != analysis.frames:
        raise NotUsable(
            f"The tracks are of {analysis.frames} frames, the clip has {len(frames)}: find its faces again."
        )
    scene = scene_of(analysis, matching_of(clip), size=(frames.shape[2], frames.shape[1]))
    scene = upright(scene, frames, backend.detector)
    # Embeddings of two models cannot be compared.
    same = analysis.space.key == backend.space.key
    lenders = donors_of(donors, backend, leaving_out=clip)
    return Studio(
        clip=clip,
        frames=frames,
        material=Material(scene, lenders, backend.space if same else None, procedural_for(clip)),
        fps=Fraction(clip.fps_num or 24, clip.fps_den or 1),
        backend=backend,
        reporter=second_embedder(backend),
    )


def procedural_for(clip: Clip) -> Procedural | None:
    """Return what a clip of the procedural cast was drawn from, if its truth came with it and can still be read."""
    row = CastTruth.objects.filter(clip=clip).first()
    try:
        return procedural_of(load_truth(io.BytesIO(row.content))) if row is not None else None
    except (ValueError, KeyError, EOFError, OSError, SynthesisError, zipfile.BadZipFile):
        return None


def second_embedder(backend: Backend) -> Embedder | None:
    """Return the embedder of LIKENESS_SECOND_FACE_BACKEND; None if it is the first one's, or does not work here."""
    if not settings.SECOND_FACE_BACKEND:
        return None
    try:
        embedder = site_backend(settings.SECOND_FACE_BACKEND).embedder
    except IdentityError:
        return None
    return None if embedder.space.key == backend.space.key else embedder


def tracks_read(clip: Clip) -> Analysis:
    """Return the stored tracks of a clip. Raises NotUsable with a sentence."""
    row = ClipAnalysis.objects.filter(clip=clip).first()
    if row is None:
        raise NotUsable("Its faces were not looked for yet: find the faces first.")
    if row.state != AnalysisState.READY:
        raise NotUsable(row.error)
    try:
        with (
            tempfile.TemporaryDirectory(prefix="likeness-distort-") as scratch,
            local_copy(name=row.file, folder=Path(scratch)) as path,
        ):
            return analysis_read(path)
    except IdentityError as error:
        raise NotUsable(str(error)) from None
    except FileNotFoundError:
        raise NotUsable("The tracks are gone from the storage: find the faces again.") from None


def matching_of(clip: Clip) -> Matching:
    """Return who the tracks are as rows say, corrections included; people go by their keys."""
    tracks = FaceTrack.objects.filter(analysis__clip=clip, person__isnull=False).select_related("person")
    people = sorted({(track.person_id, track.person.key) for track in tracks if track.person})
    places = {pk: place for place, (pk, _) in enumerate(people)}
    matches = tuple(
        Match(track.number, places[track.person_id], track.similarity or 0.0, track.margin or 0.0)
        for track in tracks
        if track.person_id is not None
    )
    return Matching(tuple(key for _, key in people), matches, (), {})


def donors_of(keys: Iterable[str], backend: Backend, *, leaving_out: Clip) -> list[Donor]:
    """Return the usable references of some people as donors, but for those who are in the clip themselves."""
    people = Person.objects.filter(key__in=list(keys)).exclude(clip_subjects__clip=leaving_out)
    found = []
    for person in people.order_by("key").prefetch_related("references"):
        for reference in person.references.all():
            notes = {"name": person.key, "licence": reference.licence, "consent": person.consent}
            try:
                with (
                    tempfile.TemporaryDirectory(prefix="likeness-donor-") as scratch,
                    local_copy(name=reference.file, folder=Path(scratch)) as path,
                ):
                    found.append(donor_read(path, backend, notes, path.parent))
            except (NoDonor, ReferencePictureError, FileNotFoundError):
                continue  # the person's page says what is wrong with the picture
    return found
