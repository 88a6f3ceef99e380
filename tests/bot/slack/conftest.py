"""The real Slack app with the stand-in and a real database. The tests act as the people and the worker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from slack_bolt.async_app import AsyncApp

from bot.core import leases, removals
from bot.core.desk import Desk
from bot.core.login import NoLogin
from bot.languages import language
from bot.settings import Settings
from bot.slack import features
from bot.slack.core import limits
from bot.slack.core.blocks import modal
from bot.slack.core.caller import caller_of
from bot.slack.core.context import Context
from bot.slack.core.event import Event
from bot.slack.core.reply import reply_of
from bot.slack.core.submission import submit_requests
from bot.slack.start import SlackSide
from generator.request import TuneRequest
from storage import leases as stored_leases
from storage.storage import Storage, open_storage
from storage.tunes import Tune
from tests.bot import worker
from tests.loopback.slack import FIDDLER, TUNES, Channel, FakeSlack, Limits, Payload, Person, Sent
from tests.patience import HANG_S

# Slack takes one message a second in a channel; here it takes twenty.
MESSAGES_S = 0.05


class Stage:
    """Slack, the database, and an app that can be started and stopped. Two stages can share both."""

    side: SlackSide
    context: Context  # of the running app
    running: asyncio.Task[None]  # runs the app

    def __init__(self, slack: FakeSlack, storage: Storage) -> None:
        self.slack, self.storage = slack, storage
        self._tasks: list[asyncio.Task[None]] = []

    async def start_app(self, **changed: Any) -> None:
        """Like a new process: only what is stored is carried over. Waits until events arrive."""
        desk = Desk(self.storage, open_requests_per_person=3)
        self.side = SlackSide(Settings(_env_file=None, **self.slack.settings | changed), desk, self.storage)
        with pytest.MonkeyPatch.context() as monkeypatch:
            monkeypatch.setattr(features, "FEATURES", (*features.FEATURES, self._see))
            self.running = asyncio.create_task(self.side.run())
            self._tasks = [asyncio.create_task(desk.run()), self.running]
            await self.until_ready()

    def _see(self, app: AsyncApp, context: Context) -> None:
        self.context = context

    async def until_ready(self, ready: bool = True) -> None:
        async with asyncio.timeout(HANG_S):
            while self.side.ready() != ready and not self.running.done():
                await asyncio.sleep(0.01)
        if ready and self.running.done():
            self.running.result()

    async def stop_app(self) -> None:
        for task in self._tasks[::-1]:
            task.cancel()
            with suppress(asyncio.CancelledError, NoLogin):
                await task
        self._tasks = []

    async def restart(self, **changed: Any) -> None:
        await self.stop_app()
        await self.start_app(**changed)

    # --- requests
    async def requested(
        self,
        *requests: TuneRequest,
        channel: Channel = TUNES,
        person: Person = FIDDLER,
        thread: Payload | None = None,
        parent_id: str | None = None,
    ) -> Tune:
        """Submits requests as a feature does, several as a set, and returns their tune, the first of several.

        `thread` is a message, or one in its thread: the tune is posted there.
        """
        installed = self.slack._installed(person.team)
        here = self.slack.state.channels.setdefault(channel.id, channel)
        event = Event(
            id=self.slack.state.trigger(person, person.team),
            team_id=person.team.id,
            enterprise_id=person.team.enterprise.id if person.team.enterprise else "",
            user_id=person.id,
            channel_id=channel.id,
            thread_ts=str(thread.get("thread_ts", thread["ts"])) if thread else "",
            response_url=self.slack.response_url(here, person, installed),
        )
        caller = await caller_of(self.context, event)

        async def acknowledge() -> None:
            pass

        await submit_requests(self.context, event, caller, requests or [TuneRequest.check()], parent_id, acknowledge)
        return await self._stored(event.id)

    async def accepted(self, sent: Sent | Payload) -> Tune:
        """The tune that a command, a press, a form or a message requested, once it is acknowledged and stored."""
        sent = await self.slack.acked(sent)
        return await self._stored(str(sent.payload.get("event_id") or sent.trigger_id))

    async def _stored(self, event_id: str) -> Tune:
        async with asyncio.timeout(HANG_S):
            while True:
                for tune in await self.storage.undelivered("slack"):
                    if tune.origin.event_id == event_id:
                        return tune
                await asyncio.sleep(0.01)

    # --- tunes
    async def compose(self, tune_id: str, **changes: Any) -> None:
        """Acts as the worker, from the first bar to the files."""
        await worker.compose(self.storage, tune_id, **changes)

    async def tune(self, tune_id: str) -> Tune:
        tune = await self.storage.tune(tune_id)
        assert tune is not None
        return tune

    async def delivered(self, tune_id: str) -> str:
        """The `ts` of the tune's message, once it is stored and the delivery is over."""
        async with asyncio.timeout(HANG_S):
            while (message_id := (await self.tune(tune_id)).message_id) is None or self.is_delivering():
                await asyncio.sleep(0.01)
        return message_id

    def is_delivering(self) -> bool:
        """Whether any delivery runs, of any stage."""
        return any(task.get_name().startswith("deliver ") for task in asyncio.all_tasks())

    async def idle(self) -> None:
        """Waits until no delivery is running."""
        async with asyncio.timeout(HANG_S):
            while self.is_delivering():
                await asyncio.sleep(0.01)

    async def posted(self, *requests: TuneRequest, channel: Channel = TUNES, **options: Any) -> tuple[str, Payload]:
        """A finished tune that somebody requested, its id and its message; options as for `requested`."""
        tune = await self.requested(*requests, channel=channel, **options)
        for one in await self.storage.set_of(tune.set_id) if tune.set_id else [tune]:
            await self.compose(one.id)
        return tune.id, self.slack.state.messages[channel.id, await self.delivered(tune.id)]

    async def card(self, tune_id: str) -> Payload:
        """The queue card of a tune, once it is stored."""
        async with asyncio.timeout(HANG_S):
            while (reply := reply_of(await self.tune(tune_id))) is None or not reply.card_ts:
                await asyncio.sleep(0.01)
        return self.slack.state.messages[reply.card_channel, reply.card_ts]

    async def modal_with_buttons(self, tune_id: str, person: Person = FIDDLER) -> Payload:
        """A modal that shows a tune with its buttons, such as App Home opens."""
        blocks = self.context.views.of_tune(await self.tune(tune_id), language("en"), in_session=False)
        client = await self.context.clients.of(person.team.id, "")
        trigger_id = self.slack.state.trigger(person, person.team)
        await client.views_open(trigger_id=trigger_id, view=modal("shown", "Tunesmith", blocks))
        return await self.slack.modal(person, "shown")


