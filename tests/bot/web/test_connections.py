"""Silent, slow and too many connections; names of the host; and what a proxy with TLS says."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

import pytest
from structlog.testing import capture_logs

from bot.web import connections
from storage.storage import Storage
from tests.bot.web.conftest import Site, open_site
from tests.patience import HANG_S

pytestmark = pytest.mark.asyncio
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def connect(site: Site) -> Streams:
    return await asyncio.open_connection("127.0.0.1", urlsplit(site.address).port)


async def rest(streams: Streams) -> bytes:
    """What comes until the server closes the connection."""
    async with asyncio.timeout(HANG_S):
        received = await streams[0].read()
    streams[1].close()
    return received


@pytest.mark.parametrize("sent", [b"", b"GET / HTT", b"POST /tunes HTTP/1.1\r\nHost: localhost\r\nContent-Le"])
async def test_a_connection_without_a_request_is_closed(storage: Storage, monkeypatch: pytest.MonkeyPatch, sent: bytes) -> None:
    monkeypatch.setattr(connections, "FIRST_REQUEST_S", 0.05)
    async with open_site(storage) as site:
        streams = await connect(site)
        streams[1].write(sent)
        assert await rest(streams) == b""


async def test_a_connection_that_is_silent_after_a_request_is_closed(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "KEEPALIVE_S", 0.05)
    async with open_site(storage) as site:
        streams = await connect(site)
        streams[1].write(b"GET /worker.js HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert (await rest(streams)).startswith(b"HTTP/1.1 200 OK")


async def test_a_body_that_does_not_arrive_is_not_waited_for(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "BODY_S", 0.05)
    monkeypatch.setattr(connections, "LINGERING_S", 0.05)
    async with open_site(storage) as site:
        with capture_logs() as logged:
            streams = await connect(site)
            headers = b"Host: localhost\r\nContent-Length: 100\r\nContent-Type: application/json\r\nAccept: application/json"
            streams[1].write(b"POST /tunes HTTP/1.1\r\n" + headers + b"\r\n\r\n{")
            answer = await rest(streams)
        assert answer.startswith(b"HTTP/1.1 408 ") and b"did not arrive completely" in answer
        assert not any("exc_info" in line for line in logged)


async def test_too_many_connections_of_one_address_are_refused(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "CONNECTIONS_PER_NETWORK", 2)
    async with open_site(storage, trusted_proxies=[]) as site:
        with capture_logs() as logged:
            first, second = await connect(site), await connect(site)
            for _ in range(3):
                refused = await rest(await connect(site))
                assert refused.startswith(b"HTTP/1.1 503 ") and b"Retry-After: 10" in refused and b"Server: tunesmith" in refused
        assert len(logged) == 1
        first[1].close()
        await first[1].wait_closed()
        async with asyncio.timeout(HANG_S):
            while True:  # the server notices that the first one is closed
                streams = await connect(site)
                streams[1].write(b"GET /worker.js HTTP/1.0\r\nHost: localhost\r\n\r\n")
                if (await rest(streams)).startswith(b"HTTP/1.0 200"):
                    break
        second[1].close()


async def test_a_page_that_is_not_public_answers_to_its_own_names_only(storage: Storage) -> None:
    async with open_site(storage, hosts=frozenset({"music.lan"})) as site, site.new_visitor() as visitor:
        for host in ("localhost:8080", "127.0.0.1", "192.168.1.7:8080", "[::1]:8080", "[fd00::7]", "music.lan:80", "MUSIC.lan"):
            assert (await visitor.get("/", headers={"Host": host})).status == 200, host
        for host in ("evil.example", "127.0.0.1.evil.example", "localhost.evil.example:8080"):
            for path in ("/", "/gallery.json", "/metrics", "/health"):
                answer = await visitor.get(path, headers={"Host": host})
                assert answer.status == 421 and "WEB_HOSTS" in await answer.text()
                assert host not in await answer.text()
    async with open_site(storage, web_url="https://tunes.example.org") as site, site.new_visitor() as visitor:
        assert (await visitor.get("/", headers={"Host": "other.example.org"})).status == 200


async def test_the_cookie_is_for_secure_addresses_behind_a_proxy_with_tls(storage: Storage) -> None:
    secure, hsts = "; Secure", "Strict-Transport-Security"
    async with open_site(storage) as site, site.new_visitor(cookies=False) as visitor:
        plain = await visitor.get("/")
        assert secure not in plain.headers["Set-Cookie"] and hsts not in plain.headers
        for answer in (await visitor.get("/", headers={"X-Forwarded-Proto": "https"}), await visitor.get("/gallery", headers={
            "X-Forwarded-Proto": "http, https"})):  # fmt: skip
            assert secure in answer.headers["Set-Cookie"] and answer.headers[hsts] == "max-age=31536000"
    async with open_site(storage, trusted_proxies=[]) as site, site.new_visitor(cookies=False) as visitor:
        answer = await visitor.get("/", headers={"X-Forwarded-Proto": "https"})
        assert secure not in answer.headers["Set-Cookie"] and hsts not in answer.headers
    async with open_site(storage, web_url="https://tunes.example.org") as site, site.new_visitor(cookies=False) as visitor:
        answer = await visitor.get("/")
        assert secure in answer.headers["Set-Cookie"] and hsts in answer.headers
        sent = await visitor.post("/tunes", {}, headers={"Origin": "https://tunes.example.org", "Host": "127.0.0.1:8080"})
        assert sent.status == 303


async def test_metrics_are_for_loopback_trusted_networks_and_the_token(storage: Storage) -> None:
    async with open_site(storage, metrics_token="a token") as site, site.new_visitor() as visitor:
        for headers, status in (
            ({}, 200),
            ({"X-Forwarded-For": "203.0.113.9"}, 403),
            ({"X-Forwarded-For": "203.0.113.9", "Authorization": "Bearer another"}, 403),
            ({"X-Forwarded-For": "203.0.113.9", "Authorization": "Bearer a token"}, 200),
        ):
            assert (await visitor.get("/metrics", headers=headers)).status == status, headers
