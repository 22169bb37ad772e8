"""deploy/nginx.conf in a real nginx, in front of the site's own way of sending media."""

import http.client
import os
import re
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpResponse

from config.web.media import serve_file

CONF = Path(__file__).resolve().parent.parent.parent / "deploy" / "nginx.conf"
NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")

pytestmark = pytest.mark.skipif(NGINX is None, reason="nginx is not installed (Debian: nginx-light)")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def site(settings) -> Iterator[int]:
    """Serve every path as a stored file, through the code that views use; give the port."""
    settings.MEDIA_ACCEL_PREFIX = "/protected-media"

    def application(environ, start_response):
        response = serve_file(WSGIRequest(environ), "clips/one.mp4", content_type="video/mp4")
        assert isinstance(response, HttpResponse)
        start_response(f"{response.status_code} OK", list(response.items()))
        return [response.content]

    class Quiet(WSGIRequestHandler):
        def log_message(self, *args: object) -> None:
            pass

    with make_server("127.0.0.1", 0, application, handler_class=Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


@pytest.fixture
def proxy(site: int, tmp_path: Path, settings) -> Iterator[int]:
    """Run nginx with the shipped file; only ports and folders are this test's."""
    media = Path(settings.MEDIA_ROOT) / "clips"
    media.mkdir()
    (media / "one.mp4").write_bytes(bytes(range(200)))
    port = free_port()
    text = CONF.read_text()
    for shipped, ours in [
        ("server web:8000;", f"server 127.0.0.1:{site};"),
        ("listen 80;", f"listen 127.0.0.1:{port};"),
        ("alias /var/lib/likeness/media/;", f"alias {settings.MEDIA_ROOT}/;"),
    ]:
        assert text.count(shipped) == 1
        text = text.replace(shipped, ours)
    (tmp_path / "nginx.conf").write_text(
        f"pid {tmp_path}/nginx.pid;\nerror_log {tmp_path}/error.log;\ndaemon off;\n"
        # The workers run as whoever runs the test, who owns the media.
        + ("user root;\n" if os.geteuid() == 0 else "")
        + "events {}\nhttp {\naccess_log off;\n"
        + "".join(
            f"{kind}_temp_path {tmp_path}/{kind};\n"
            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        + text
        + "}\n"
    )
    with _running(tmp_path / "nginx.conf", port):
        yield port


@contextmanager
def _running(conf: Path, port: int) -> Iterator[None]:
    assert NGINX
    command = [NGINX, "-e", str(conf.with_name("error.log")), "-c", str(conf)]
    tested = subprocess.run([*command, "-t"], capture_output=True, text=True, check=False)
    assert tested.returncode == 0, tested.stderr
    with subprocess.Popen(command) as process:
        try:
            _wait_for(port)
            yield
        finally:
            process.terminate()


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            assert time.monotonic() < deadline, "nginx does not listen"
            time.sleep(0.05)


def get(port: int, path: str, **headers: str) -> tuple[http.client.HTTPResponse, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request(
            "GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()}
        )
        response = connection.getresponse()
        return response, response.read()
    finally:
        connection.close()


def test_an_allowed_file_is_sent_by_nginx_with_the_sites_headers(proxy: int) -> None:
    response, body = get(proxy, "/w/media/token/clip.mp4")
    assert (response.status, body) == (200, bytes(range(200)))
    assert response.headers["Content-Type"] == "video/mp4"
    assert "private" in response.headers["Cache-Control"]
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "X-Accel-Redirect" not in response.headers


def test_ranges_are_answered_as_seeking_needs_them(proxy: int) -> None:
    response, body = get(proxy, "/w/media/token/clip.mp4", Range="bytes=10-19")
    assert (response.status, body) == (206, bytes(range(10, 20)))
    assert response.headers["Content-Range"] == "bytes 10-19/200"
    response, _ = get(proxy, "/w/media/token/clip.mp4", Range="bytes=500-")
    assert response.status == 416


def test_nginx_tells_no_date_and_no_tag_of_a_file(proxy: int) -> None:
    for conditions in ({}, {"Range": "bytes=10-19"}, {"If_Modified_Since": "Fri, 01 Jan 2100 00:00:00 GMT"}):
        response, _ = get(proxy, "/w/media/token/clip.mp4", **conditions)
        assert response.status in (200, 206)
        assert response.headers["ETag"] is response.headers["Last-Modified"] is None


@pytest.mark.parametrize(
    "path", ["/protected-media/clips/one.mp4", "/protected-media/../protected-media/clips/one.mp4"]
)
def test_nobody_reaches_media_past_the_site(proxy: int, path: str) -> None:
    assert get(proxy, path)[0].status == 404


def test_the_shipped_file_tells_the_site_how_it_was_asked() -> None:
    assert re.search(r"proxy_set_header Host \$http_host;", CONF.read_text())
    assert re.search(r"proxy_set_header X-Forwarded-Proto \$likeness_scheme;", CONF.read_text())
