"""Stored analyses, the cache, the pool, and the command for one file."""

import json
import sys
from html.parser import HTMLParser

import numpy as np
import pytest

from datasets.identity import __main__ as command
from datasets.identity.analyse import analyse_clip
from datasets.identity.cache import analyse_cached, cache_path, content_hash
from datasets.identity.errors import StoreError
from datasets.identity.matching import match_tracks
from datasets.identity.report.page import report_write
from datasets.identity.settings import Settings
from datasets.identity.store import analysis_read, analysis_summary, analysis_write
from tests.datasets.identity.films import Film, constant, make_person, standing


@pytest.fixture
def film():
    return Film(standing(60, 180, frames=50), constant(2, 50))


@pytest.fixture
def analysis(film, tmp_path):
    return analyse_clip(film.write(tmp_path / "film.mp4"), film.backend)


def test_what_is_stored_is_read_back(analysis, tmp_path):
    analysis_write(analysis, tmp_path / "a" / "tracks.npz")
    again = analysis_read(tmp_path / "a" / "tracks.npz")

    assert (again.frames, again.fps, again.space, again.backend) == (
        analysis.frames,
        analysis.fps,
        analysis.space,
        analysis.backend,
    )
    assert again.notes == analysis.notes
    for read, made in zip(again.tracks, analysis.tracks, strict=True):
        assert np.array_equal(read.frames, made.frames)
        assert np.abs(read.boxes - made.boxes).max() <= 0.06
        assert np.abs(read.embeddings - made.embeddings).max() < 2e-3
        assert np.array_equal(read.thumbs, made.thumbs)
        assert read.still == made.still
    assert json.loads(json.dumps(analysis_summary(again))) == analysis_summary(analysis)


def test_an_analysis_without_faces_is_stored_too(tmp_path):
    film = Film(np.full((10, 1, 2), np.nan), constant(1, 10))
    analysis_write(analyse_clip(film.write(tmp_path / "film.mp4"), film.backend), tmp_path / "tracks.npz")

    assert analysis_read(tmp_path / "tracks.npz").tracks == ()


def test_damaged_missing_and_foreign_files_are_sentences(analysis, tmp_path, monkeypatch):
    path = tmp_path / "tracks.npz"
    with pytest.raises(StoreError, match="There are no tracks"):
        analysis_read(path)
    analysis_write(analysis, path)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(StoreError, match="damaged"):
        analysis_read(path)
    monkeypatch.setattr("datasets.identity.store.SCHEMA", 99)
    path.write_bytes(whole)
    with pytest.raises(StoreError, match="schema 1, this program reads 99"):
        analysis_read(path)


def test_the_same_content_is_analysed_once_per_backend_and_settings(film, tmp_path, monkeypatch):
    clip = film.write(tmp_path / "film.mp4")
    analyse_cached(clip, film.backend, tmp_path / "cache")
    copy = tmp_path / "renamed.mp4"
    copy.write_bytes(clip.read_bytes())
    monkeypatch.setattr(
        "datasets.identity.cache.analyse_clip", lambda *_, **__: pytest.fail("analysed again")
    )

    assert len(analyse_cached(copy, film.backend, tmp_path / "cache").tracks) == 2
    other = Settings(max_samples=8)
    with pytest.raises(pytest.fail.Exception, match="analysed again"):
        analyse_cached(copy, film.backend, tmp_path / "cache", settings=other)


def test_a_damaged_cache_file_is_made_anew(film, tmp_path):
    clip = film.write(tmp_path / "film.mp4")
    analyse_cached(clip, film.backend, tmp_path / "cache")
    path = cache_path(tmp_path / "cache", content_hash(clip), film.backend, Settings())
    path.write_bytes(b"damaged")

    assert len(analyse_cached(clip, film.backend, tmp_path / "cache").tracks) == 2
    assert analysis_read(path).frames == 50


@pytest.mark.slow
def test_a_pool_gives_each_clip_a_summary_or_a_sentence(shared_models, film, tmp_path):
    from datasets.identity.pool import analyse_many

    clip = film.write(tmp_path / "film.mp4")
    text = tmp_path / "text.mp4"
    text.write_text("no film")
    outcomes = {
        outcome.path: outcome
        for outcome in analyse_many(
            [clip, text], backend="mobilefacenet", models=shared_models, cache=tmp_path / "cache", processes=2
        )
    }

    summary = outcomes[clip].summary
    assert summary is not None
    assert summary["frames"] == 50
    assert outcomes[text].summary is None
    assert "text.mp4" in outcomes[text].error


class Page(HTMLParser):
    """What a page shows and what it would fetch."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.sources: list[str] = []
        self.tags: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.sources += [value for name, value in attributes if name in ("src", "href")]


def test_the_page_holds_all_it_shows(film, analysis, tmp_path):
    people = [make_person(0, name="Anna <b>"), make_person(1, name="Bela")]
    matching = match_tracks(analysis, people)
    metrics = report_write(tmp_path / "film.mp4", tmp_path / "page.html", analysis, matching, people)
    text = (tmp_path / "page.html").read_text()
    page = Page(text)

    assert metrics.score > 0.8
    assert f"{metrics.score:.2f}" in text
    assert page.sources
    assert all(source.startswith("data:image/jpeg;base64,") for source in page.sources)
    assert {"script", "link", "b"} & set(page.tags) == {"b"}
    assert page.tags.count("b") == 1  # the score; a name is never markup
    assert "Anna &lt;b&gt;" in text
    assert page.tags.count("svg") == 2


def test_a_missing_person_stands_on_the_page_as_missing(film, analysis, tmp_path):
    people = [make_person(0), make_person(1), make_person(2, name="Cora")]
    matching = match_tracks(analysis, people)
    report_write(tmp_path / "film.mp4", tmp_path / "page.html", analysis, matching, people)

    assert "Not found in this clip." in (tmp_path / "page.html").read_text()


def test_the_command_says_what_is_wrong(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("LIKENESS_MODELS", str(tmp_path))
    arguments = [str(tmp_path / "no.mp4"), "--references", str(tmp_path), "--backend", "opencv"]

    assert command.main(arguments) == 1
    assert "The YuNet face detector is missing" in capsys.readouterr().err


@pytest.mark.slow
def test_the_command_writes_a_page(shared_models, shared_data, tmp_path, capsys):
    references = tmp_path / "references"
    for name in ("concatid_man_a", "concatid_man_b"):
        (references / name).mkdir(parents=True)
        for picture in (shared_data / "refs" / name).iterdir():
            (references / name / picture.name).write_bytes(picture.read_bytes())
    clip = shared_data / "pairs/concatid_4-4/a.mp4"
    options = ["--backend", "mobilefacenet", "--models", str(shared_models), "--json"]
    out = tmp_path / "page.html"

    assert command.main([str(clip), "--references", str(references), "--out", str(out), *options]) == 0
    assert "concatid_man_a" in out.read_text()
    assert '"score": 0.6' in capsys.readouterr().out


def test_stored_tracks_are_read_without_opencv(analysis, tmp_path):
    import subprocess

    analysis_write(analysis, tmp_path / "tracks.npz")
    program = (
        "import sys; sys.modules['cv2'] = sys.modules['scipy'] = None\n"
        "from datasets.identity.store import analysis_read\n"
        f"print(len(analysis_read({str(tmp_path / 'tracks.npz')!r}).tracks))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    assert done.stdout.strip() == "2", done.stderr
