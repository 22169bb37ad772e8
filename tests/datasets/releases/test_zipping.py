import io
import zipfile

from datasets.releases.verify import verify_release
from datasets.releases.zipping import PIECE, zip_stream


def test_a_release_comes_out_of_its_zip_whole(written, empty):
    content = b"".join(zip_stream(written, root="tea-v1"))

    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        archive.extractall(empty)
    assert verify_release(empty / "tea-v1") == []


def test_the_same_folder_gives_the_same_bytes(written):
    assert b"".join(zip_stream(written, root="x")) == b"".join(zip_stream(written, root="x"))


def test_large_files_go_out_in_pieces(empty):
    (empty / "large").write_bytes(bytes(5 * PIECE))

    pieces = list(zip_stream(empty, root="x"))

    assert max(map(len, pieces)) < PIECE + 1000
    assert len(b"".join(pieces)) > 5 * PIECE


def test_an_empty_folder_is_an_empty_zip(empty):
    with zipfile.ZipFile(io.BytesIO(b"".join(zip_stream(empty, root="x")))) as archive:
        assert archive.namelist() == []
