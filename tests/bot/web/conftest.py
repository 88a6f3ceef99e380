"""Fixtures for the web page: a site on real PostgreSQL, shared by most tests. The tests play the worker."""

from __future__ import annotations

import asyncio
import json
import math
import struct
import zlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import lameenc
import pytest
import pytest_asyncio
from aiohttp import ClientResponse, ClientSession, CookieJar, DummyCookieJar, web
from playwright.async_api import Browser

from bot.core.desk import Desk
from bot.web import health, make_app, serving
from bot.web.access import Access
from generator.request import TuneRequest
from storage.storage import Storage, open_storage
from storage.tunes import Composition, Origin, Status
from storage.viewer import Viewer
from tests.browser import open_browser
from tests.patience import HANG_S

ABC = "X:1\nT:The Web Reel\nR:reel\nM:4/4\nL:1/8\nK:Ador\n|:EAAB c2Bc|dBAB G2EG|EAAB c2Bc|dBGB A4:|\n"
SVG = b"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 600 120">
<path stroke="#000" d="M10 30h580M10 42h580M10 54h580M10 66h580M10 78h580M590 30v48"/>
<g id="b0n0"><circle cx="60" cy="72" r="6"/></g><g id="b0n1-0"><circle cx="90" cy="60" r="6"/></g></svg>"""
TIMES = b'[{"onset_ms": 0, "bar": 0, "note": 0}, {"onset_ms": 1000, "bar": 0, "note": 1}]'
OPEN_LIMIT = 3
DISCORD_USER, COMMUNITY, CHANNEL = "77777777777777777", "88888888888888888", "99999999999999999"


@cache
def mp3() -> bytes:
    """Two seconds of the note A: long enough to seek in."""
    encoder = lameenc.Encoder()
    encoder.set_bit_rate(64)
    encoder.set_in_sample_rate(22_050)
    encoder.set_channels(1)
    encoder.set_quality(7)
    samples = (int(9_000 * math.sin(2 * math.pi * 440 * index / 22_050)) for index in range(2 * 22_050))
    return bytes(encoder.encode(b"".join(struct.pack("<h", sample) for sample in samples)) + encoder.flush())


@cache
def png() -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0\xff")) + chunk(b"IEND", b"")


def files() -> dict[str, tuple[str, bytes]]:
    return {
        "tune.abc": ("text/vnd.abc", ABC.encode()),
        "tune.mp3": ("audio/mpeg", mp3()),
        "tune.mid": ("audio/midi", b"MThd\0\0\0\6\0\0\0\1\0\x60MTrk\0\0\0\4\0\xff\x2f\0"),
        "tune.musicxml": ("application/vnd.recordare.musicxml+xml", b"<score-partwise/>"),
        "tune.png": ("image/png", png()),
        "tune.svg": ("image/svg+xml", SVG),
        "tune.timemap.json": ("application/json", TIMES),
        "tune.json": ("application/json", b"{}"),
    }


@dataclass
class Site:
    """The running web page, and the storage behind it."""

    address: str
    storage: Storage
    desk: Desk
    app: web.Application
    ready: dict[str, bool] = field(default_factory=dict)

    async def finish(self, tune_id: str, *, bars: int = 16, **changes: Any) -> None:
        """Does what a worker does, from the first bar to the files. `changes` are those to its composition, and `files`."""
        made = changes.pop("files", None) or files()
        await self.storage.start(tune_id)
        for bar in range(1, bars + 1):
            await self.storage.progress(tune_id, status=Status.COMPOSING, bars=bar)
        await self.storage.progress(tune_id, status=Status.RENDERING, bars=bars)
        composition: dict[str, Any] = {
            "abc": ABC,
            "title": "The Web Reel",
            "rhythm": "reel",
            "key": "Ador",
            "metre": "4/4",
            "duration_ms": 2_000,
            "model": "test-lstm",
            "scores": {},
        }
        await self.storage.finish(tune_id, Composition(**composition | changes), made)

    async def discord_tune(self, event_id: str, *, share: bool = False, **changes: Any) -> str:
        """A finished tune from a Discord server, optionally shared."""
        tune = await self.storage.add(TuneRequest.check(), Origin("discord", event_id, DISCORD_USER, "channel", COMMUNITY))
        await self.finish(tune.id, bars=1, **changes)
        if share:
            await self.storage.sharing.share(tune.id, Viewer("discord", DISCORD_USER, COMMUNITY), channel_id=CHANNEL)
        return tune.id

    @asynccontextmanager
    async def new_visitor(self, *, cookies: bool = True) -> AsyncIterator[Visitor]:
        """A visitor with a cookie jar of their own, or whose browser rejects cookies."""
        # By default, a cookie jar ignores addresses that are numbers.
        jar = CookieJar(unsafe=True) if cookies else DummyCookieJar()
        async with ClientSession(self.address, cookie_jar=jar) as session:
            yield Visitor(session)


class Visitor:
    """A client with cookies that follows no redirects."""

    def __init__(self, session: ClientSession) -> None:
        self.session = session

    @property
    def cookies(self) -> dict[str, str]:
        return {cookie.key: cookie.value for cookie in self.session.cookie_jar}

    async def get(self, path: str, **options: Any) -> ClientResponse:
        return await self._read(await self.session.get(path, allow_redirects=False, **options))

    async def post(self, path: str, data: Any = None, **options: Any) -> ClientResponse:
        return await self._read(await self.session.post(path, data=data, allow_redirects=False, **options))

    async def compose(self, **fields: str) -> str:
        """Sends the form; returns the id of the new tune."""
        answer = await self.post("/tunes", fields)
        assert answer.status == 303, await answer.text()
        return answer.headers["Location"].removeprefix("/tunes/")

    async def progress(self, tune_id: str) -> AsyncGenerator[dict[str, Any], None]:
        """The progress events of a tune, as the page gets them."""
        async with asyncio.timeout(HANG_S), self.session.get(f"/tunes/{tune_id}/events") as answer:
            assert answer.headers["Content-Type"] == "text/event-stream"
            async for line in answer.content:
                if line.startswith(b"data: "):
                    yield json.loads(line.removeprefix(b"data: "))

    async def steps(self, tune_id: str) -> AsyncIterator[tuple[str, int]]:
        """The status and bars of a tune after each change. Events that only tell another queue position are left out.

        A tune that starts while its progress is read is still queued in that event, but without a queue position.
        """
        last = None
        async with aclosing(self.progress(tune_id)) as events:
            async for event in events:
                if (step := (event["status"], event["bars"])) != last:
                    last = step
                    yield step

    async def _read(self, answer: ClientResponse) -> ClientResponse:
        await answer.read()
        return answer


@asynccontextmanager
async def open_site(
    storage: Storage, *, open_requests: int = OPEN_LIMIT, queue_limit: int | None = None, **access: Any
) -> AsyncIterator[Site]:
    """`access` are fields of Access. One address may have any number of tunes, since all tests share theirs."""
    desk = Desk(storage, open_requests_per_person=open_requests, queue_limit=queue_limit)
    listening = asyncio.create_task(desk.run())
    ready = {"discord": True}
    allowed = Access(**{"open_tunes_per_address": 10**6, "tunes_per_address": 10**6} | access)
    app = make_app(storage=storage, desk=desk, parts={"discord": lambda: ready["discord"]}, access=allowed)
    async with serving(app, "127.0.0.1", 0, allowed.trusted_proxies) as address:
        yield Site(address, storage, desk, app, ready)
    listening.cancel()
    with suppress(asyncio.CancelledError):
        await listening


@pytest.fixture(autouse=True)
def patient_health_check(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine, a slow database must not count as a broken one."""
    monkeypatch.setattr(health, "TIMEOUT_S", HANG_S)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def site(new_database: Callable[..., str], template: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    data_dir, url = tmp_path_factory.mktemp("web"), new_database(template)
    async with open_storage(data_dir=data_dir, database_url=url) as storage, open_site(storage) as site:
        yield site


@pytest.fixture
async def empty_site(storage: Storage) -> AsyncIterator[Site]:
    """A site of the test's own, without tunes."""
    async with open_site(storage) as site:
        yield site


@pytest_asyncio.fixture(loop_scope="session")
async def visitor(site: Site) -> AsyncIterator[Visitor]:
    async with site.new_visitor() as visitor:
        yield visitor


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with open_browser() as opened:
        yield opened
