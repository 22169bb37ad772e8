"""What an annotator's browser gets in the workbench, searched for anything that says which clip is which."""

import base64
import json
import re
from pathlib import Path
from typing import Any

import av
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client

from annotator.models import Item, Slot, Study
from annotator.services.gold import gold_add, gold_settings
from annotator.services.studies import study_create, study_open
from datasets.media.playback import make_playback
from datasets.models import Clip, ClipAnalysis, IdentityTrack, Pair, Reference
from tests.annotator.analyses import make_analysis
from tests.annotator.factories import make_annotator, make_clip, make_person
from tests.annotator.known import know
from tests.annotator.test_slots_api import claim, client_of, submit
from tests.datasets.media.clips import encode, moving_square

# Numbers that stand nowhere by chance.
FIRST_CLIP, FIRST_PAIR, FIRST_ITEM = 771_000_001, 772_000_001, 773_000_001
FACTS = ("sha256", "playback_sha256", "generator", "generator_version", "seed", "source_name", "licence")
FILES = ("file", "playback_file", "poster_file", "filmstrip_file")


@pytest.fixture
def study(db) -> Study:
    """Three clips in three pairs, so that every clip is shown to everybody in two slots."""
    people = (make_person(), make_person())
    clips = [
        make_clip(
            pk=FIRST_CLIP + number,
            subjects=people,
            # Named like the rest: a stem of digits alone would be found by chance in a token sooner or later.
            file=f"originals/secret-original-{number}.mp4",
            playback_sha256=f"{number + 7:064x}",
            playback_file=default_storage.save(
                f"playback/secret-{number}.mp4", ContentFile(b"0123456789" * 5)
            ),
            generator=f"secret-generator-{number}",
            generator_version=f"secret-version-{number}",
            source_name=f"secret-source-{number}.mov",
            seed=f"secret-seed-{number}",
            licence=f"secret-licence-{number}",
            prompt="Two friends cook.",
        )
        for number in range(3)
    ]
    for person in people:
        file = default_storage.save("references/secret.jpg", ContentFile(b"a face"))
        Reference.objects.create(
            person=person, sha256="secret-sha", file=file, width=9, height=9, source_name="secret-name.jpg"
        )
    for number, (a, b) in enumerate(((0, 1), (0, 2), (1, 2))):
        Pair.objects.create(
            pk=FIRST_PAIR + number,
            clip_a=clips[a],
            clip_b=clips[b],
            prompt="Two friends cook.",
            key=f"secret-key-{number}",
            published_better="a",
        )
    study = study_create(
        name="Friends", pairs=Pair.objects.all(), created_by=None, overlap=2, example_clips=clips[:1]
    )
    for number, item in enumerate(study.items.all()):
        Slot.objects.filter(item=item).delete()
        Item.objects.filter(pk=item.pk).delete()
        again = Item.objects.create(
            pk=FIRST_ITEM + number, study=study, pair=item.pair, position=item.position
        )
        for slot_no in range(2):
            Slot.objects.create(
                study=study,
                item=again,
                slot_no=slot_no,
                position=10 * slot_no + number,
                left_is_a=slot_no == 0,
            )
    # Analysed by two face models, one of them twice as often.
    for number, clip in enumerate(clips):
        step = 0.25 / (1 + number % 2)
        make_analysis(clip, *people, step=step, columns=6 * (1 + number % 2), backend=f"secret-{number % 2}")
    return study_open(study=study)


def secrets() -> set[str]:
    clips = Clip.objects.all()
    told = {str(getattr(clip, name)) for clip in clips for name in (*FACTS, *FILES)}
    told |= {Path(getattr(clip, name)).stem for clip in clips for name in FILES}
    rows = [*clips, *Pair.objects.all(), *Item.objects.all()]
    told |= {str(row.pk) for row in rows} | {f"{row.pk:x}" for row in rows}
    told = {secret for secret in told if secret} | {"secret", "published"}
    assert all("secret" in secret or len(secret) > 7 for secret in told), "so short that chance may find it"
    return told


