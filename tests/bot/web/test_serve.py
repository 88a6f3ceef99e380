"""Health, metrics, and starting the server."""

from __future__ import annotations

import asyncio
import re
import socket
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

import pytest
from aiohttp import ClientSession

from bot.settings import Settings
from bot.web import WebError, limits, make_app, metrics, run, serving
from generator.request import TuneRequest
from storage.errors import NoRoom
from storage.files.room import Room
from storage.storage import Storage
from storage.tunes import Origin
from tests.bot.web.conftest import COMMUNITY, DISCORD_USER, Site, Visitor, open_site
from tests.patience import HANG_S

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_health_names_every_part(site: Site, visitor: Visitor) -> None:
    up = await visitor.get("/health")
    assert (up.status, (await up.json())["parts"]) == (200, {"database": "up", "room": "up", "discord": "up"})
    site.ready["discord"] = False
    try:
        down = await visitor.get("/health")
    finally:
        site.ready["discord"] = True
    assert (down.status, await down.json()) == (
        503,
        {"healthy": False, "parts": {"database": "up", "room": "up", "discord": "down"}},
    )


async def test_health_and_the_page_of_a_tune_say_that_a_disk_is_full(
    site: Site, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    tune_id = await visitor.compose()
    monkeypatch.setattr(site.storage, "room", full := Room({}))
    full.note_failure()
    health = await visitor.get("/health")
    body = await health.json()
    assert (health.status, body["parts"]["room"], body["parts"]["database"]) == (503, "down", "up")
    assert "A disk is full" in body["reason"]
    said = "Your tune is stored and is made as soon as there is room."
    assert said in await (await visitor.get(f"/tunes/{tune_id}")).text()
    assert said in (await (await visitor.get(f"/tunes/{tune_id}.json")).json())["message"]


async def test_a_request_that_the_database_has_no_room_for_is_answered_so(
    site: Site, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def add(*_: object, **__: object) -> None:
        raise NoRoom

    monkeypatch.setattr(site.storage, "add", add)
    answer = await visitor.post("/tunes", {"rhythm": "reel"})
    assert answer.status == 503
    assert "nothing was stored" in await answer.text()


class LostStorage:
    """A storage that has lost its database."""

    room = Room({})

    def changes(self) -> Any:
        raise ConnectionError

    async def tune(self, tune_id: str) -> None:
        raise ConnectionError

    @property
    def gallery(self) -> None:
        raise ConnectionError


async def test_without_a_database_health_reports_it_and_pages_show_an_error(site: Site) -> None:
    def broken() -> bool:
        raise RuntimeError

    app = make_app(storage=cast(Storage, LostStorage()), desk=site.desk, parts={"slack": broken})
    async with serving(app, "127.0.0.1", 0) as address, ClientSession(address) as session:
        health = await session.get("/health")
        assert (health.status, (await health.json())["parts"]) == (503, {"database": "down", "room": "up", "slack": "down"})
        page = await session.get("/")
        assert page.status == 500
        assert "Something went wrong on our side" in await page.text()


async def test_metrics_count_requests_and_tunes(site: Site, visitor: Visitor) -> None:
    async def count(pattern: str) -> float:
        text = await (await visitor.get("/metrics")).text()
        found = re.search(rf"^{pattern} (\S+)$", text, re.MULTILINE)
        return float(found[1]) if found else 0

    finished = r'tunesmith_tunes_total\{platform="web",status="finished"\}'
    seconds = r'tunesmith_tune_seconds_count\{platform="web"\}'
    before = await count(finished), await count(seconds)
    tune_id = await visitor.compose()
    await site.finish(tune_id, bars=1)
    await visitor.get(f"/tunes/{tune_id}")
    await visitor.get("/nowhere/at/all")
    async with asyncio.timeout(HANG_S):
        while await count(finished) == before[0]:
            await asyncio.sleep(0.1)
    assert await count(seconds) > before[1]
    text = await (await visitor.get("/metrics")).text()
    assert 'route="/tunes/{id}",status="200"' in text and 'route="unknown",status="404"' in text
    assert tune_id not in text and "nowhere" not in text


async def test_metrics_tell_the_queue_the_steps_of_a_tune_and_refusals(storage: Storage) -> None:
    async def values() -> dict[str, float]:
        text = await (await visitor.get("/metrics")).text()
        lines = (line.rpartition(" ") for line in text.splitlines() if not line.startswith("#"))
        return {name: float(value) for name, _, value in lines}

    steps = {step: f'tunesmith_step_seconds_count{{step="{step}"}}' for step in ("waiting", "composing", "rendering", "delivery")}
    async with open_site(storage, tunes_per_address=2) as site, site.new_visitor() as visitor:
        asked = await storage.add(TuneRequest.check(), Origin("discord", "asked", DISCORD_USER, "channel", COMMUNITY))
        await visitor.compose()
        queued = await values()
        assert queued['tunesmith_queue_tunes{state="waiting"}'] == 2 and queued["tunesmith_queue_age_seconds"] > 0
        refused = f'tunesmith_refused_total{{limit="{limits.TUNES}"}}'
        assert [(await visitor.post("/tunes", {})).status for _ in range(2)] == [303, 429]
        assert (await values())[refused] == queued.get(refused, 0) + 1
        await site.finish(asked.id, bars=1, scores={"compose_ms": 120, "render_ms": 900})
        async with asyncio.timeout(HANG_S):
            while not (await values()).get(steps["rendering"]):
                await asyncio.sleep(0.1)
            await storage.mark_delivered(asked.id, "1")
            while not (await values()).get(steps["delivery"]):
                await asyncio.sleep(0.1)
        seen = await values()
        assert [seen[name] for name in steps.values()] == [1, 1, 1, 1]
        assert seen['tunesmith_step_seconds_sum{step="composing"}'] == 0.12


async def test_a_late_like_does_not_count_the_tune_again(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "MAX_SEEN", 2)
    counting = metrics.Metrics(site.storage)

    async def changed(tune_id: str) -> float:
        """The number of finished tunes after a change of this one is counted."""
        tune = await site.storage.tune(tune_id)
        assert tune is not None
        counting._count_tune(tune)
        found = counting._registry.get_sample_value("tunesmith_tunes_total", {"platform": "web", "status": "finished"})
        return found or 0

    request = TuneRequest.check(rhythm="reel", seed=1)
    tunes = [(await site.storage.add(request, Origin("web", f"liked {number}", ""))).id for number in range(4)]
    assert [await changed(tune_id) for tune_id in tunes] == [0] * 4
    for number, tune_id in enumerate(tunes, 1):
        await site.finish(tune_id, bars=1)
        assert await changed(tune_id) == number
    assert [await changed(tune_id) for tune_id in tunes] == [4] * 4


async def test_run_serves_until_cancelled_and_leaves_the_port_free(site: Site, tmp_path: Path) -> None:
    # Stays bound, so that no other process gets the port; SO_REUSEADDR lets the server listen on it.
    probe = socket.socket()
    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    probe.bind(("127.0.0.1", 0))
    port = probe.getsockname()[1]
    settings = {"data_dir": tmp_path, "web_port": port, "web_url": "https://tunes.example.org"}
    serving_task = asyncio.create_task(run(Settings.model_validate(settings), site.desk, site.storage))
    async with ClientSession(f"http://127.0.0.1:{port}") as session, asyncio.timeout(HANG_S):
        while True:
            with suppress(OSError):
                assert (await session.get("/health")).status == 200
                break
            await asyncio.sleep(0.02)
        assert 'content="https://tunes.example.org/gallery"' in await (await session.get("/gallery")).text()
    serving_task.cancel()
    with suppress(asyncio.CancelledError):
        await serving_task
    with probe:
        probe.listen()


@pytest.mark.parametrize(
    ("address", "message"), [("127.0.0.1", r"^Port \d+ on 127\.0\.0\.1 is in use .* WEB_PORT"), ("192.0.2.1", "WEB_HOST")]
)
async def test_an_unavailable_address_names_the_setting_to_change(site: Site, tmp_path: Path, address: str, message: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        settings = Settings.model_validate({"data_dir": tmp_path, "web_host": address, "web_port": taken.getsockname()[1]})
        with pytest.raises(WebError, match=message):
            await run(settings, site.desk, site.storage)
