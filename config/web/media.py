"""Send stored media to a browser: whole, in part, or by way of whoever sends bytes better.

A folder on this machine is sent by Django itself, or by nginx when MEDIA_ACCEL_PREFIX is set; from a bucket the
browser fetches by a signed link that expires. Who may see a file is for the view to check before.
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

from django.conf import settings
from django.core.files.storage import FileSystemStorage, default_storage
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseNotModified,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.utils.http import http_date, parse_etags, parse_http_date_safe, quote_etag

from .ranges import ByteRange, RangeNotSatisfiable, parse_range

CHUNK_BYTES = 256 * 1024
# Half of what a signed link lives, so that a browser never reuses one that has expired.
LINK_MAX_AGE_S = 1800


def serve_file(
    request: HttpRequest,
    storage_name: str,
    content_type: str,
    etag: str | None = None,
    *,
    max_age_s: int = 0,
) -> HttpResponseBase:
    """Answer GET or HEAD for a stored file, with ranges (RFC 9110, section 14).

    `etag` may be given without its quotes. For `max_age_s` the browser shows it without
    asking again; otherwise it asks each time and learns by the tag that nothing has changed.
    Raises Http404 when the file is not there.
    """
    if not storage_name:
        raise Http404
    if not isinstance(default_storage, FileSystemStorage):
        link = HttpResponseRedirect(default_storage.url(storage_name))
        return _private(link, min(max_age_s, LINK_MAX_AGE_S))
    if settings.MEDIA_ACCEL_PREFIX:
        return _private(_accelerated(storage_name, content_type), max_age_s)
    path = Path(default_storage.path(storage_name))
    return _private(_from_folder(request, path, content_type, etag), max_age_s)


def _private(response: HttpResponseBase, max_age_s: int) -> HttpResponseBase:
    response["Cache-Control"] = f"private, max-age={max_age_s}" if max_age_s else "private, no-cache"
    return response


def _accelerated(storage_name: str, content_type: str) -> HttpResponseBase:
    """Name the file to nginx, which knows ranges itself and keeps only the headers that are set here."""
    response = HttpResponse(content_type=content_type)
    response["X-Accel-Redirect"] = f"{settings.MEDIA_ACCEL_PREFIX.rstrip('/')}/{quote(storage_name)}"
    return response


def _from_folder(request: HttpRequest, path: Path, content_type: str, etag: str | None) -> HttpResponseBase:
    try:
        file = path.open("rb")
    except (FileNotFoundError, IsADirectoryError):
        raise Http404 from None
    try:
        status = os.fstat(file.fileno())
        tag = quote_etag(etag or f"{status.st_size:x}-{status.st_mtime_ns:x}")
        response = _respond(request, file, status, content_type, tag)
    except BaseException:
        file.close()
        raise
    response["Accept-Ranges"] = "bytes"
    response["ETag"] = tag
    response["Last-Modified"] = http_date(status.st_mtime)
    return response


def _respond(
    request: HttpRequest, file: BinaryIO, status: os.stat_result, content_type: str, tag: str
) -> HttpResponseBase:
    """Return the answer for an open file; unless it is streamed, the file is closed."""
    size = status.st_size
    if _is_fresh(request, tag, status.st_mtime):
        file.close()
        return HttpResponseNotModified()
    try:
        wanted = (
            parse_range(request.headers.get("Range"), size) if _range_applies(request, tag, status) else None
        )
    except RangeNotSatisfiable:
        file.close()
        return HttpResponse(
            status=416, content_type=content_type, headers={"Content-Range": f"bytes */{size}"}
        )
    part = wanted or ByteRange(0, size)
    response: HttpResponseBase
    if request.method == "HEAD":
        file.close()
        response = HttpResponse(content_type=content_type)
    else:
        response = StreamingHttpResponse(_Part(file, part), content_type=content_type)
    response["Content-Length"] = str(part.length)
    if wanted:
        response.status_code = 206
        response["Content-Range"] = f"bytes {part.start}-{part.stop - 1}/{size}"
    return response


def _is_fresh(request: HttpRequest, tag: str, modified: float) -> bool:
    """Say whether the browser has the file already. A tag decides alone where both are given."""
    if_none_match = request.headers.get("If-None-Match")
    if if_none_match:
        tags = [each.removeprefix("W/") for each in parse_etags(if_none_match)]
        return tag in tags or "*" in tags
    since = parse_http_date_safe(request.headers.get("If-Modified-Since", ""))
    return since is not None and int(modified) <= since


def _range_applies(request: HttpRequest, tag: str, status: os.stat_result) -> bool:
    """With If-Range, a part is sent only of the very file that the browser has a part of."""
    condition = request.headers.get("If-Range")
    if condition is None:
        return True
    if condition.startswith(('"', "W/")):
        return condition == tag  # a weak tag never matches: it does not promise the same bytes
    return parse_http_date_safe(condition) == int(status.st_mtime)


class _Part(Iterator[bytes]):
    """A part of an open file, a chunk at a time; Django closes it, however the answer ends."""

    def __init__(self, file: BinaryIO, part: ByteRange) -> None:
        self._file = file
        self._left = part.length
        file.seek(part.start)

    def __next__(self) -> bytes:
        chunk = self._file.read(min(CHUNK_BYTES, self._left))
        if not chunk:
            raise StopIteration
        self._left -= len(chunk)
        return chunk

    def close(self) -> None:
        with suppress(OSError):
            self._file.close()
