"""Manifests, row by row: what is taken, and the line number and reason of what is not."""

import json
import os
from pathlib import Path

import pytest

from datasets.importing.manifest import read_manifest
from datasets.importing.rows import Parsed


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "clips").mkdir()
    for name in ("a.mp4", "b.mp4", "c.mp4"):
        (tmp_path / "clips" / name).write_bytes(name.encode())
    (tmp_path / "clips" / "empty.mp4").write_bytes(b"")
    (tmp_path / "refs" / "jo").mkdir(parents=True)
    (tmp_path / "refs" / "jo" / "1.jpg").write_bytes(b"jpeg")
    (tmp_path / "refs" / "al").mkdir()
    (tmp_path / "refs" / "al" / "1.jpg").write_bytes(b"jpeg")
    return tmp_path


def read(folder: Path, text: str | bytes, name: str = "import.csv") -> Parsed:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_manifest(path)


def said(parsed: Parsed) -> list[str]:
    return [str(problem) for problem in parsed.problems]


def test_every_column_is_read(folder: Path) -> None:
    parsed = read(
        folder,
        "clip,prompt,subjects,references,generator,generator_version,seed,pair,published_better,origin,licence\n"
        'clips/a.mp4,"Two, at ""home""",jo;al,refs/jo/1.jpg;refs/al/1.jpg,Gen,2,7,p1,yes,generated,CC BY 4.0\n',
    )
    assert not parsed.problems
    [row] = parsed.rows
    assert (row.line, row.name, row.bytes, row.prompt) == (2, "clips/a.mp4", 5, 'Two, at "home"')
    assert (row.subjects, row.generator, row.generator_version, row.seed) == (("jo", "al"), "Gen", "2", "7")
    assert (row.pair, row.better, row.origin, row.licence) == ("p1", "yes", "generated", "CC BY 4.0")
    assert [(each.subject, each.name) for each in row.references] == [
        ("jo", "refs/jo/1.jpg"),
        ("al", "refs/al/1.jpg"),
    ]


@pytest.mark.parametrize(
    ("clip", "reason"),
    [
        ("clips/none.mp4", "does not exist"),
        ("clips\\a.mp4", "does not exist; write folders with / instead of \\"),
        ("", "names no file"),
        ("clips", "is a folder, not a file"),
        ("clips/", "is a folder, not a file"),
        ("../secret.mp4", "leaves the folder of the manifest"),
        ("clips/../../secret.mp4", "leaves the folder of the manifest"),
        ("clips/..", "is a folder, not a file"),
        ("..", "leaves the folder of the manifest"),
        ("/etc/passwd", "is an absolute path; files are named relative to the folder of the manifest"),
        ("C:\\a.mp4", "is an absolute path; files are named relative to the folder of the manifest"),
        ("clips/empty.mp4", "is empty (0 bytes)"),
        ("clips/out.mp4", "leaves the folder of the manifest"),
        ("linked/secret.mp4", "leaves the folder of the manifest"),
        ("clips/dangling.mp4", "is a link to a file that does not exist"),
        ("clips/pipe.mp4", "is not a regular file"),
        ("x" * 300 + ".mp4", "cannot be opened (file name too long)"),
        ("clips/a.mp4\0", "has a zero byte in column 'clip'"),
    ],
)
def test_a_file_that_cannot_be_taken_costs_its_own_row(folder: Path, clip: str, reason: str) -> None:
    outside = folder.parent / "secret.mp4"
    outside.write_bytes(b"secret")
    (folder / "clips" / "out.mp4").symlink_to(outside)
    (folder / "clips" / "dangling.mp4").symlink_to(folder / "nowhere.mp4")
    (folder / "linked").symlink_to(folder.parent)
    os.mkfifo(folder / "clips" / "pipe.mp4")
    parsed = read(folder, f'clip,prompt\nclips/a.mp4,x\n"{clip}",x\nclips/b.mp4,x\n')
    assert [row.name for row in parsed.rows] == ["clips/a.mp4", "clips/b.mp4"]
    [problem] = parsed.problems
    assert (problem.line, problem.reason) == (3, reason)


def test_a_link_that_stays_inside_is_followed(folder: Path) -> None:
    (folder / "same.mp4").symlink_to(folder / "clips" / "a.mp4")
    [row] = read(folder, "clip\nsame.mp4\n").rows
    assert row.path == (folder / "clips" / "a.mp4").resolve()


@pytest.mark.parametrize(
    ("header", "line", "reason"),
    [
        ("clip,seed", "clips/a.mp4,1,2", "the line has 3 cells, the header 2"),
        ("clip,seed", "clips/a.mp4", "the line has 1 cells, the header 2"),
        (
            "clip,published_better",
            "clips/a.mp4,maybe",
            "has published_better 'maybe'; it is yes, no, tie or empty",
        ),
        ("clip,origin", "clips/a.mp4,dreamt", "has origin 'dreamt'; it is one of real, generated, distorted"),
        ("clip,origin,generator", "clips/a.mp4,real,Gen", "is said to be real and to come from a generator"),
        ("clip,subjects", "clips/a.mp4,jo;jo", "names a subject twice"),
        (
            "clip,generator",
            f"clips/a.mp4,{'g' * 201}",
            "has 201 characters in column 'generator'; at most 200 fit",
        ),
        (
            "clip,subjects,references",
            "clips/a.mp4,jo;al,clips/b.mp4;clips/c.mp4;clips/a.mp4",
            "has 3 references for 2 subjects; write subject=path to say whose each is",
        ),
        ("clip,prompt", 'clips/a.mp4,"quoted" badly', "the line is not valid CSV (',' expected after '\"')"),
    ],
)
def test_a_bad_value_costs_its_own_row(folder: Path, header: str, line: str, reason: str) -> None:
    padding = "," * header.count(",")
    parsed = read(folder, f"{header}\n{line}\nclips/b.mp4{padding}\n")
    assert [row.name for row in parsed.rows] == ["clips/b.mp4"]
    [problem] = parsed.problems
    assert (problem.line, problem.reason) == (2, reason)


