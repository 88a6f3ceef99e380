"""Messages that were sent while the bot was not connected."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from bot.discord.core import limits
from storage import Storage
from storage.last_seen import Conversation
from tests.bot.discord.conftest import Stage
from tests.bot.discord.test_process import process
from tests.loopback.discord import (
    APPLICATION,
    DIRECT,
    HERMIT,
    MENTION,
    NO_HISTORY,
    PIPER,
    SHOWCASE,
    THREAD,
    FakeDiscord,
    Payload,
)
from tests.loopback.discord_world import SERVER, snowflake
from tests.patience import HANG_S

HOUR_MS = 3_600_000
IN_SERVER = Conversation(community_id=SERVER)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MISSED_PAUSE_S", 0.0)
    monkeypatch.setattr(limits, "RETRY_S", 0.05)


def hours_ago(hours: int) -> str:
    """The id of a message of that time."""
    return str(int(snowflake()) - (hours * HOUR_MS << 22))


async def requested(storage: Storage, said: list[Payload]) -> None:
    """Waits until each message has become a tune."""
    wanted = {one["id"] for one in said}
    async with asyncio.timeout(HANG_S):
        while not wanted <= {tune.origin.event_id for tune in await storage.undelivered("discord")}:
            await asyncio.sleep(0.01)


async def known(storage: Storage, conversation: Conversation) -> None:
    """Waits until the bot has stored that it is there."""
    async with asyncio.timeout(HANG_S):
        while conversation not in await storage.last_seen.marks("discord"):
            await asyncio.sleep(0.01)


def replies(discord: FakeDiscord) -> Counter[str]:
    """How many messages of the bot reply to each message."""
    own = [message for message in discord.messages.values() if message["author"]["id"] == APPLICATION]
    return Counter(message["message_reference"]["message_id"] for message in own if "message_reference" in message)


async def new_session(discord: FakeDiscord) -> None:
    await discord.gateway.forget_session()
    await discord.drop()
    await asyncio.wait_for(discord.gateway.connected.wait(), HANG_S)


async def test_a_bot_that_was_killed_answers_what_it_missed_once(storage: Storage, tmp_path: Path, url: str) -> None:
    async with FakeDiscord() as discord:
        stage = Stage(discord, storage)
        async with process(discord, tmp_path, url):
            greeting = await discord.write("hm", channel=DIRECT)  # the bot knows only conversations that took place
            await discord.until(lambda: replies(discord)[greeting["id"]])
            tune = await stage.accepted(await discord.slash("tune"))
            await stage.compose(tune.id)
            [message] = await discord.posted()
            await stage.delivered(tune.id)
            await known(storage, IN_SERVER)
        wanted = [
            await discord.write(f"{MENTION} a reel"),
            await discord.write("vary it", reply_to=message, person=PIPER),
            await discord.write(f"{MENTION} a jig", channel=THREAD, person=PIPER),
            await discord.write("a polka", channel=DIRECT),
        ]
        plain = await discord.write(f"{MENTION} hm", channel=SHOWCASE)
        ignored = [
            await discord.write("a reel, please"),
            await discord.write(f"{MENTION} a reel", author={**PIPER.payload, "bot": True}),
            await discord.write(f"{MENTION} a reel", webhook_id="77"),
            await discord.write(f"{MENTION} a reel", channel=SHOWCASE, id=hours_ago(25)),
        ]
        for _ in range(2):  # the second time right after the first, before it has stored that it saw them
            async with process(discord, tmp_path, url):
                await requested(storage, wanted)
                await discord.until(lambda: all(replies(discord)[one["id"]] for one in [*wanted, plain]))
                wanted.append(await discord.write(f"{MENTION} a waltz", person=HERMIT))
                await requested(storage, wanted)
                await discord.until(lambda: replies(discord)[wanted[-1]["id"]])
        assert replies(discord) == Counter(one["id"] for one in [greeting, *wanted, plain])
        tunes = await storage.undelivered("discord")
        assert Counter(tune.origin.event_id for tune in tunes) == Counter(one["id"] for one in wanted)
        assert not {one["id"] for one in ignored} & set(replies(discord))


async def test_a_bot_that_is_killed_while_it_catches_up_begins_again(storage: Storage, tmp_path: Path, url: str) -> None:
    async with FakeDiscord() as discord:
        async with process(discord, tmp_path, url):
            await known(storage, IN_SERVER)
        plain = await discord.write(f"{MENTION} hm")
        wanted = [await discord.write(f"{MENTION} a reel") for _ in range(3)]
        async with process(discord, tmp_path, url):
            await discord.until(lambda: replies(discord)[plain["id"]])
            release = discord.hold("POST /channels/300/messages", after=True)
            await discord.until(lambda: len(replies(discord)) >= 2)
        release.set()
        discord.pass_time(600)  # longer than Discord knows a nonce
        async with process(discord, tmp_path, url):
            await requested(storage, wanted)
            await discord.until(lambda: all(replies(discord)[one["id"]] for one in wanted))
        assert replies(discord) == Counter(one["id"] for one in [plain, *wanted])
        assert len(await storage.undelivered("discord")) == 3


async def test_messages_from_before_the_first_start_are_not_answered(stopped_stage: Stage) -> None:
    discord = stopped_stage.discord
    before = await discord.write(f"{MENTION} a reel")
    await stopped_stage.start_bot()
    await requested(stopped_stage.storage, [await discord.write(f"{MENTION} a jig")])
    await stopped_stage.restart()
    await requested(stopped_stage.storage, [await discord.write(f"{MENTION} a waltz")])
    assert replies(discord)[before["id"]] == 0


async def test_messages_that_a_lost_session_swallowed_are_answered(stage: Stage) -> None:
    discord = stage.discord
    seen = [await discord.write(f"{MENTION} a reel"), await discord.write("a jig", channel=DIRECT)]
    await requested(stage.storage, seen)
    missed = [
        await discord.write(f"{MENTION} a polka", person=PIPER, lost=True),
        await discord.write("a waltz", channel=DIRECT, lost=True),
    ]
    await new_session(discord)
    await discord.write("nothing to do with the bot")  # arrives before anything is caught up, and must not hide it
    await requested(stage.storage, [*seen, *missed])
    await discord.until(lambda: all(replies(discord)[one["id"]] for one in missed))
    await new_session(discord)
    await requested(stage.storage, [await discord.write(f"{MENTION} a slide", person=PIPER)])
    assert all(replies(discord)[one["id"]] == 1 for one in [*seen, *missed])
    assert len(await stage.storage.undelivered("discord")) == 5


async def test_of_many_messages_the_newest_are_read(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    discord = stage.discord
    monkeypatch.setattr(limits, "MISSED_MESSAGES", 5)
    monkeypatch.setattr(limits, "MISSED_CHANNELS", 2)
    await known(stage.storage, IN_SERVER)
    await stage.stop_bot()
    too_early = await discord.write(f"{MENTION} a jig")
    for _ in range(3):
        await discord.write("talk")
    wanted = [await discord.write(f"{MENTION} a waltz", person=PIPER) for _ in range(2)]
    hidden = await discord.write(f"{MENTION} a slide", channel=NO_HISTORY)
    quiet = await discord.write(f"{MENTION} a march", channel=SHOWCASE)
    calls = len(discord.calls)
    await stage.start_bot()
    await requested(stage.storage, [*wanted, quiet])
    last = await discord.write(f"{MENTION} a jig", person=PIPER)
    await requested(stage.storage, [last])
    assert {replies(discord)[one["id"]] for one in (too_early, hidden)} == {0}
    assert not [call for call in discord.calls[calls:] if call == f"GET /channels/{NO_HISTORY.id}/messages"]


async def test_trouble_with_reading_a_channel_only_delays(stage: Stage) -> None:
    discord = stage.discord
    await known(stage.storage, IN_SERVER)
    await stage.stop_bot()
    missed = await discord.write(f"{MENTION} a reel")
    discord.lose_answer("GET /channels/300/messages")
    await stage.start_bot()
    await requested(stage.storage, [missed])


async def test_a_quiet_restart_reads_no_channel(stage: Stage) -> None:
    discord = stage.discord
    await requested(stage.storage, [await discord.write(f"{MENTION} a reel"), await discord.write("a jig", channel=DIRECT)])
    await discord.until(lambda: len(replies(discord)) == 2)
    for tune in await stage.storage.undelivered("discord"):
        await stage.storage.mark_delivered(tune.id, "1")
    await stage.restart()
    await discord.until(lambda: f"GET /channels/{DIRECT.id}/messages" in discord.calls)
    async with asyncio.timeout(HANG_S):
        while stage.side_bot._catch_up._tasks:
            await asyncio.sleep(0.01)
    calls = len(discord.calls)
    await stage.restart()
    await discord.until(lambda: f"GET /channels/{DIRECT.id}/messages" in discord.calls[calls:])
    assert [call for call in discord.calls[calls:] if "/messages" in call] == [f"GET /channels/{DIRECT.id}/messages"]


async def test_marks_are_stored_seldom_and_forgotten_when_the_bot_leaves(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    discord, last_seen = stage.discord, stage.storage.last_seen
    store, stored = last_seen.store, list[int]()

    async def counted(platform: str, marks: dict[Conversation, int]) -> None:
        stored.append(len(marks))
        await store(platform, marks)

    monkeypatch.setattr(last_seen, "store", counted)
    for _ in range(50):
        await discord.write("talk")
    said = await discord.write(f"{MENTION} a reel")
    await stage.tune_of_message(said)
    await stage.stop_bot()
    assert len(stored) <= 3
    assert (await last_seen.marks("discord"))[IN_SERVER] >= int(said["id"])
    await stage.start_bot()
    await discord.gateway.event("GUILD_DELETE", {"id": SERVER})
    async with asyncio.timeout(HANG_S):
        while IN_SERVER in await last_seen.marks("discord"):
            await asyncio.sleep(0.01)
