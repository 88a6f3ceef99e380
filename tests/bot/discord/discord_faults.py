"""Discord's faults at each step from a request to its message, and what has to be true afterwards.

`CALL_FAULTS` are faults of one call, `PLACE_FAULTS` of the place where the tune was requested. A step runs from the request to
the stored message; its fault happens to the call that gives the step its name.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import discord
import discord.http
import discord.webhook.async_
import pytest
import structlog

from bot.discord.core import limits
from storage import Storage, Tune, Viewer
from tests.bot.discord.conftest import Stage
from tests.loopback import discord_world as world
from tests.loopback.discord import (
    BOT,
    DIRECT,
    ELSEWHERE,
    FIDDLER,
    MENTION,
    SHOWCASE,
    SILENT,
    TUNES,
    FakeDiscord,
    Interaction,
    Payload,
)
from tests.patience import HANG_S

OUTAGE_S = 20 * 60  # longer than a nonce and a token live
POST, SHARE, DIRECTLY = (f"POST /channels/{channel.id}/messages$" for channel in (TUNES, SHOWCASE, DIRECT))
ALL_CALLS = r" /(channels|webhooks|users|interactions)/"

CallFault = Callable[[FakeDiscord, str], object]


def limited(everything: bool, *, by_discord: bool = True) -> CallFault:
    body = {"message": "You are being rate limited.", "retry_after": 0.05, "global": everything}
    return lambda discord, call: discord.refuse(call, 429, body, by_discord=by_discord)


def refused(status: int, times: int = 1) -> CallFault:
    return lambda discord, call: discord.refuse(call, status, times=times)


def lost(status: int) -> CallFault:
    return lambda discord, call: discord.lose_answer(call, status)


def outage(discord: FakeDiscord, call: str) -> asyncio.Task[None]:
    """The call takes effect, its answer is lost, and for 20 minutes every call fails."""

    async def pass_time() -> None:
        await discord.until(lambda: call not in discord.faults_left)
        discord.pass_time(OUTAGE_S)

    discord.lose_answer(call)
    discord.refuse(ALL_CALLS, 503, times=4)
    return asyncio.create_task(pass_time())


CALL_FAULTS: dict[str, CallFault] = {
    "limited": limited(False),
    "limited for all calls": limited(True),
    "address banned": limited(False, by_discord=False),
    "500": refused(500),
    "502": refused(502),
    "503 five times": refused(503, times=5),
    "500 after it took effect": lost(500),
    "502 after it took effect": lost(502),
    "connection closed after it took effect": lost(0),
    "no answer": lambda discord, call: discord.hold(call),
    "no answer after it took effect": lambda discord, call: discord.hold(call, after=True),
    "outage of 20 minutes": outage,
}
# The bot is not a member: once its token has expired, it can neither see nor edit what it wrote. So it writes to the person.
TWICE = {("tune on the card of a user-installed bot", "outage of 20 minutes")}
TIME_OUTS = {name for name in CALL_FAULTS if name.startswith("no answer")}


async def _expire(stage: Stage) -> None:
    stage.discord.pass_time(16 * 60)


async def _delete_channel(stage: Stage) -> None:
    stage.discord.delete_channel(TUNES)


async def _forbid_sending(stage: Stage) -> None:
    stage.discord.forbid(TUNES, world.SEND_MESSAGES)


async def _hide_channel(stage: Stage) -> None:
    stage.discord.forbid(TUNES, world.VIEW_CHANNEL)


async def _end_session(stage: Stage) -> None:
    await stage.discord.invalidate_session()
    await stage.discord.connected()


PLACE_FAULTS: dict[str, Callable[[Stage], Awaitable[None]]] = {
    "token expired": _expire,
    "channel deleted": _delete_channel,
    "bot removed from the server": lambda stage: stage.discord.remove_bot(),
    "not allowed to send": _forbid_sending,
    "not allowed to see the channel": _hide_channel,
    "session at the gateway invalid": _end_session,
}

HIDING = ("bot removed from the server", "not allowed to see the channel")  # a card in chat has no token

Flow = Callable[[Stage, Callable[[], Awaitable[None]]], Awaitable[list[str]]]


@dataclass(frozen=True)
class Step:
    """`call` is the one that fails. `flow` awaits its argument when that call comes next, and returns the tunes' ids."""

    call: str
    flow: Flow
    shared: bool = False
    card_out_of_reach: bool = False  # the bot is not a member, and its token has expired


