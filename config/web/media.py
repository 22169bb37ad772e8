"""Send stored media to a browser: whole, in part, or by way of whoever sends bytes better.

A folder on this machine is sent by Django itself, or by nginx when MEDIA_ACCEL_PREFIX is set; from a bucket the
browser fetches by a signed link that expires, unless the link, which names the file, would tell too much. Who may see
a file is for the view to check before.
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any
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
    blind: bool = False,
) -> HttpResponseBase:
    """Answer GET or HEAD for a stored file, with ranges (RFC 9110, section 14).

    `etag` may be given without its quotes. For `max_age_s` the browser shows it without
    asking again; otherwise it asks each time and learns by the tag that nothing has changed.
    `blind`: but for its bytes, nothing tells the file from others: no date is sent or compared, no link to a bucket
    is given away. Then an `etag` is required that is not the file's.
    Raises Http404 when the file is not there.
    """
    if not storage_name:
        raise Http404
    is_local = isinstance(default_storage, FileSystemStorage)
    if not is_local and not blind:
        link = HttpResponseRedirect(default_storage.url(storage_name))
        return _private(link, min(max_age_s, LINK_MAX_AGE_S))
    if is_local and settings.MEDIA_ACCEL_PREFIX:
        return _private(_accelerated(storage_name, content_type), max_age_s)
    source = _from_folder(storage_name, etag) if is_local else _from_bucket(storage_name, etag)
    if blind:
        source = replace(source, modified=None)
    return _private(_from_source(request, source, content_type), max_age_s)


def _private(response: HttpResponseBase, max_age_s: int) -> HttpResponseBase:
    response["Cache-Control"] = f"private, max-age={max_age_s}" if max_age_s else "private, no-cache"
    return response


def _accelerated(storage_name: str, content_type: str) -> HttpResponseBase:
    """Name the file to nginx, which knows ranges itself and adds neither tag nor date (deploy/nginx.conf)."""
    response = HttpResponse(content_type=content_type)
    response["X-Accel-Redirect"] = f"{settings.MEDIA_ACCEL_PREFIX.rstrip('/')}/{quote(storage_name)}"
    return response


@dataclass(frozen=True, slots=True)
class _Source:
    """An open file and what a browser may know of it."""

    file: Any  # readable and seekable, in bytes
    size: int
    tag: str
    modified: float | None  # Unix time in seconds


def _from_folder(storage_name: str, etag: str | None) -> _Source:
    try:
        file = Path(default_storage.path(storage_name)).open("rb")  # noqa: SIM115 - closed with the answer
    except (FileNotFoundError, IsADirectoryError):
        raise Http404 from None
    status = os.fstat(file.fileno())
    tag = quote_etag(etag or f"{status.st_size:x}-{status.st_mtime_ns:x}")
    return _Source(file, status.st_size, tag, status.st_mtime)


def _from_bucket(storage_name: str, etag: str | None) -> _Source:
    try:
        file = default_storage.open(storage_name, "rb")
    except FileNotFoundError:
        raise Http404 from None
    return _Source(file, file.size, quote_etag(etag or f"{file.size:x}"), None)


def _from_source(request: HttpRequest, source: _Source, content_type: str) -> HttpResponseBase:
    try:
        response = _respond(request, source, content_type)
    except BaseException:
        source.file.close()
        raise
    response["Accept-Ranges"] = "bytes"
    response["ETag"] = source.tag
    if source.modified is not None:
        response["Last-Modified"] = http_date(source.modified)
    return response


def _respond(request: HttpRequest, source: _Source, content_type: str) -> HttpResponseBase:
    """Return the answer for an open file; unless it is streamed, the file is closed."""
    size, file = source.size, source.file
    if _is_fresh(request, source):
        file.close()
        return HttpResponseNotModified()
    try:
        wanted = parse_range(request.headers.get("Range"), size) if _range_applies(request, source) else None
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


def _is_fresh(request: HttpRequest, source: _Source) -> bool:
    """Say whether the browser has the file already. A tag decides alone where both are given."""
    if_none_match = request.headers.get("If-None-Match")
    if if_none_match:
        tags = [each.removeprefix("W/") for each in parse_etags(if_none_match)]
        return source.tag in tags or "*" in tags
    since = parse_http_date_safe(request.headers.get("If-Modified-Since", ""))
    return since is not None and source.modified is not None and int(source.modified) <= since


def _range_applies(request: HttpRequest, source: _Source) -> bool:
    """With If-Range, a part is sent only of the very file that the browser has a part of."""
    condition = request.headers.get("If-Range")
    if condition is None:
        return True
    if condition.startswith(('"', "W/")):
        return condition == source.tag  # a weak tag never matches: it does not promise the same bytes
    return source.modified is not None and parse_http_date_safe(condition) == int(source.modified)


class _Part(Iterator[bytes]):
    """A part of an open file, a chunk at a time; Django closes it, however the answer ends."""

    def __init__(self, file: IO[bytes], part: ByteRange) -> None:
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