def test_bytes_that_are_no_text_cost_their_own_row(folder: Path) -> None:
    parsed = read(folder, b"clip,prompt\nclips/a.mp4,caf\xe9\nclips/b.mp4,caf\xc3\xa9\nclips/\xff.mp4,x\n")
    assert [(row.name, row.prompt) for row in parsed.rows] == [("clips/b.mp4", "café")]
    assert said(parsed) == [
        "line 2: clips/a.mp4: is not UTF-8 text in column 'prompt'",
        "line 4: clips/\N{REPLACEMENT CHARACTER}.mp4: is not UTF-8 text in column 'clip'",
    ]


def test_a_byte_order_mark_and_windows_line_ends_are_fine(folder: Path) -> None:
    parsed = read(folder, b"\xef\xbb\xbfclip,prompt\r\nclips/a.mp4,x\r\n\r\n")
    assert not parsed.problems
    assert [row.name for row in parsed.rows] == ["clips/a.mp4"]


def test_a_cell_over_several_lines_keeps_the_numbers_right(folder: Path) -> None:
    parsed = read(folder, 'clip,prompt\nclips/a.mp4,"one\ntwo\nthree"\nclips/none.mp4,x\n')
    assert parsed.rows[0].prompt == "one\ntwo\nthree"
    assert said(parsed) == ["line 5: clips/none.mp4: does not exist"]


def test_an_unknown_column_is_named_and_left_out(folder: Path) -> None:
    parsed = read(folder, "clip,promt\nclips/a.mp4,x\n")
    assert said(parsed) == ["line 1: unknown column 'promt' is left out; did you mean 'prompt'?"]
    assert [row.prompt for row in parsed.rows] == [""]


def test_the_same_clip_on_two_lines_is_taken_once(folder: Path) -> None:
    parsed = read(folder, "clip\nclips/a.mp4\nclips/b.mp4\nclips/../clips/a.mp4\n")
    assert [row.line for row in parsed.rows] == [2, 3]
    assert said(parsed) == ["line 4: clips/../clips/a.mp4: is on line 2 already"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (b"", "import.csv: is empty: it has no rows"),
        (b"clip\n", "import.csv: is empty: it has no rows"),
        (
            b"path,prompt\nclips/a.mp4,x\n",
            "line 1: import.csv: has no column 'clip'; its columns are path, prompt",
        ),
        (b"clip,clip\nclips/a.mp4,x\n", "line 1: import.csv: has the column 'clip' twice"),
        ("clip\nclips/a.mp4\n".encode("utf-16"), "line 1: import.csv: is UTF-16 text; save it as UTF-8"),
        (
            b'clip,prompt\nclips/a.mp4,"never closed\nclips/b.mp4,x\n',
            "line 2: import.csv: opens a quote here and never closes it; nothing after it was read",
        ),
        (
            b"clip\n" + b"x" * (2 * 1024 * 1024),
            "line 2: import.csv: has a line of more than 1 MB; it is no manifest",
        ),
    ],
)
def test_a_manifest_that_is_none_gets_one_sentence(folder: Path, text: bytes, sentence: str) -> None:
    parsed = read(folder, text)
    assert not parsed.rows
    assert said(parsed) == [sentence]


def test_a_missing_reference_is_said_and_the_clip_taken(folder: Path) -> None:
    parsed = read(folder, "clip,subjects,references\nclips/a.mp4,jo,refs/jo/9.jpg;refs/jo/1.jpg\n")
    assert said(parsed) == ["line 2: reference refs/jo/9.jpg: does not exist"]
    assert [each.name for each in parsed.rows[0].references] == ["refs/jo/1.jpg"]


@pytest.mark.parametrize(
    "references",
    ["refs/al/1.jpg;refs/jo/1.jpg", "al=refs/al/1.jpg;jo=refs/jo/1.jpg"],
    ids=["by their folders, whatever the order", "by name"],
)
def test_whose_reference_it_is(folder: Path, references: str) -> None:
    parsed = read(folder, f"clip,subjects,references\nclips/a.mp4,jo;al,{references}\n")
    assert {each.subject: each.name for each in parsed.rows[0].references} == {
        "jo": "refs/jo/1.jpg",
        "al": "refs/al/1.jpg",
    }


def test_jsonl_says_the_same(folder: Path) -> None:
    lines = [
        {
            "clip": "clips/a.mp4",
            "subjects": ["jo"],
            "references": ["refs/jo/1.jpg"],
            "seed": 7,
            "published_better": True,
        },
        {"clip": "clips/b.mp4", "prompt": None, "promt": "x"},
        {"clip": ["clips/c.mp4"]},
        {"clip": "clips/c.mp4", "prompt": "\ud800"},
        ["clips/c.mp4"],
    ]
    text = "\n".join(json.dumps(line) for line in lines) + "\n{broken\n" + "[" * 100_000 + "\n"
    parsed = read(folder, text, "import.jsonl")
    assert [(row.line, row.seed, row.better) for row in parsed.rows] == [(1, "7", "yes"), (2, "", "")]
    assert [problem.line for problem in parsed.problems] == [2, 3, 4, 5, 6, 7]
    assert said(parsed)[0] == "line 2: unknown column 'promt' is left out; did you mean 'prompt'?"
    assert said(parsed)[2] == "line 4: clips/c.mp4: is not UTF-8 text in column 'prompt'"