def in_place(channel: world.Channel, *, expired: bool = False, forbidden: int = 0, command: str = "tune", **options: Any) -> Flow:
    """Somebody requests with a command; the fault comes when the tune is finished."""

    async def flow(stage: Stage, begin: Callable[[], Awaitable[None]]) -> list[str]:
        stage.discord.forbid(channel, forbidden)
        asked = await stage.discord.slash(command, channel=channel, **options)
        first = await stage.accepted(asked)
        await shown(stage, asked)
        tunes = await stage.storage.set_of(first.id) if first.set_id else [first]
        if expired:
            stage.discord.expire(asked)
        await begin()
        return await finished(stage, tunes)

    return flow


async def shown(stage: Stage, asked: Interaction) -> None:
    """Waits for the card, after which the bot calls only when something changes."""
    await stage.discord.until(lambda: "🎻" in (stage.discord.card(asked) or {"content": ""})["content"])


async def finished(stage: Stage, tunes: list[Tune]) -> list[str]:
    for tune in tunes:
        await stage.compose(tune.id)
    for tune in tunes:
        await stage.delivered(tune.id)
    return [tune.id for tune in tunes]


async def progress(stage: Stage, begin: Callable[[], Awaitable[None]]) -> list[str]:
    """The fault hits the first edit of the card."""
    await begin()
    return await finished(stage, [await stage.accepted(await stage.discord.slash("tune"))])


async def acknowledgement(stage: Stage, begin: Callable[[], Awaitable[None]]) -> list[str]:
    await begin()
    await stage.discord.slash("tune")
    async with asyncio.timeout(HANG_S):
        while not (tunes := await stage.storage.undelivered("discord")):
            await asyncio.sleep(0.01)
    return await finished(stage, tunes)


async def chat_card(stage: Stage, begin: Callable[[], Awaitable[None]]) -> list[str]:
    await begin()
    said = await stage.discord.write(f"{MENTION} a reel")
    return await finished(stage, [await stage.tune_of_message(said)])


async def chat(stage: Stage, begin: Callable[[], Awaitable[None]]) -> list[str]:
    tune = await stage.tune_of_message(await stage.discord.write(f"{MENTION} a reel"))
    await stage.discord.until(lambda: any("🎻" in message["content"] for message in stage.discord.messages_in()))
    await begin()
    return await finished(stage, [tune])


async def share(stage: Stage, begin: Callable[[], Awaitable[None]]) -> list[str]:
    here = Viewer("discord", community_id=TUNES.server)
    await stage.storage.preferences.change_community(here, sharing_channel=SHOWCASE.id)
    tune_id, message = await stage.posted(person=FIDDLER)
    await begin()
    pressed = await stage.discord.click(message, "Share")
    with suppress(TimeoutError, AssertionError):
        await stage.discord.answered(pressed)
    async with asyncio.timeout(HANG_S):
        while (shared := (await stage.tune(tune_id)).shared) is None or shared.message_id is None:
            await asyncio.sleep(0.01)
    return [tune_id]


STEPS: dict[str, Step] = {
    "acknowledgement": Step("POST /interactions/", acknowledgement),
    "edit of the card": Step("PATCH /webhooks/", progress),
    "post": Step(POST, in_place(TUNES)),
    "post of a set": Step(POST, in_place(TUNES, command="set", count=2)),
    "removal of the card": Step("DELETE /webhooks/", in_place(TUNES)),
    "tune on the card": Step("PATCH /webhooks/", in_place(SILENT)),
    "tune on the card of a user-installed bot": Step("PATCH /webhooks/", in_place(ELSEWHERE)),
    "text without files": Step(POST, in_place(TUNES, forbidden=world.ATTACH_FILES)),
    "opening direct messages": Step("POST /users/@me/channels", in_place(ELSEWHERE, expired=True), card_out_of_reach=True),
    "direct message": Step(DIRECTLY, in_place(ELSEWHERE, expired=True), card_out_of_reach=True),
    "card in chat": Step(POST, chat_card),
    "post in chat": Step(POST, chat),
    "post of a shared tune": Step(SHARE, share, shared=True),
}


