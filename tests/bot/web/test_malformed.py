"""Requests that no browser sends: each is refused with a sentence, and without a traceback in the log."""

from __future__ import annotations

import asyncio
import gzip
import itertools
from urllib.parse import urlsplit

import pytest
from structlog.testing import capture_logs

from tests.bot.web.conftest import Site, Visitor
from tests.patience import HANG_S

pytestmark = pytest.mark.asyncio(loop_scope="session")
FORM, JSON = "Content-Type: application/x-www-form-urlencoded", "Content-Type: application/json"

# What is refused whatever the address: a header.
HEADERS = (
    "Host: \xff\xfe", "Host: [", "Host: a b", "Host: a:b", "Host: a\r\nHost: b", "Content-Length: -1", "Content-Length: 1e3",
    "Transfer-Encoding: bogus", "Content-Length: 3\r\nTransfer-Encoding: chunked", "no header", ": empty", "A\x00: b", "A: \x00",
    "A" * 9_000 + ": b", "A: " + "b" * 9_000, "\r\n".join(f"A{number}: b" for number in range(300)),
)  # fmt: skip
# Headers and bodies that only matter if the body is read, and the status.
BODIES = (
    (f"{FORM}; charset=bogus", b"text=a", 415),
    (f"{FORM}; charset=rot13", b"text=a", 415),
    (f"{FORM}; charset=\xff", b"text=a", 415),
    ("Content-Type: multipart/form-data; boundary=x", b"--x\r\n\r\n\r\n--x--", 415),
    ("Content-Type: ;;;", b"text=a", 415),
    (FORM, b"\xff\xfe=\xff", 400),
    (FORM, b"x=" + b"A" * 70_000, 413),
    (FORM, b"&".join([b"a=1"] * 3_000), 413),
    (f"{FORM}\r\nContent-Encoding: gzip", b"not compressed", 400),
    (f"{FORM}\r\nContent-Encoding: deflate", b"not compressed", 400),
    (f"{FORM}\r\nContent-Encoding: gzip", gzip.compress(b"x=" + b"A" * 10_000_000), 413),
    (JSON, b"{", 400),
    (JSON, b"[]", 400),
    (JSON, b"[" * 30_000, 400),
    (JSON, b'{"seed": ' + b"9" * 6_000 + b"}", 400),
    (JSON, b'{"text": "\xff"}', 400),
    (f"{JSON}; charset=utf-32", b"{}", 415),
    (f"{JSON}\r\nOrigin: http://[", b"{}", 403),
    (f"{JSON}\r\nOrigin: \xff", b"{}", 403),
)
VALUES = (
    "/gallery?after=%00", "/gallery?after=zzzz", "/gallery?title=%ff%00", "/gallery?order=%F0%9F", "/gallery.json?key=%00",
    "/tunebook.abc?rhythm=%ff", "/tunebook.pdf?tunes=%00", "/tunebook.pdf?key=%ff", "/?from=%00", "/?text=%ff&opening=%00",
    "/?seed=1e400", "/static/x/%00", "/tunes/%ff", "/%zz", "/editor?from=%ff", "/?" + "&".join(["a=1"] * 1_500),
)  # fmt: skip
NOT_HTTP = (
    b"\x16\x03\x01\x02\x00\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\xff" * 99 + b"\r\n\r\n",
    b"GET http://[/ HTTP/1.1\r\n\r\n", b"GET http://a:b/ HTTP/1.1\r\n\r\n", b"GET /a b HTTP/1.1\r\n\r\n",
    b"G\x00T / HTTP/1.1\r\n\r\n",
    b"POST /tunes HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
)  # fmt: skip


async def send(site: Site, request: bytes) -> tuple[int, str]:
    """Status and the whole response."""
    reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(site.address).port)
    async with asyncio.timeout(HANG_S):
        writer.write(request)
        response = (await reader.read()).decode(errors="replace")
    writer.close()
    return int(response.split()[1]), response


def written(method: str, path: str, headers: str, body: bytes = b"") -> bytes:
    host = "" if "Host:" in headers else "Host: localhost\r\n"
    length = f"Content-Length: {len(body)}\r\n" if body else ""
    return f"{method} {path} HTTP/1.1\r\n{host}{headers}\r\n{length}Connection: close\r\n\r\n".encode("latin-1") + body


async def test_every_malformed_request_is_refused_with_a_sentence_and_without_a_traceback(site: Site, visitor: Visitor) -> None:
    tune = f"/tunes/{await visitor.compose()}"
    await site.finish(tune.removeprefix("/tunes/"), bars=1)
    await visitor.post(f"{tune}/share")
    reading = ("/tunes", "/understood", "/editor/check", f"{tune}/vary", f"{tune}/versions")
    cases = [
        *((written("GET", path, header), {400}) for header, path in itertools.product(HEADERS, ("/", "/gallery", "/nowhere"))),
        *((written("POST", path, header, body), {status}) for (header, body, status), path in itertools.product(BODIES, reading)),
        *((written("GET", path, "Accept: */*"), {200, 400, 404, 422}) for path in VALUES),
        *((request, {400}) for request in NOT_HTTP),
    ]
    with capture_logs() as logged:
        for request, expected in cases:
            status, response = await send(site, request)
            assert status in expected, (request[:200], response[:300])
            assert "\nServer: tunesmith\r" in response and "aiohttp" not in response, request[:200]
    assert not [line for line in logged if line["log_level"] not in ("debug", "info")]


async def test_values_of_a_wrong_type_name_their_field(visitor: Visitor) -> None:
    for path in ("/understood", "/editor/check", "/tunes"):
        values = {"text": {"a": [1]}, "opening": [1], "ignored": [[1]], "line": {}, "token": 7}
        answer = await visitor.session.post(path, json=values, headers={"Accept": "application/json"})
        assert answer.status == 422 and (await answer.json())["error"].endswith("must be a text or a number.")


async def test_malformed_requests_fill_no_log(site: Site) -> None:
    with capture_logs() as logged:
        for _ in range(100):
            for request in (NOT_HTTP[0], written("POST", "/understood", BODIES[8][0], BODIES[8][1])):
                await send(site, request)
    assert len(logged) <= 2
