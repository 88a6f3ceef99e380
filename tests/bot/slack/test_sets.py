"""`/tune set`, and the menu and the button under a message with several tunes."""

from __future__ import annotations

import itertools

import pytest

from bot.core.texts import chat, common
from bot.core.texts.compose import count_out_of_range
from bot.slack.delivery.removal import remove_messages
from generator.notation.keys import Key
from generator.request import TuneRequest
from generator.sets import requests_of_set
from storage.tunes import Tune
from storage.viewer import Viewer
from tests.bot.slack.conftest import Stage
from tests.bot.worker import ABC
from tests.loopback.slack import DIRECT, FIDDLER, PIPER, SESSION, TUNES, Channel, Payload, Sent
from tests.loopback.slack import text_of as words_of

REEL = TuneRequest.check(rhythm="reel", key="D", seed=7)


async def tunes_of(stage: Stage, sent: Sent) -> list[Tune]:
    first = await stage.accepted(sent)
    assert first.set_id is not None
    return await stage.storage.set_of(first.set_id)


async def posted_set(stage: Stage, *requests: TuneRequest, channel: Channel = TUNES) -> tuple[list[Tune], Payload]:
    first = await stage.requested(*requests, channel=channel)
    tunes = await stage.storage.set_of(first.id)
    for number, tune in enumerate(tunes, 1):
        title = f"Number {number}"
        await stage.compose(tune.id, title=title, abc=ABC.replace("The Loopback", title))
    return tunes, stage.slack.state.messages[channel.id, await stage.delivered(first.id)]


async def opened(stage: Stage, message: Payload, tune: Tune) -> Payload:
    """The private answer with one tune of a set, for PIPER."""
    seen = len(stage.slack.ephemerals(PIPER))
    await stage.slack.acked(await stage.slack.choose(message, "set:choose", tune.id, person=PIPER))
    return (await stage.slack.until(lambda: stage.slack.ephemerals(PIPER)[seen:]))[0]


@pytest.mark.parametrize(
    ("words", "count", "rhythm", "first_key"),
    [
        ("3 polkas", 3, "polka", None),
        ("2 Jigs in G minor", 2, "jig", "Gm"),
        ("of reels in D", 3, "reel", "D"),
        ("", 3, None, None),
    ],
)
async def test_the_words_say_how_many_of_what(
    stage: Stage, words: str, count: int, rhythm: str | None, first_key: str | None
) -> None:
    tunes = await tunes_of(stage, await stage.slack.slash("tune", f"set {words}"))
    assert len(tunes) == count
    assert {tune.request.rhythm for tune in tunes} == {rhythm or tunes[0].request.rhythm}
    keys = [Key.parse(tune.request.key or "") for tune in tunes]
    assert first_key in (None, keys[0].abc)
    assert all(one != other for one, other in itertools.pairwise(keys))
    assert (await stage.card(tunes[0].id))["text"]
    stage.slack.assert_rules_kept()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [("6 reels", count_out_of_range(2, 5)), ("count:x reels", count_out_of_range(2, 5)), ("hello there", chat.HOW_TO_REQUEST)],
)
async def test_another_count_and_other_words_are_refused_privately(stage: Stage, words: str, sentence: str) -> None:
    await stage.slack.acked(await stage.slack.slash("tune", f"set {words}"))
    assert (await stage.slack.private_text()).startswith(sentence)
    assert await stage.storage.undelivered("slack") == []


async def test_a_set_is_one_message(stage: Stage) -> None:
    _, message = await posted_set(stage, *requests_of_set(REEL, 3))
    names = [file["name"] for file in message["files"]]
    assert names == ["1-number-1.png", "2-number-2.png", "3-number-3.png", "set.mp3", "set.abc"]
    assert stage.slack.messages_in() == [message]
    stage.slack.assert_rules_kept()


@pytest.mark.parametrize("channel", [TUNES, DIRECT], ids=["channel", "direct"])
async def test_again_requests_as_many_after_a_restart(stage: Stage, channel: Channel) -> None:
    for requests in (requests_of_set(REEL, 2), REEL.in_a_row(2)):
        tunes, message = await posted_set(stage, *requests, channel=channel)
        await stage.restart()
        anew = await tunes_of(stage, await stage.slack.click(message, "set:again"))
        assert [tune.request.rhythm for tune in anew] == ["reel"] * 2
        assert (anew[0].request.key == anew[1].request.key) is (tunes[0].request.key == tunes[1].request.key)
        assert anew[0].request.seed != tunes[0].request.seed
        await stage.context.desk.cancel(anew[0].id, Viewer("slack", FIDDLER.id, SESSION.id))
        await stage.idle()


async def test_the_menu_shows_a_tune_privately_with_all_its_buttons_after_a_restart(stage: Stage) -> None:
    slack = stage.slack
    tunes, message = await posted_set(stage, *requests_of_set(REEL, 2))
    await stage.restart()
    answer = await opened(stage, message, tunes[1])
    assert answer["text"] == "Number 2"
    assert "T:Number 2" in words_of(answer)
    assert len(slack.buttons(answer)) == 12
    await stage.restart()
    varied = await stage.accepted(await slack.click(answer, "tune:vary", person=PIPER))
    assert (varied.parent_id, varied.origin.user_id, varied.origin.channel_id) == (tunes[1].id, PIPER.id, TUNES.id)
    slack.assert_rules_kept()


async def test_a_deleted_tune_leaves_its_set_which_is_posted_again(stage: Stage) -> None:
    tunes, _ = await posted_set(stage, *requests_of_set(REEL, 3))
    deleted = await stage.storage.sharing.delete(tunes[1].id, Viewer("slack", FIDDLER.id, SESSION.id))
    await remove_messages(stage.context, deleted)
    [message] = stage.slack.messages_in()
    assert "Number 2" not in str(message["blocks"])
    names = [file["name"] for file in message["files"]]
    assert names == ["1-number-1.png", "2-number-3.png", "set.mp3", "set.abc"]
    assert b"Number 2" not in stage.slack.file(message, ".abc")
    await stage.restart()
    assert "T:Number 3" in words_of(await opened(stage, message, tunes[2]))
    anew = await tunes_of(stage, await stage.slack.click(message, "set:again"))
    assert len(anew) == 2
    stage.slack.assert_rules_kept()


async def test_a_tune_that_was_deleted_meanwhile_is_explained(stage: Stage) -> None:
    tunes, message = await posted_set(stage, *requests_of_set(REEL, 2))
    await stage.storage.sharing.delete(tunes[0].id, Viewer("slack", FIDDLER.id, SESSION.id))
    await stage.slack.acked(await stage.slack.choose(message, "set:choose", tunes[0].id))
    assert await stage.slack.private_text() == common.TUNE_GONE
