"""Donors from a folder, and from the cast."""

import shutil

import pytest
from PIL import Image

from distortions.synthesis.errors import NoDonor
from distortions.synthesis.pool import cast_donors, donors_read


def test_the_cast_lends_faces_from_three_sides(real_backend):
    donors = cast_donors(real_backend, people=2, side=256)
    assert {donor.name for donor in donors} == {"cast 1", "cast 2"}
    assert all(donor.licence and donor.embedding is not None for donor in donors)


def test_a_folder_of_donors_says_what_it_cannot_use(real_backend, tmp_path):
    for number, donor in enumerate(cast_donors(real_backend, people=2, side=256)):
        Image.fromarray(donor.picture).save(tmp_path / f"{number}.png")
    (tmp_path / "anna").mkdir()
    shutil.move(tmp_path / "0.png", tmp_path / "anna" / "front.png")
    Image.new("RGB", (200, 200), "grey").save(tmp_path / "wall.png")
    with Image.open(tmp_path / "1.png") as picture:
        picture.resize((48, 48)).save(tmp_path / "tiny.png")
    (tmp_path / "donors.csv").write_text("file,name,licence,consent\n2.png,Bela,CC0,signed form\n")
    donors, refused = donors_read(tmp_path, real_backend)
    assert {"anna", "Bela", "1"} <= {donor.name for donor in donors}
    assert [(d.licence, d.consent) for d in donors if d.name == "Bela"] == [("CC0", "signed form")]
    assert any("wall.png shows no face" in sentence for sentence in refused)
    assert any("tiny.png" in sentence for sentence in refused)


def test_a_folder_without_donors_is_refused(real_backend, tmp_path):
    with pytest.raises(NoDonor, match="There is no folder of donors"):
        donors_read(tmp_path / "nowhere", real_backend)
    with pytest.raises(NoDonor, match="No picture in"):
        donors_read(tmp_path, real_backend)