class Browser:
    """An annotator's browser that keeps everything it gets: addresses, headers and bodies, clips' bytes apart."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.got: list[str] = []

    def keep(self, response: Any) -> Any:
        if response.streaming:
            response.getvalue()
        self.got += [f"{key}: {value}" for key, value in response.headers.items()]
        if not response.headers.get("Content-Type", "").startswith(("video/", "image/")):
            self.got.append(response.content.decode())
        return response

    def media(self, url: str) -> dict[str, str]:
        """Ask for a file in every way there is; return the headers of the whole."""
        self.got.append(url)
        for headers in ({"range": "bytes=2-5"}, {"range": "bytes=9999-"}, {"if-none-match": "*"}):
            self.keep(self.client.get(url, headers=headers))
        self.keep(self.client.head(url))
        return dict(self.keep(self.client.get(url)).headers)


def shown(study: Study, client: Client) -> tuple[Browser, dict[int, list[dict[str, str]]]]:
    """Judge all pairs; return what was got, and for each clip the headers of every slot that showed it."""
    browser = Browser(client)
    headers: dict[int, list[dict[str, str]]] = {}
    for url in (f"/w/{study.slug}/", f"/api/v1/studies/{study.slug}", "/api/v1/studies", "/work/"):
        browser.keep(client.get(url))
    browser.media(f"/w/{study.slug}/examples/1.mp4")
    while (claimed := claim(client, study)).status_code == 200:
        payload = browser.keep(claimed).json()
        slot = Slot.objects.select_related("item__pair").get(state="leased")
        pair = slot.item.pair
        sides = (pair.clip_a_id, pair.clip_b_id) if slot.left_is_a else (pair.clip_b_id, pair.clip_a_id)
        for side, clip in zip(("left", "right"), sides, strict=True):
            headers.setdefault(clip, []).append(browser.media(payload[side]["url"]))
        for person in payload["people"]:
            browser.media(person["references"][0])
        token = payload["slot"]["token"]
        faces = browser.keep(client.get(f"/api/v1/slots/{token}/faces")).json()
        for side, clip in zip(("left", "right"), sides, strict=True):
            headers.setdefault(-clip, []).append(browser.media(faces[side]))
        refused = browser.keep(client.post(f"/api/v1/slots/{token}/curves", content_type="application/json"))
        assert refused.status_code == 409
        report = {"person": payload["people"][0]["id"], "remark": "Not Ada."}
        browser.keep(client.post(f"/api/v1/slots/{token}/reports", report, content_type="application/json"))
        browser.keep(submit(client, payload["slot"]["token"]))
        browser.keep(client.get(f"/api/v1/studies/{study.slug}/slots/last"))
    browser.keep(client.get("/api/v1/judgments"))
    return browser, headers


@pytest.mark.django_db
def test_nothing_that_comes_from_a_clip_but_its_pictures_is_sent(study):
    browser, _ = shown(study, client_of(make_annotator(study)))
    told = "\n".join(browser.got)
    # A token is text of base 64: what it hides must not be read by turning it back either.
    tokens = set(re.findall(r"/w/media/([\w-]+)/", told)) | set(re.findall(r'"token": ?"([\w-]+)"', told))
    opened = b"\n".join(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)) for token in tokens)
    assert len(tokens) > 12
    for secret in secrets():
        assert secret not in told, secret
    for row in (*Clip.objects.all(), *Pair.objects.all(), *Item.objects.all()):
        assert row.pk.to_bytes(4, "big") not in opened
        assert row.pk.to_bytes(4, "little") not in opened


@pytest.mark.django_db
def test_nothing_measured_is_sent_before_the_answer(study):
    """Neither similarity nor score, in any of the roundings in which they are stored."""
    client = client_of(make_annotator(study))
    payload = claim(client, study).json()
    token = payload["slot"]["token"]
    body = client.get(f"/api/v1/slots/{token}/faces").json()
    told = json.dumps([payload, body]) + client.get(f"/w/{study.slug}/").content.decode()
    # The fraction of a second would now and then read like a similarity, and a token like anything.
    told = re.sub(r"T\d\d:\d\d:\d\d\.\d+", "", told).replace(token, "")
    tracks = IdentityTrack.objects.all()
    measured = {value for track in tracks for name in ("own", "other") for value in track.curve[name]}
    measured |= {track.threshold for track in tracks} | {track.similarity for track in tracks}
    measured |= {analysis.score for analysis in ClipAnalysis.objects.all()}
    assert len(measured) > 6
    assert [value for value in measured if f"{value:.2f}" in told] == []
    assert set(body) == {"moments", "curves", "reported", "left", "right", "people"}
    assert {key for person in body["people"] for side in ("left", "right") for key in person[side]} == {
        "seen",
        "note",
    }


@pytest.mark.django_db
def test_two_slots_of_one_clip_look_like_two_of_different_clips(study):
    everything = []
    for _ in range(2):
        _, headers = shown(study, client_of(make_annotator(study)))
        everything += [(clip, each) for clip, of_clip in headers.items() for each in of_clip]
    assert len(everything) == 24
    tags = [each.pop("ETag") for _, each in everything]
    assert len(set(tags)) == 24
    # All clips of this study have one size, so nothing else differs either.
    clips = [each for clip, each in everything if clip > 0]
    assert len({tuple(sorted(each.items())) for each in clips}) == 1
    crops = [{**each, "Content-Length": ""} for clip, each in everything if clip < 0]
    assert len({tuple(sorted(each.items())) for each in crops}) == 1
    assert "Last-Modified" not in everything[0][1]


@pytest.fixture
def gold_study(study) -> Study:
    """The three pairs again, one of them a test question that is due at once."""
    pair = Pair.objects.get(pk=FIRST_PAIR + 1)
    know(pair, *pair.clip_a.subjects.all()[:1], batch="secret batch", recipe="secret_recipe", onset=11)
    Slot.objects.filter(item__pair=pair).delete()
    Item.objects.filter(pair=pair).delete()
    gold_add(study=study)
    gold_settings(
        study=study,
        share=0.5,
        most=None,
        tie_up_to=2,
        feedback=False,
        qualification_size=0,
        qualification_pass=0,
    )
    return study


@pytest.mark.django_db
def test_a_test_question_looks_like_any_pair(gold_study):
    """The same keys and kinds of values in every payload and reply, the same headers, and no word of what is known."""
    client = client_of(make_annotator(gold_study))
    shapes: dict[bool, set[str]] = {True: set(), False: set()}
    told = []
    while (claimed := claim(client, gold_study)).status_code == 200:
        is_gold = Item.objects.get(slots__state="leased").is_gold
        reply = submit(client, claimed.json()["slot"]["token"])
        last = client.get(f"/api/v1/studies/{gold_study.slug}/slots/last")
        for response in (claimed, reply, last):
            headers = sorted(key for key in response.headers if key != "Content-Length")
            shapes[is_gold].add(json.dumps([shape_of(response.json()), headers]))
            told.append(response.content.decode())
    assert shapes[True] == shapes[False]
    assert len(shapes[True]) == 3
    text = "\n".join([*told, client.get("/api/v1/judgments").content.decode()])
    for word in ("secret", "gold", "known", "synthetic", "distort"):
        assert word not in text


def shape_of(value: Any) -> Any:
    """JSON without what differs from pair to pair; words that are one of a few stay."""
    if isinstance(value, dict):
        # Of the first pair there is no pace yet, whichever it is.
        return {key: "" if key == "median_seconds" else shape_of(each) for key, each in value.items()}
    if isinstance(value, list):
        return [shape_of(each) for each in value[:1]]
    is_word = value is None or isinstance(value, bool) or value in ("answer", "review", "gold", "qualify")
    return value if is_word else type(value).__name__


@pytest.mark.parametrize(
    ("codec", "names"),
    [
        ("ffv1", ["wan-2.1 seed 7.mkv", "camera.avi", "tagged.mkv"]),
        ("libx264", ["wan-2.1 seed 7.mp4", "tagged.mov", "tagged.mkv"]),
    ],
)
def test_a_copy_does_not_tell_what_it_was_made_from(tmp_path, codec, names):
    """The same pictures, from files that differ in name, container and tags: the same copy, byte for byte."""
    copies = []
    for name in names:
        source, first = tmp_path / name, tmp_path / names[0]
        if name.startswith("tagged"):
            tagged(first, source)
        else:
            encode(source, moving_square(20), codec=codec, container=FORMATS[source.suffix])
        make_playback(source, tmp_path / f"copy of {name}.mp4")
        copies.append((tmp_path / f"copy of {name}.mp4").read_bytes())
    assert len(set(copies)) == 1
    for word in (b"wan", b"seed", b"camera", b"tagged", b"generated by"):
        assert word not in copies[0].lower()


FORMATS = {".mkv": "matroska", ".avi": "avi", ".mp4": "mp4", ".mov": "mov"}


def tagged(source: Path, target: Path) -> Path:
    """Put the stream of a file into another one that says in its tags where it comes from."""
    with av.open(str(source)) as given, av.open(str(target), "w", format=FORMATS[target.suffix]) as made:
        made.metadata.update({"title": "wan-2.1", "comment": "seed 7", "encoder": "generated by wan"})
        stream = made.add_stream_from_template(given.streams.video[0])
        stream.metadata["handler_name"] = "wan-2.1"
        for packet in given.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                made.mux(packet)
    return target