@contextmanager
def hurried(call_s: float) -> Iterator[None]:
    """Shortens the pauses between attempts, those of discord.py too, and limits each call to `call_s`."""

    async def sleep(seconds: float, result: object = None) -> object:
        return await asyncio.sleep(min(seconds, 0.05), result)

    async def at_once(*_: object, **__: object) -> None:
        pass

    quick = SimpleNamespace(**{name: getattr(asyncio, name) for name in dir(asyncio)} | {"sleep": sleep})
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(limits, "RETRY_S", 0.05)
        for module in (discord.http, discord.webhook.async_):
            monkeypatch.setattr(module, "asyncio", quick)
        monkeypatch.setattr(limits, "CALL_S", call_s)
        monkeypatch.setattr(limits, "RETRY_AT_MOST_S", 0.2)
        monkeypatch.setattr(discord.Client, "before_identify_hook", at_once)
        yield


def copies(discord: FakeDiscord, tune_ids: list[str]) -> list[Payload]:
    """The messages with buttons or a menu of one of the tunes: each is the tune once more."""
    own = [message for message in discord.messages.values() if message["author"] == BOT]
    pattern = re.compile(rf"(tune:(again|vary)|set:choose):({'|'.join(tune_ids)})\"")
    return [message for message in own if pattern.search(json.dumps(message["components"]))]


async def deliver(
    stage: Stage, step: Step, begin: Callable[[], Awaitable[None]], *, card_out_of_reach: bool, may_repeat: bool
) -> None:
    """Runs the step with the fault and checks that the tune is in one message, and that no card is left within reach."""
    discord = stage.discord
    tune_ids = await step.flow(stage, begin)
    await idle(stage)
    found = copies(discord, tune_ids)
    tune = await stage.tune(tune_ids[0])
    expected = [tune.message_id, *([tune.shared.message_id] if step.shared and tune.shared else [])]
    repeated = [message["channel_id"] for message in found if message["id"] not in expected]
    assert set(map(str, expected)) <= {message["id"] for message in found}, "the stored message is not there"
    assert repeated == [] or may_repeat, "the tune is there twice"
    left = [message["content"] for message in discord.messages.values() if message["content"].startswith("🎻")]
    assert left == [] or card_out_of_reach, "a card is left"
    assert discord.faults_left == [], "the fault did not happen"


async def idle(stage: Stage) -> None:
    """Waits until no delivery and no post is running."""
    names = ("deliver ", "share ")
    async with asyncio.timeout(HANG_S):
        while any(task.get_name().startswith(names) for task in asyncio.all_tasks()):
            await asyncio.sleep(0.01)


def scenarios() -> list[tuple[str, str]]:
    """Every step with every fault that can hit it."""
    called = [(step, fault) for step in STEPS for fault in CALL_FAULTS]
    return [*called, *((step, fault) for step in ("post", "post of a set", "post in chat") for fault in PLACE_FAULTS)]


async def deliver_through(storage: Storage, step_name: str, fault: str) -> None:
    """A new bot delivers a tune through the fault. Raises AssertionError unless it is delivered once."""
    step, running = STEPS[step_name], list[object]()

    async def begin() -> None:
        if fault in PLACE_FAULTS:
            await PLACE_FAULTS[fault](stage)
        else:
            running.append(CALL_FAULTS[fault](stage.discord, step.call))

    # Logs are captured, since printing a traceback takes longer than a delivery.
    with structlog.testing.capture_logs(), hurried(call_s=2.0 if fault in TIME_OUTS else HANG_S):
        async with FakeDiscord() as discord:
            stage = Stage(discord, storage)
            await stage.start_bot()
            try:
                hidden = step.card_out_of_reach or (step_name == "post in chat" and fault in HIDING)
                await deliver(stage, step, begin, card_out_of_reach=hidden, may_repeat=(step_name, fault) in TWICE)
            finally:
                await stage.stop_bot()
