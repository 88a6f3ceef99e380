from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import pytest
from aiohttp import ClientSession

from bot.desk import Desk, Progress
from bot.web import events, make_app, serving
from storage.viewer import Viewer
from tests.bot.web.conftest import Site, Visitor

pytestmark = pytest.mark.asyncio(loop_scope="session")


def told(body: str) -> list[dict[str, Any]]:
    return [json.loads(line.removeprefix("data: ")) for line in body.splitlines() if line.startswith("data: ")]


async def test_progress_is_told_to_the_end(site: Site, visitor: Visitor) -> None:
    tune_id = await visitor.compose()
    watching = asyncio.create_task(visitor.get(f"/tunes/{tune_id}/events"))
    await asyncio.sleep(0.1)
    await site.finish(tune_id, bars=4, pause_s=0.05)
    answer = await asyncio.wait_for(watching, 10)
    steps = told(await answer.text())
    assert answer.headers["Content-Type"] == "text/event-stream"
    assert (steps[0]["status"], steps[-1]["status"]) == ("queued", "finished")
    bars = [step["bars"] for step in steps]
    assert bars == sorted(bars) and {1, 2, 3} & set(bars)


async def test_a_finished_tune_is_told_at_once(site: Site, visitor: Visitor) -> None:
    tune_id = await visitor.compose()
    await site.finish(tune_id, bars=1)
    answer = await asyncio.wait_for(visitor.get(f"/tunes/{tune_id}/events"), 5)
    assert [step["status"] for step in told(await answer.text())] == ["finished"]


async def test_the_stream_ends_when_the_tune_is_deleted(site: Site, visitor: Visitor) -> None:
    tune_id = await visitor.compose()
    tune = await site.storage.tune(tune_id)
    assert tune is not None
    watching = asyncio.create_task(visitor.get(f"/tunes/{tune_id}/events"))
    await asyncio.sleep(0.2)
    await site.storage.sharing.delete(tune_id, Viewer("web", tune.origin.person))
    answer = await asyncio.wait_for(watching, 5)
    assert [step["status"] for step in told(await answer.text())] == ["queued"]


class NotingDesk(Desk):
    """The desk, and whether its last follower has gone."""

    gone: asyncio.Event

    async def follow(self, tune_id: str) -> AsyncGenerator[Progress, None]:
        try:
            async with aclosing(super().follow(tune_id)) as changes:
                async for change in changes:
                    yield change
        finally:
            self.gone.set()


async def test_a_silent_stream_is_kept_open_until_its_reader_leaves(
    site: Site, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "HEARTBEAT_S", 0.05)
    tune_id = await visitor.compose()
    desk = NotingDesk(site.storage, open_requests_per_person=3)
    desk.gone = asyncio.Event()
    async with serving(make_app(storage=site.storage, desk=desk), "127.0.0.1", 0) as address, asyncio.timeout(10):
        async with ClientSession(cookies=visitor.cookies) as session, session.get(f"{address}/tunes/{tune_id}/events") as answer:
            async for line in answer.content:
                if line == b": still here\n":
                    break
            assert not desk.gone.is_set()
        await desk.gone.wait()


async def test_the_server_stops_while_somebody_watches(site: Site, visitor: Visitor) -> None:
    tune_id = await visitor.compose()
    desk = Desk(site.storage, open_requests_per_person=3)
    async with ClientSession(cookies=visitor.cookies) as session:
        async with serving(make_app(storage=site.storage, desk=desk), "127.0.0.1", 0) as address:
            answer = await session.get(f"{address}/tunes/{tune_id}/events")
            assert answer.status == 200
            began = asyncio.get_running_loop().time()
        assert asyncio.get_running_loop().time() - began < 3
