"""Again, Vary, Continue and B part, under messages of any age."""

from __future__ import annotations

import asyncio

import pytest

from bot.core.derive import ACTIONS
from bot.core.texts import common
from bot.languages import language
from bot.slack.core import limits
from generator.request import TuneRequest
from storage.viewer import Viewer
from tests.bot.slack.conftest import Stage
from tests.bot.worker import ABC
from tests.loopback.slack import CONNECT, DIRECT, FIDDLER, GROUP, PIPER, SAILOR, SESSION, Channel, Person
from tests.patience import HANG_S

MODES = {
    "again": ("continue", 2), "vary-little": ("vary", 1), "vary": ("vary", 2), "vary-lot": ("vary", 3),
    "continue": ("continue", 2), "second-part": ("second part", 2),
}  # fmt: skip


async def test_all_buttons_request_what_they_say_after_a_restart(stage: Stage) -> None:
    first, message = await stage.posted(TuneRequest.check(rhythm="reel", seed=7))
    await stage.restart()
    assert MODES.keys() == ACTIONS.keys()
    for action, (mode, strength) in MODES.items():
        tune = await stage.accepted(await stage.slack.click(message, f"tune:{action}", person=PIPER))
        request = tune.request
        assert (request.mode, request.strength, request.rhythm) == (mode, strength, "reel")
        assert request.seed != 7
        assert (tune.parent_id, tune.origin.user_id) == (None if action == "again" else first, PIPER.id)
        assert bool(request.opening) is (action != "again")
        await stage.compose(tune.id)
        await stage.delivered(tune.id)
    assert len(stage.slack.tunes()) == 1 + len(MODES)
    stage.slack.assert_rules_kept()


@pytest.mark.parametrize(
    ("channel", "person"), [(DIRECT, FIDDLER), (GROUP, FIDDLER), (CONNECT, SAILOR)], ids=["direct", "group", "shared"]
)
async def test_a_variation_is_posted_where_the_button_is(stage: Stage, channel: Channel, person: Person) -> None:
    first, message = await stage.posted(channel=channel)
    tune = await stage.accepted(await stage.slack.click(message, "tune:vary", person=person))
    assert (tune.parent_id, tune.request.opening) == (first, ABC.strip())
    await stage.compose(tune.id)
    await stage.delivered(tune.id)
    assert len(stage.slack.tunes(channel)) == 2
    stage.slack.assert_rules_kept()


async def test_what_is_requested_in_direct_messages_is_not_of_the_workspace(stage: Stage) -> None:
    _, message = await stage.posted(channel=DIRECT)
    tune = await stage.accepted(await stage.slack.click(message, "tune:vary"))
    assert (tune.origin.channel_id, tune.origin.community_id) == (DIRECT.id, "")


async def test_in_a_thread_the_new_tune_is_posted_there_and_under_a_message_of_the_channel_in_the_channel(stage: Stage) -> None:
    said = await stage.slack.write("a reel?")
    _, in_thread = await stage.posted(thread=said)
    _, in_channel = await stage.posted()
    await stage.slack.reply(in_channel, "lovely")
    varied = await stage.accepted(await stage.slack.click(in_thread, "tune:vary"))
    again = await stage.accepted(await stage.slack.click(in_channel, "tune:again"))
    assert [tune.origin.reply["thread_ts"] for tune in (varied, again)] == [said["ts"], ""]


async def test_a_refusal_is_told_privately_in_the_persons_language(stage: Stage) -> None:
    tune_id, message = await stage.posted()
    await stage.storage.sharing.delete(tune_id, Viewer("slack", FIDDLER.id, SESSION.id))
    await stage.slack.acked(await stage.slack.click(message, "tune:vary", person=PIPER))
    assert await stage.slack.private_text(PIPER) == language("de")(common.TUNE_GONE)
    assert stage.slack.ephemerals() == []


async def test_a_button_that_is_pressed_twice_requests_two_tunes_and_an_event_that_is_sent_twice_one(stage: Stage) -> None:
    _, message = await stage.posted()
    pressed = await stage.slack.click(message, "tune:vary")
    first = await stage.accepted(pressed)
    await stage.slack.acked(await stage.slack.repeat(pressed))
    second = await stage.accepted(await stage.slack.click(message, "tune:vary"))
    assert {tune.id for tune in await stage.storage.undelivered("slack")} == {first.id, second.id}


async def test_a_hundred_people_press_at_once(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    _, message = await stage.posted()
    people = [Person(f"U0CROWD{number:03d}", f"person-{number}") for number in range(100)]
    stage.slack.state.people |= {person.id: person for person in people}
    monkeypatch.setattr(limits, "LOOKUP_S", 0.5)
    monkeypatch.setattr(limits, "STORE_FIRST_S", 1.0)
    pressed = await asyncio.gather(*(stage.slack.click(message, "tune:vary", person=person) for person in people))
    for sent in pressed:
        await stage.slack.acked(sent)  # within 3 s, as the stand-in counts them
    async with asyncio.timeout(HANG_S):
        while len(await stage.storage.undelivered("slack")) < len(people):
            await asyncio.sleep(0.1)
    assert {tune.origin.user_id for tune in await stage.storage.undelivered("slack")} == {person.id for person in people}
    stage.slack.assert_rules_kept(limited=True)
