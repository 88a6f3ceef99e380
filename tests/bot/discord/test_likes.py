"""The like button: one like per person, and the right number on every message of the tune."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import pytest

from bot.discord.core import limits
from generator.request import TuneRequest
from storage import Origin, Viewer
from tests.bot.discord.conftest import Stage
from tests.loopback.discord import DIRECT, ELSEWHERE, FIDDLER, HERMIT, PIPER, PRIVATE, SHOWCASE, TUNES, Channel, Payload, Person
from tests.loopback.discord_limits import Rates
from tests.loopback.discord_server import DEFERRED_UPDATE
from tests.patience import HANG_S

HERE = Viewer("discord", PIPER.id, TUNES.server)


@pytest.fixture(autouse=True)
def brisk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "LIKE_CHECK_INTERVAL_S", 0.05)
    monkeypatch.setattr(limits, "LIKE_EDIT_INTERVAL_S", 0.2)


def shows(message: Payload, number: int) -> Callable[[], bool]:
    return lambda: (
        [
            item["label"]
            for row in message["components"]
            for item in row["components"]
            if item["custom_id"].startswith("tune:like:")
        ]
        == [f"♥ {number}"]
    )


@pytest.mark.parametrize("channel", [TUNES, DIRECT, ELSEWHERE], ids=lambda channel: channel.name)
async def test_a_second_press_removes_the_like_after_a_restart(stage: Stage, channel: Channel) -> None:
    first, message = await stage.posted(channel=channel, person=FIDDLER)
    stage.discord.pass_time(20 * 60)  # the command's token has expired
    pressed = await stage.discord.click(message, "♥ 0")
    await stage.discord.until(shows(message, 1))
    assert (pressed.callback, pressed.followups) == (DEFERRED_UPDATE, [])
    await stage.restart()
    await stage.discord.click(message, "♥ 1")
    await stage.discord.until(shows(message, 0))
    assert (await stage.tune(first)).likes == 0
    assert [len(row["components"]) for row in message["components"]] == [5, 4, 3]
    assert message["attachments"]
    stage.discord.assert_no_pings()


async def test_every_message_shows_the_number_of_all_likes(stage: Stage) -> None:
    await stage.storage.preferences.change_community(HERE, sharing_channel=SHOWCASE.id)
    first, message = await stage.posted()
    await stage.discord.click(message, "♥ 0", person=HERMIT)
    await stage.discord.until(shows(message, 1))
    await stage.discord.private_text(await stage.discord.click(message, "Share", person=PIPER))
    [post] = stage.discord.tunes(SHOWCASE)
    assert shows(post, 1)()
    await stage.storage.sharing.like(first, Viewer("web", "somebody"))
    await stage.discord.until(lambda: shows(message, 2)() and shows(post, 2)())
    await stage.restart()
    await stage.discord.click(post, "♥ 2", person=HERMIT)
    await stage.discord.until(lambda: shows(message, 1)() and shows(post, 1)())


async def test_likes_given_while_the_bot_is_down_are_shown_after_the_start(stage: Stage) -> None:
    first, message = await stage.posted()
    await stage.stop_bot()
    await stage.storage.sharing.like(first, HERE)
    await stage.start_bot()
    await stage.discord.until(shows(message, 1))


async def test_a_message_with_the_right_number_is_not_edited(stage: Stage) -> None:
    first, message = await stage.posted()
    await stage.discord.click(message, "♥ 0")
    await stage.discord.until(shows(message, 1))
    await stage.restart()
    read = f"GET /channels/{TUNES.id}/messages/{message['id']}"
    await stage.discord.until(lambda: read in stage.discord.calls)
    await stage.storage.sharing.share(first, HERE)
    await asyncio.sleep(0.4)
    edits = [call for call in stage.discord.calls if call.startswith("PATCH") and "@original" in call]
    assert len(edits) == 1


async def test_a_tune_without_a_discord_message_does_not_stop_the_others(stage: Stage) -> None:
    origin = Origin("slack", "1", "ann", channel_id="C1", community_id="T1")
    tune = await stage.storage.add(TuneRequest.check(), origin)
    await stage.compose(tune.id)
    await stage.storage.mark_delivered(tune.id, "1503435956.000247")
    await stage.storage.sharing.like(tune.id, Viewer("slack", "ann"))
    first, message = await stage.posted()
    await stage.storage.sharing.like(first, HERE)
    await stage.discord.until(shows(message, 1))


async def test_a_private_tune_cannot_be_liked_by_others(stage: Stage) -> None:
    _, message = await stage.posted(channel=PRIVATE, person=FIDDLER)
    pressed = await stage.discord.click(message, "♥ 0", person=HERMIT)
    assert "This tune is private" in await stage.discord.private_text(pressed)
    assert shows(message, 0)()


async def test_in_a_message_of_others_only_the_number_changes(stage: Stage) -> None:
    first, _ = await stage.posted()
    heart = {"type": 2, "style": 2, "label": "♥ 0", "custom_id": f"tune:like:{first}"}
    other = {"type": 2, "style": 2, "label": "Next", "custom_id": "gallery:next"}
    page = await stage.discord.write("page")
    page |= {"author": stage.discord.tunes()[0]["author"], "components": [{"type": 1, "components": [heart, other]}]}
    await stage.discord.click(page, "♥ 0")
    await stage.discord.until(shows(page, 1))
    assert stage.discord.buttons(page) == {"♥ 1": f"tune:like:{first}", "Next": "gallery:next"}
    page["components"] = [{"type": 1, "components": [other]}]  # it shows another tune now
    await stage.storage.sharing.like(first, HERE)
    await stage.discord.until(shows(stage.discord.tunes()[0], 2))
    await asyncio.sleep(0.3)
    assert stage.discord.buttons(page) == {"Next": "gallery:next"}


async def test_three_hundred_people_press_at_once(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "LIKE_CHECK_INTERVAL_S", 1.0)
    monkeypatch.setattr(limits, "LIKE_EDIT_INTERVAL_S", 3.0)
    began = time.monotonic()
    first, message = await stage.posted()
    people = [Person(str(5_000 + number), f"person {number}") for number in range(300)]
    pressed = [await stage.discord.click(message, f"tune:like:{first}", person=person) for person in people]
    await stage.discord.until(lambda: all(press.callback == DEFERRED_UPDATE for press in pressed), 5 * HANG_S)
    await stage.discord.until(shows(message, 300), 5 * HANG_S)
    edits = [call for call in stage.discord.calls if call.startswith("PATCH") and call.endswith(("@original", message["id"]))]
    assert len(edits) <= 1 + (time.monotonic() - began) / 3, "at most one in 3 s, however long it takes"
    assert stage.discord.rates.exceeded == []
    assert stage.discord.messages_in() == [message]
    stage.discord.assert_no_pings()


async def test_edits_of_many_messages_of_a_channel_wait_for_each_other(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Rates, "ROUTES", tuple((route, calls, seconds / 3) for route, calls, seconds in Rates.ROUTES))
    posted = [await stage.posted(person=Person(str(5_000 + number), "somebody")) for number in range(12)]
    await asyncio.gather(*(stage.storage.sharing.like(tune_id, HERE) for tune_id, _ in posted))
    await stage.discord.until(lambda: all(shows(message, 1)() for _, message in posted), 5 * HANG_S)
    assert stage.discord.rates.exceeded == []