@pytest.fixture(autouse=True)
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time-outs that a busy machine does not reach, and short pauses. A test of a time-out sets its own."""
    for timeout in (
        "CALL_S",
        "TRANSFER_S",
        "HELLO_S",
        "PING_S",
        "STORE_FIRST_S",
        "LOOKUP_S",
        "TRIGGER_S",
        "FORM_FIRST_S",
        "SHARES_S",
    ):
        monkeypatch.setattr(limits, timeout, HANG_S)
    for pause in ("POST_INTERVAL_S", "CARD_INTERVAL_S", "RECONNECT_S", "RETRY_S", "SHARES_FIRST_S"):
        monkeypatch.setattr(limits, pause, MESSAGES_S)
    monkeypatch.setattr(stored_leases, "RENEW_EVERY_S", MESSAGES_S)
    for module, pause in ((leases, "CHECK_S"), (leases, "TAKE_S"), (removals, "RETRY_S")):
        monkeypatch.setattr(module, pause, MESSAGES_S)


@pytest.fixture
async def slack() -> AsyncIterator[FakeSlack]:
    async with FakeSlack(limits=Limits(messages_s=MESSAGES_S)) as slack:
        yield slack


@pytest.fixture
async def stopped_stage(slack: FakeSlack, storage: Storage) -> AsyncIterator[Stage]:
    stage = Stage(slack, storage)
    yield stage
    await stage.stop_app()


@pytest.fixture
async def stage(stopped_stage: Stage) -> Stage:
    await stopped_stage.start_app()
    return stopped_stage


@pytest.fixture
async def other(stage: Stage, url: str, tmp_path: Path) -> AsyncIterator[Stage]:
    """A second process of the app with the same database and files."""
    async with open_storage(data_dir=tmp_path, database_url=url, files_url=None) as storage:
        other = Stage(stage.slack, storage)
        await other.start_app()
        yield other
        await other.stop_app()
