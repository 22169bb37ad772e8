"""Opening a file that may be anything: what it is, whether we read it, and what to say if not."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av
import av.error
from av.container import InputContainer
from av.video.stream import VideoStream

from datasets.media.errors import MediaError
from datasets.media.limits import DEFAULT_LIMITS, Limits
from datasets.media.regular import require_regular_file

# Real containers only. Playlists (HLS, DASH, concat, image sequences) name further files, and a
# hostile one would have us read those; FFmpeg recognises them by content, whatever their name is.
CONTAINERS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts"
PROTOCOLS = "file"

# FFmpeg names of the decoders that an uploaded stream may reach.
DECODERS = frozenset(
    {
        *(
            "h264",
            "hevc",
            "av1",
            "libdav1d",
            "vp8",
            "vp9",
            "libvpx",
            "libvpx-vp9",
            "mpeg4",
            "prores",
            "dnxhd",
        ),
        *("mpeg1video", "mpeg2video", "h263", "mjpeg", "msmpeg4", "msmpeg4v2", "wmv1", "wmv2", "theora"),
        *("ffv1", "huffyuv", "rawvideo"),
    }
)

# Fixed, so that memory and results do not depend on how many cores the machine has.
DECODER_THREADS = 4

# What a file that is no video is, by its first bytes: "it is …".
SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"\x89PNG\r\n\x1a\n", "a PNG picture"),
    (b"GIF8", "a GIF picture"),
    (b"BM", "a BMP picture"),
    (b"%PDF", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"ID3", "a sound file"),
    (b"OggS", "an Ogg file, which is not among the containers read here"),
    (b"fLaC", "a sound file"),
    (b"#EXTM3U", "a playlist"),
    (b"ffconcat", "a playlist"),
)


@contextmanager
def open_video(
    path: str | os.PathLike[str], limits: Limits = DEFAULT_LIMITS
) -> Iterator[tuple[InputContainer, VideoStream]]:
    """Open a local file for reading and give its container and its first real video stream.

    Errors of FFmpeg inside the `with` block leave it as MediaError too.

    Raises:
        MediaError: not a regular file, empty, no video, or a kind of video that is not read here.
    """
    source = Path(path)
    require_regular_file(source, limits)
    try:
        # "file:" keeps a name such as "http://…" or "concat:…" from being taken for a protocol.
        with av.open(
            f"file:{source}",
            mode="r",
            options={
                "protocol_whitelist": PROTOCOLS,
                "format_whitelist": CONTAINERS,
                "max_pixels": str(limits.pixels),
            },
            metadata_errors="replace",
        ) as container:
            yield container, _video_stream(container, source.name)
    except av.error.MemoryError as error:
        raise MediaError(source.name, "needs more memory to decode than one clip may use") from error
    except (av.error.InvalidDataError, av.error.ArgumentError, av.error.EOFError) as error:
        raise MediaError(source.name, describe_unreadable(source)) from error
    except av.error.FFmpegError as error:
        raise MediaError(
            source.name, f"cannot be read ({(error.strerror or 'unknown error').lower()})"
        ) from error


def _video_stream(container: InputContainer, name: str) -> VideoStream:
    # A cover picture in a music file is a video stream to FFmpeg, but no video.
    streams = [s for s in container.streams.video if not s.disposition & av.stream.Disposition.attached_pic]
    if not streams:
        raise MediaError(name, "has sound but no video" if container.streams.audio else "holds no video")
    stream = streams[0]
    # A stream of unknown coding has no decoder, whatever the type stubs say.
    if getattr(stream, "codec_context", None) is None:
        raise MediaError(name, "is coded in a way that is not read here")
    decoder = stream.codec_context.codec.name
    if decoder not in DECODERS:
        raise MediaError(name, f"is coded as {decoder}, which is not read here")
    stream.thread_type = "AUTO"
    stream.codec_context.thread_count = DECODER_THREADS
    if decoder == "hevc":
        # This decoder hides damage and says nothing, unless it is told to report it.
        stream.codec_context.options = {"err_detect": "+explode"}
    return stream


def describe_unreadable(source: Path) -> str:
    """Say what a file that FFmpeg refused is, judged by its first bytes."""
    try:
        with source.open("rb") as file:
            head = file.read(4096)
    except OSError:
        return "cannot be read"
    for signature, kind in SIGNATURES:
        if head.startswith(signature):
            return f"is not a video: it is {kind}"
    if head[4:8] in (b"ftyp", b"moov", b"mdat") or head.startswith((b"\x1aE\xdf\xa3", b"RIFF")):
        return "is damaged: the index that players need is missing or unreadable, as when a copy or upload was cut off"
    if _looks_like_text(head):
        return "is not a video: it holds text"
    return "is not a video, or of a kind that is not read here"


def _looks_like_text(head: bytes) -> bool:
    try:
        text = head[:4000].decode("utf-8", errors="strict" if len(head) < 4000 else "ignore")
    except UnicodeDecodeError:
        return False
    return all(char.isprintable() or char.isspace() for char in text)
