"""Progress streams."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest
from aiohttp import ClientSession

from bot.core.desk import Desk
from bot.core.following import Progress
from bot.web import events, make_app, serve, serving
from storage.tunes import Status
from storage.viewer import Viewer
from tests.bot.web.conftest import Site, Visitor
from tests.patience import HANG_S

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_progress_is_sent_until_the_tune_is_finished(site: Site, visitor: Visitor) -> None:
    tune_id = await visitor.compose()
    steps = []
    async for step in visitor.steps(tune_id):
        steps.append(step)
        if len(steps) == 1:
            await site.storage.start(tune_id)
        elif len(steps) < 5:
            await site.storage.progress(tune_id, status=Status.COMPOSING, bars=len(steps) - 1)
        elif len(steps) == 5:
            await site.finish(tune_id, bars=4)
    assert steps[:5] == [("queued", 0), ("composing", 0), ("composing", 1), ("composing", 2), ("composing", 3)]
    assert steps[-1] == ("finished", 4)


async def test_a_finished_tune_is_sent_at_once(site: Site, visitor: Visitor) -> None:
    tune_id = await visitor.compose()
    await site.finish(tune_id, bars=1)
    assert [step["status"] async for step in visitor.progress(tune_id)] == ["finished"]


async def test_the_stream_ends_when_the_tune_is_deleted(site: Site, visitor: Visitor) -> None:
    tune_id = await visitor.compose()
    tune = await site.storage.tune(tune_id)
    assert tune is not None
    steps = []
    async for step in visitor.steps(tune_id):
        steps.append(step)
        await site.storage.sharing.delete(tune_id, Viewer("web", tune.origin.user_id))
    assert steps == [("queued", 0)]


class WatchedDesk(Desk):
    """Notices when its last follower has left."""

    gone: asyncio.Event

    async def follow(self, tune_id: str) -> AsyncGenerator[Progress, None]:
        try:
            async with aclosing(super().follow(tune_id)) as changes:
                async for change in changes:
                    yield change
        finally:
            self.gone.set()


async def test_an_idle_stream_stays_open_until_its_reader_leaves(
    site: Site, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "HEARTBEAT_S", 0.05)
    tune_id = await visitor.compose()
    desk = WatchedDesk(site.storage, open_requests_per_person=3)
    desk.gone = asyncio.Event()
    async with serving(make_app(storage=site.storage, desk=desk), "127.0.0.1", 0) as address, asyncio.timeout(HANG_S):
        async with ClientSession(cookies=visitor.cookies) as session, session.get(f"{address}/tunes/{tune_id}/events") as answer:
            async for line in answer.content:
                if line == b": heartbeat\n":
                    break
            assert not desk.gone.is_set()
        await desk.gone.wait()


async def test_the_server_stops_while_a_stream_is_open(site: Site, visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve, "SHUTDOWN_S", 10 * HANG_S)  # how long it would wait for open streams
    tune_id = await visitor.compose()
    desk = Desk(site.storage, open_requests_per_person=3)
    async with (
        asyncio.timeout(HANG_S),
        ClientSession(cookies=visitor.cookies) as session,
        serving(make_app(storage=site.storage, desk=desk), "127.0.0.1", 0) as address,
    ):
        answer = await session.get(f"{address}/tunes/{tune_id}/events")
        assert answer.status == 200


@pytest.mark.asyncio(loop_scope="function")
async def test_a_waiting_visitor_is_told_that_nothing_is_composing_until_a_worker_comes(
    empty_site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "HEARTBEAT_S", 0.02)
    async with empty_site.new_visitor() as visitor:
        tune_id = await visitor.compose()
        assert "Nothing is composing" in await (await visitor.get(f"/tunes/{tune_id}")).text()
        assert "Nothing is composing" in (await (await visitor.get(f"/tunes/{tune_id}.json")).json())["message"]
        async with aclosing(visitor.progress(tune_id)) as progress:
            assert "Nothing is composing" in (await anext(progress))["message"]
            async with empty_site.storage.model_offers.offer({"reels-2": ""}):
                assert "Your tune is next." in (await anext(progress))["message"]
