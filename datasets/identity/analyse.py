"""A clip becomes tracks: read, detect at keyframes, follow between them, embed good samples, join, tell stills apart.

Memory does not grow with the clip's pictures: about four chunks of `Settings.chunk_bytes` are held at a time, 4 KB a
frame for telling shots apart, 0.2 KB a frame and face for boxes, and at most `Settings.max_samples` embeddings for
each place in the clip where faces are. Ten minutes with two people take 60 MB more than five seconds: 460 MB with
Python, the libraries and the models of YuNet and MobileFaceNet.
"""

from __future__ import annotations

import os
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import cv2
import numpy as np
from numpy.typing import NDArray

from datasets.identity.backends.align import grey_thumb
from datasets.identity.backends.protocol import Backend
from datasets.identity.faces import Face
from datasets.identity.joining import Piece, bridge_gaps, join_pieces
from datasets.identity.notes import analysis_notes
from datasets.identity.quality import Quality, measure_quality
from datasets.identity.reading import Picture, read_chunks
from datasets.identity.settings import Settings
from datasets.identity.shots import CUT, LOOK, Glance, change, is_cut, stillness
from datasets.identity.stills import is_still
from datasets.identity.tilt import Righting
from datasets.identity.tracklets import Sample, Tracker, Tracklet
from datasets.identity.tracks import Analysis, Track
from datasets.media.limits import DEFAULT_LIMITS, Limits
from datasets.media.probe import Scan, scan

# A face of fewer detections than this counts only if the detector was sure.
MIN_DETECTIONS = 3
SURE = 0.85


