"""Clips by what was found of faces in them."""

from django.db.models import Count, Exists, F, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from datasets.models import AnalysisState, Clip, ClipState, ClipSubject, FaceTrack

FACES = {
    "found": "found",
    "none": "no face found",
    "missing": "somebody missing",
    "failed": "search failed",
    "new": "not looked at",
}


def clips_with_faces(clips: QuerySet[Clip], which: str) -> QuerySet[Clip]:
    """Return those of the clips in which the search for faces came to this (a key of FACES)."""
    ready = clips.filter(analysis__state=AnalysisState.READY)
    if which == "found":
        return ready.filter(_faces())
    if which == "none":
        return ready.filter(~_faces())
    if which == "missing":
        return ready.filter(Exists(_missing()))
    if which == "failed":
        return clips.filter(analysis__state=AnalysisState.FAILED)
    return clips.filter(state=ClipState.READY, analysis__isnull=True)


def with_faces(clips: QuerySet[Clip]) -> QuerySet[Clip]:
    """Add what a card says of faces: `faces_state`, `faces_score`, `n_faces` and `n_missing`."""
    tracks = FaceTrack.objects.filter(analysis__clip=OuterRef("pk"), still=False).order_by()
    return clips.annotate(
        faces_state=F("analysis__state"),
        faces_score=F("analysis__score"),
        n_faces=Coalesce(Subquery(tracks.values("analysis").annotate(n=Count("pk")).values("n")), 0),
        n_missing=Coalesce(
            Subquery(_missing().order_by().values("clip").annotate(n=Count("pk")).values("n")), 0
        ),
    )


def _faces() -> Exists:
    return Exists(FaceTrack.objects.filter(analysis__clip=OuterRef("pk"), still=False))


def _missing() -> QuerySet[ClipSubject]:
    """The subjects of the clip outside whose face is seen nowhere in it."""
    seen = FaceTrack.objects.filter(analysis__clip=OuterRef("clip"), person=OuterRef("person"))
    return ClipSubject.objects.filter(~Exists(seen), clip=OuterRef("pk"))