def analyse_clip(
    path: str | os.PathLike[str],
    backend: Backend,
    *,
    settings: Settings | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> Analysis:
    """Find the faces of a clip and follow them.

    Raises:
        MediaError: the clip cannot be read.
    """
    settings = settings or Settings()
    started = time.thread_time()
    scanned = scan(path, limits)
    with _one_thread_each(), ThreadPoolExecutor(settings.threads) as pool:
        job = _Job(path, scanned, backend, settings, pool)
        job.timings["open"] = time.thread_time() - started
        job.watch()
        return job.result()


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Keep OpenCV from spreading each call over all cores: the calls themselves are spread."""
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(before)


@dataclass(eq=False)
class _Chunk:
    pictures: list[Picture]
    faces: dict[int, Future[list[tuple[Face, Quality]]]]


class _Job:
    def __init__(
        self,
        path: str | os.PathLike[str],
        scanned: Scan,
        backend: Backend,
        settings: Settings,
        pool: ThreadPoolExecutor,
    ) -> None:
        self.timings: dict[str, float] = defaultdict(float)
        self._path, self._scanned, self._backend, self._settings = path, scanned, backend, settings
        self._pool = pool
        self._fps = float(scanned.probe.fps)
        self._stride = max(1, round(self._fps / backend.detector.rate))
        seconds = max(scanned.probe.frames / self._fps, 0.1)
        self._bin = max(1, round(self._fps * max(1 / backend.embedder.rate, seconds / settings.max_samples)))
        self._tracker = Tracker(coast_frames=max(round(settings.coast_s * self._fps), 2 * self._stride))
        self._righting = Righting(backend.detector, self._fps) if backend.detector.levels_tilt else None
        self._glances: list[Glance] = []
        self._cuts: list[int] = []
        self._best: dict[Tracklet, Sample] = {}
        self._embedded: dict[tuple[int, int], Future[NDArray[np.float32]]] = {}
        self._scale = 1.0
        self._frames = 0

    def watch(self) -> None:
        """Read the whole clip once."""
        before: _Chunk | None = None
        chunks = read_chunks(
            self._path,
            self._scanned,
            max_side=self._settings.max_side,
            chunk_bytes=self._settings.chunk_bytes,
            spent=partial(self._spend, "reading"),
        )
        while True:
            pictures = next(chunks, None)
            if pictures is not None:
                chunk = self._start(pictures)
            if before is not None:
                self._follow(before)
            if pictures is None:
                return
            before = chunk

    def result(self) -> Analysis:
        """Join what was seen into tracks."""
        tracklets = self._tracker.finish()
        for tracklet in list(self._best):
            self._embed(tracklet)
        pieces = [Piece(t, self._embeddings(t)) for t in tracklets]
        with self._timed("joining"):
            groups = join_pieces(pieces, self._backend.space, self._fps)
            groups = [group for group in groups if self._is_real(group)]
            moving = [stillness(a, b) for a, b in zip(self._glances, self._glances[5:], strict=False)]
            picture_change = float(np.median(moving)) if moving else 0.0
            tracks = [self._track(i, group, picture_change) for i, group in enumerate(groups)]
        probe = self._scanned.probe
        analysis = Analysis(
            frames=self._frames,
            fps=self._fps,
            width=probe.width,
            height=probe.height,
            cuts=tuple(self._cuts),
            tracks=tuple(tracks),
            space=self._backend.space,
            backend=self._backend.key,
            timings=tuple(self.timings.items()),
        )
        return analysis_notes(analysis, [each.tone for each in self._glances[:: max(self._stride, 1)]])

    def _start(self, pictures: list[Picture]) -> _Chunk:
        """Ask for the faces of a chunk's keyframes."""
        first = not self._glances
        known = len(self._glances)
        self._glances += [picture.glance for picture in pictures]
        if first:
            self._scale = self._scanned.probe.width / pictures[0].frame.shape[1]
        keys = {p.index for p in pictures if p.index % self._stride == 0} | {pictures[-1].index}
        for i in range(max(known, 1), len(self._glances)):
            if self._stride > 1 and change(self._glances[i - 1], self._glances[i]) > CUT:
                keys |= {i - 1, i}
        faces = {p.index: self._pool.submit(self._detect, p) for p in pictures if p.index in keys}
        return _Chunk(pictures, faces)

    def _detect(self, picture: Picture) -> list[tuple[Face, Quality]]:
        """Find faces in the picture scaled down for the detector; runs in the pool."""
        started = time.thread_time()
        frame = picture.frame
        side = self._settings.detect_side or self._backend.detector.side
        scale = min(1.0, side / max(frame.shape[:2]))
        small = frame
        if scale < 1:
            size = (max(round(frame.shape[1] * scale), 1), max(round(frame.shape[0] * scale), 1))
            small = np.asarray(cv2.resize(frame, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
        faces = [face.scaled(1 / scale) for face in self._backend.detector.detect(small, picture.index)]
        found = [(face, measure_quality(frame, face)) for face in faces]
        self.timings["detecting"] += time.thread_time() - started
        return found

    def _follow(self, chunk: _Chunk) -> None:
        """Carry the tracks through a chunk."""
        for place, picture in enumerate(chunk.pictures):
            index = picture.index
            shot = self._glances[max(self._cuts[-1] if self._cuts else 0, index - LOOK) : index]
            if is_cut(shot, self._glances[index : index + LOOK]):
                self._cuts.append(index)
                self._tracker.cut()
            with self._timed("following"):
                self._tracker.move(index, picture.grey, picture.scale)
            if index in chunk.faces:
                found = chunk.faces[index].result()
                with self._timed("associating"):
                    self._see(picture, found)
            # The picture is not needed any more; the chunk keeps its place.
            chunk.pictures[place] = Picture(
                index, picture.frame[:0], picture.grey[:0], picture.scale, picture.glance
            )
            self._frames = index + 1

    def _see(self, picture: Picture, found: Sequence[tuple[Face, Quality]]) -> None:
        faces, qualities = [face for face, _ in found], [quality for _, quality in found]
        right = partial(self._right, picture) if self._righting else None
        for tracklet, face, quality in self._tracker.see(picture.index, faces, qualities, right):
            tracklet.watch(picture.grey, face.box * np.float32(picture.scale))
            best = self._best.get(tracklet)
            if best is not None and picture.index // self._bin != best.frame // self._bin:
                self._embed(tracklet)
                best = None
            if quality.overall > 0 and (best is None or quality.overall > best.quality.overall):
                self._best[tracklet] = Sample(
                    frame=picture.index,
                    quality=quality,
                    prepared=self._backend.embedder.prepare(picture.frame, face, picture.index),
                    thumb=grey_thumb(picture.frame, face, self._settings.thumb_side),
                )

    def _right(
        self, picture: Picture, tracklet: Tracklet, face: Face, quality: Quality
    ) -> tuple[Face, Quality]:
        """Put the landmarks of a tilted head where they are."""
        assert self._righting is not None
        started = time.thread_time()
        righted = self._righting.righted(picture.frame, face, picture.index, tracklet.lean)
        if righted is not face:
            quality = measure_quality(picture.frame, righted)
        spent = time.thread_time() - started
        self._spend("righting", spent)
        self._spend("associating", -spent)  # in the midst of which it happens
        return righted, quality

    def _embed(self, tracklet: Tracklet) -> None:
        """Send a tracklet's best face of a while to the embedder, and let go of its pixels."""
        sample = self._best.pop(tracklet)
        self._embedded[id(tracklet), sample.frame] = self._pool.submit(self._embed_one, sample.prepared)
        sample.prepared = np.zeros(0)
        tracklet.samples.append(sample)

    def _embed_one(self, prepared: NDArray) -> NDArray[np.float32]:
        started = time.thread_time()
        embedding = self._backend.embedder.embed([prepared])[0]
        self.timings["embedding"] += time.thread_time() - started
        return embedding

    def _embeddings(self, tracklet: Tracklet) -> NDArray[np.float32]:
        rows = [self._embedded[id(tracklet), sample.frame].result() for sample in tracklet.samples]
        return np.array(rows, np.float32).reshape(-1, self._backend.space.dimension)

    def _is_real(self, group: Sequence[Piece]) -> bool:
        """Say whether a face is more than the detector's momentary mistake."""
        scores = [quality.score for piece in group for quality in piece.tracklet.detections.values()]
        seen, sure = len(scores), max(scores) >= SURE
        return seen >= MIN_DETECTIONS or (seen >= 2 and sure) or (sure and self._frames <= 2 * self._stride)

    def _track(self, number: int, group: Sequence[Piece], picture_change: float) -> Track:
        tracklets = [piece.tracklet for piece in group]
        bridge_gaps(tracklets, self._fps)
        frames = np.array([f for t in tracklets for f in t.frames], np.int32)
        detections = {f: q.overall for t in tracklets for f, q in t.detections.items()}
        seen = sorted(detections)
        samples = [sample for t in tracklets for sample in t.samples]
        scale = np.float32(self._scale)
        thumbs = np.array([s.thumb for s in samples], np.uint8)
        return Track(
            number=number,
            frames=frames,
            boxes=np.array([b for t in tracklets for b in t.boxes], np.float32) * scale,
            landmarks=np.array([m for t in tracklets for m in t.landmarks], np.float32) * scale,
            detected=np.isin(frames, seen),
            quality=np.interp(frames, seen, [detections[f] for f in seen]).astype(np.float32),
            sample_frames=np.array([s.frame for s in samples], np.int32),
            sample_quality=np.array([s.quality.overall for s in samples], np.float32),
            sample_size=np.array([s.quality.size for s in samples], np.float32) * scale,
            sample_sharpness=np.array([s.quality.sharpness for s in samples], np.float32),
            sample_yaw=np.array([s.quality.yaw for s in samples], np.float32),
            embeddings=np.concatenate([piece.embeddings for piece in group]),
            thumbs=thumbs.reshape(-1, self._settings.thumb_side, self._settings.thumb_side),
            still=is_still(tracklets, self._fps, picture_change),
        )

    def _spend(self, step: str, seconds: float) -> None:
        self.timings[step] += seconds

    @contextmanager
    def _timed(self, step: str) -> Iterator[None]:
        started = time.thread_time()
        yield
        self.timings[step] += time.thread_time() - started
