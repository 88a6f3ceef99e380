"""Requests in chat: mentions, direct messages and replies with words, ABC and files."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot.core import reply_limit
from bot.discord.chat import requests
from bot.discord.core import limits
from storage import Status
from tests.bot.discord.conftest import ABC, Stage
from tests.loopback.discord import (
    APPLICATION,
    DIRECT,
    HERMIT,
    HIDDEN,
    MENTION,
    NO_HISTORY,
    PIPER,
    SILENT,
    SILENT_THREAD,
    THREAD,
    TUNES,
    Channel,
    Payload,
    Upload,
)
from tests.patience import HANG_S

LINE = "|:EAAB c2Bc|dBAB G2EG|"
FILE = Upload("tune.abc", ABC.encode())
HELP = "Tell me what to play"


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "RETRY_S", 0.05)


async def posted_tune(stage: Stage, **changes: Any) -> tuple[str, Payload]:
    tune = await stage.accepted(await stage.discord.slash("tune", rhythm="reel", seed=7, temperature=0.8, instrument="harp"))
    await stage.compose(tune.id, **changes)
    message = await stage.delivered(tune.id)
    return tune.id, stage.discord.messages[message]


async def reply_text(stage: Stage, channel: Channel = TUNES) -> str:
    """The bot's reply, once it is posted."""
    answers = await stage.discord.until(
        lambda: [m for m in stage.discord.messages_in(channel) if m["author"]["id"] == APPLICATION]
    )
    return str(answers[-1]["content"])


async def silent(stage: Stage, *, before: int) -> None:
    """Waits for a request to be stored, and checks that the bot replied to nothing before; `before`: messages in the channel."""
    tune = await stage.tune_of_message(await stage.discord.write(f"{MENTION} a reel"))
    assert [waiting.id for waiting in await stage.storage.undelivered("discord")] == [tune.id]
    assert len(stage.discord.messages_in()) == before + 2, "the request and its card"


@pytest.mark.parametrize("channel", [TUNES, THREAD, DIRECT], ids=lambda channel: channel.name)
async def test_a_request_in_words_is_answered_by_a_reply_with_the_tune(stage: Stage, channel: Channel) -> None:
    discord = stage.discord
    called = "" if channel == DIRECT else MENTION
    said = await discord.write(f"{called} a slow jig in G minor, please", channel=channel)
    tune = await stage.tune_of_message(said)
    request = tune.request
    assert (request.rhythm, request.key, request.tempo, request.opening) == ("jig", "Gm", 0.75, "")
    assert (tune.origin.user_id, tune.origin.channel_id, tune.origin.community_id) == ("400", channel.id, channel.server)
    [_, card] = discord.messages_in(channel)
    assert card["message_reference"]["message_id"] == said["id"]
    await stage.storage.start(tune.id)
    await stage.storage.progress(tune.id, status=Status.COMPOSING, bars=5)
    await discord.until(lambda: "5 bars" in card["content"])
    await stage.compose(tune.id)
    message = await stage.delivered(tune.id)
    assert [m["id"] for m in discord.messages_in(channel)] == [said["id"], message], "the card is gone"
    posted = discord.messages[message]
    assert posted["message_reference"]["message_id"] == said["id"]
    assert discord.file(posted, ".abc") == ABC.encode()
    assert "75% of the usual tempo" in posted["content"]
    discord.assert_no_pings()


@pytest.mark.parametrize(
    ("content", "files", "parameters"),
    [
        (f"a reel from this:\n```\n{LINE}\n```", [], {"opening": LINE, "rhythm": "reel", "mode": "continue"}),
        (f"a reel from this: {LINE}", [], {"opening": LINE, "rhythm": "reel", "mode": "continue"}),
        (LINE, [], {"opening": LINE, "rhythm": None, "mode": "continue"}),
        (f"please answer\n{LINE}", [], {"opening": LINE, "mode": "answer"}),
        (
            "play this on the flute",
            [FILE],
            {"opening": ABC.strip(), "mode": "play", "instrument": "flute"},
        ),
        ("vary it a lot", [FILE], {"opening": ABC.strip(), "mode": "vary", "strength": 3}),
        ("play me something wild", [], {"opening": "", "mode": "continue", "temperature": 1.3}),
        ("surprise me", [], {"opening": "", "rhythm": None, "temperature": 1.0}),
        (f"reel key:Ador opening:{LINE}", [], {"opening": LINE, "rhythm": "reel", "key": "Ador"}),
    ],
)
async def test_abc_a_file_and_words_form_one_request(
    stage: Stage, content: str, files: list[Upload], parameters: dict[str, Any]
) -> None:
    tune = await stage.tune_of_message(await stage.discord.write(f"{MENTION} {content}", files=files))
    assert {name: getattr(tune.request, name) for name in parameters} == parameters


@pytest.mark.parametrize(
    ("reply", "parameters"),
    [
        ("vary it", {"opening": ABC.strip(), "mode": "vary"}),
        ("a second part, please", {"opening": ABC.strip(), "mode": "second part"}),
        ("slower", {"opening": ABC.strip(), "mode": "play", "tempo": 0.75, "instrument": "harp"}),
        ("on the flute, without backing", {"opening": ABC.strip(), "mode": "play", "instrument": "flute", "backing": False}),
        ("twice, please", {"opening": ABC.strip(), "mode": "play", "times": 2, "instrument": "harp"}),
        ("wilder!", {"opening": ABC.strip(), "mode": "vary", "temperature": 1.3, "instrument": "harp"}),
        ("in D please", {"opening": ABC.strip(), "mode": "play", "key": "Ddor", "instrument": "harp"}),
        ("slower, in E dorian", {"opening": ABC.strip(), "mode": "play", "key": "Edor", "tempo": 0.75}),
        ("in D# please", {"opening": ABC.strip(), "mode": "play", "key": "D#dor"}),
        ("in D minor please", {"opening": "", "rhythm": "reel", "key": "Dm", "temperature": 0.8, "instrument": "harp"}),
        ("as a jig", {"opening": "", "rhythm": "jig", "key": "Ador"}),
        (LINE, {"opening": LINE, "mode": "continue"}),
    ],
)
async def test_a_reply_to_a_tune_derives_from_it_after_a_restart(stage: Stage, reply: str, parameters: dict[str, Any]) -> None:
    discord = stage.discord
    first, message = await posted_tune(stage)
    await stage.stop_bot()
    await stage.start_bot()
    tune = await stage.tune_of_message(await discord.write(reply, reply_to=message, person=PIPER))
    assert {name: getattr(tune.request, name) for name in parameters} == parameters
    assert (tune.parent_id, tune.origin.user_id) == (first, PIPER.id)
    await stage.compose(tune.id)
    posted = discord.messages[await stage.delivered(tune.id)]
    assert f"based on https://discord.com/channels/200/300/{message['id']}" in posted["content"]


async def test_another_one_repeats_the_request(stage: Stage) -> None:
    _, message = await posted_tune(stage)
    tune = await stage.tune_of_message(await stage.discord.write("another one!", reply_to=message))
    assert (tune.request.rhythm, tune.request.temperature, tune.parent_id) == ("reel", 0.8, None)
    assert tune.request.seed != 7


async def test_a_reply_to_a_deleted_tune_says_that_it_is_gone(stage: Stage) -> None:
    first, message = await posted_tune(stage)
    for row in message["components"]:
        for button in row["components"]:
            button["custom_id"] = button["custom_id"].replace(first, "0" * 12)
    said = await stage.discord.write("vary it", reply_to=message)
    await stage.discord.until(lambda: len(stage.discord.messages_in()) == 3)
    answer = stage.discord.messages_in()[-1]
    assert "no longer have that tune" in answer["content"]
    assert answer["message_reference"]["message_id"] == said["id"]


@pytest.mark.parametrize("remark", ["Lovely slow reel!", "The flute is great in this one", "Thanks!", ""])
async def test_talk_about_a_tune_is_not_a_request(stage: Stage, remark: str) -> None:
    _, message = await posted_tune(stage)
    await stage.discord.write(remark, reply_to=message)
    await silent(stage, before=2)


async def test_messages_that_do_not_address_the_bot_are_ignored(stage: Stage) -> None:
    discord = stage.discord
    _, message = await posted_tune(stage)
    await discord.write("a reel, please")
    await discord.write(f"@everyone a reel, please\n{LINE}")
    await discord.write("<@&200> a reel, please")
    await discord.write("vary it", reply_to=message, ping=False)
    await discord.write(f"{MENTION} a reel", webhook_id="77")
    await discord.write(f"{MENTION} a reel", author={**PIPER.payload, "bot": True})
    await discord.write(f"{MENTION} a reel", type=6)
    await silent(stage, before=8)


async def test_the_bot_does_not_answer_itself(stage: Stage) -> None:
    discord = stage.discord
    tune = await stage.tune_of_message(await discord.write("a reel, please", channel=DIRECT))
    await stage.compose(tune.id, title="vary it, please")
    await stage.delivered(tune.id)
    await stage.tune_of_message(await discord.write("a jig", channel=DIRECT))
    assert len(await stage.storage.undelivered("discord")) == 1


@pytest.mark.parametrize("channel", [TUNES, DIRECT], ids=lambda channel: channel.name)
async def test_a_mention_without_a_request_gets_a_short_explanation(stage: Stage, channel: Channel) -> None:
    await stage.discord.write(f"{MENTION} what a lovely evening!", channel=channel)
    assert HELP in await reply_text(stage, channel)
    assert await stage.storage.undelivered("discord") == []
    stage.discord.assert_no_pings()


@pytest.mark.parametrize(
    ("content", "files", "sentence"),
    [
        ("a reel in 5/8", [], "A reel is not written in 5/8"),
        ("vary this", [], "no tune to vary"),
        ("in E phrygian", [], "phrygian"),
        (f"```\nK:[a](https://evil.example)\n{LINE}\n```", [], r"\[a\]\(https\:"),
        ("play", [Upload("t.abc", b"\x00\x01")], "can't read this file as text"),
        ("play", [Upload("t.abc", bytes(64 * 1024 + 1))], "at most 64 kB"),
        (f"```\nK:nonsense\n{LINE}\n```", [], "nonsense"),
        ("a reel in Dm7", [], "“Dm7” is not a key"),
        ("", [Upload("t.abc", b"please write me a nice tune")], "is not ABC"),
    ],
)
async def test_a_request_that_is_refused_gets_an_explanation(
    stage: Stage, content: str, files: list[Upload], sentence: str
) -> None:
    said = await stage.discord.write(f"{MENTION} {content}", files=files)
    assert sentence in await reply_text(stage)
    answer = stage.discord.messages_in()[-1]
    assert answer["message_reference"]["message_id"] == said["id"]
    assert await stage.storage.undelivered("discord") == []
    stage.discord.assert_no_pings()


async def test_a_person_who_floods_the_channel_gets_few_replies(stage: Stage) -> None:
    discord = stage.discord
    said = [await discord.write(f"{MENTION} a reel, seed {number}") for number in range(12)]
    await discord.until(
        lambda: len([m for m in discord.messages_in() if "3 unfinished tunes" in m["content"]]) == reply_limit.REPLIES
    )
    tune = await stage.tune_of_message(await discord.write(f"{MENTION} a jig", person=PIPER))
    waiting = await stage.storage.undelivered("discord")
    assert len(waiting) == 4 and tune.id in {one.id for one in waiting}

    def answers() -> int:
        return len([m for m in discord.messages_in() if m["author"]["id"] == APPLICATION])

    await discord.until(lambda: answers() >= 3 + reply_limit.REPLIES + 1)
    assert answers() == 3 + reply_limit.REPLIES + 1
    assert len(said) == 12


async def test_after_a_while_the_person_gets_replies_again(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    discord = stage.discord
    for _ in range(reply_limit.REPLIES + 1):
        await discord.write(f"{MENTION} hm")
    await discord.until(lambda: len(discord.messages_in()) == 2 * reply_limit.REPLIES + 1)
    monkeypatch.setattr(reply_limit, "REPLIES_S", 0.0)
    await discord.write(f"{MENTION} hm")
    await discord.until(lambda: len(discord.messages_in()) == 2 * reply_limit.REPLIES + 3)


@pytest.mark.parametrize("minutes_later", [0, 10])
async def test_a_message_that_discord_sends_twice_is_one_tune_and_one_card(stage: Stage, minutes_later: int) -> None:
    discord = stage.discord
    said = await discord.write(f"{MENTION} a reel")
    tune = await stage.tune_of_message(said)
    discord.pass_time(60 * minutes_later)
    await discord.drop()
    await asyncio.wait_for(discord.gateway.connected.wait(), HANG_S)
    await discord.repeat_message(said)
    await stage.tune_of_message(await discord.write(f"{MENTION} a jig", person=PIPER))
    assert len(await stage.storage.undelivered("discord")) == 2
    assert len(discord.messages_in()) == 4, "two wishes and their cards"
    await stage.compose(tune.id)
    await stage.delivered(tune.id)
    await discord.repeat_message(said)
    await stage.tune_of_message(await discord.write(f"{MENTION} a polka", person=PIPER))
    assert len(discord.tunes()) == 1


async def test_a_message_that_discord_sends_twice_gets_one_reply(stage: Stage) -> None:
    discord = stage.discord
    said = await discord.write(f"{MENTION} hm")
    assert HELP in await reply_text(stage)
    await discord.repeat_message(said)
    await stage.tune_of_message(await discord.write(f"{MENTION} a jig"))
    assert len(discord.messages_in()) == 4


async def test_a_tune_requested_before_a_restart_is_posted_once_as_a_reply(stage: Stage) -> None:
    discord = stage.discord
    said = await discord.write(f"{MENTION} a reel")
    tune = await stage.tune_of_message(said)
    await stage.stop_bot()
    await stage.compose(tune.id)
    await stage.start_bot()
    message = await stage.delivered(tune.id)
    assert [m["id"] for m in discord.messages_in()] == [said["id"], message]
    assert discord.messages[message]["message_reference"]["message_id"] == said["id"]


async def test_a_bot_that_stopped_before_the_card_still_posts_the_tune(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    discord, stuck = stage.discord, asyncio.Event()

    async def die(*_: object) -> None:
        stuck.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(requests, "post_card", die)
    said = await discord.write(f"{MENTION} a reel")
    await asyncio.wait_for(stuck.wait(), HANG_S)
    await stage.stop_bot()
    [tune] = await stage.storage.undelivered("discord")
    await stage.compose(tune.id)
    await stage.start_bot()
    message = await stage.delivered(tune.id)
    assert [m["id"] for m in discord.messages_in()] == [said["id"], message]


async def test_a_failure_is_shown_on_the_card(stage: Stage) -> None:
    discord = stage.discord
    said = await discord.write(f"{MENTION} a reel")
    tune = await stage.tune_of_message(said)
    await stage.storage.fail(tune.id, "The opening leaves no room; hand in fewer bars.")
    message = await stage.delivered(tune.id)
    assert [m["id"] for m in discord.messages_in()] == [said["id"], message]
    assert discord.messages[message]["content"] == "The opening leaves no room; hand in fewer bars."


async def test_a_tune_is_posted_even_if_the_request_was_deleted(stage: Stage) -> None:
    discord = stage.discord
    said = await discord.write(f"{MENTION} a reel")
    tune = await stage.tune_of_message(said)
    del discord.messages[said["id"]]
    await stage.compose(tune.id)
    [posted] = discord.messages_in() if await stage.delivered(tune.id) else []
    assert "message_reference" not in posted


async def test_without_read_history_permission_the_tune_is_an_ordinary_message(stage: Stage) -> None:
    discord = stage.discord
    said = await discord.write(f"{MENTION} a reel", channel=NO_HISTORY)
    tune = await stage.tune_of_message(said)
    await stage.compose(tune.id)
    message = await stage.delivered(tune.id)
    assert [m["id"] for m in discord.messages_in(NO_HISTORY)] == [said["id"], message]
    assert "message_reference" not in discord.messages[message]


@pytest.mark.parametrize("channel", [SILENT, SILENT_THREAD, HIDDEN], ids=lambda channel: channel.name)
async def test_if_the_bot_may_not_write_the_tune_is_sent_directly_with_a_notice(stage: Stage, channel: Channel) -> None:
    discord = stage.discord
    tune = await stage.tune_of_message(await discord.write(f"{MENTION} a reel", channel=channel))
    await stage.compose(tune.id)
    await stage.delivered(tune.id)
    [sentence, posted] = discord.messages_in(DIRECT)
    assert f"can't send messages in <#{channel.id}>" in sentence["content"]
    assert "message_reference" not in posted and discord.file(posted, ".abc") == ABC.encode()
    assert len(discord.messages_in(channel)) == 1
    discord.assert_no_pings()


async def test_if_the_bot_may_write_nowhere_nothing_is_sent(stage: Stage) -> None:
    discord = stage.discord
    await discord.write(f"{MENTION} hm", channel=SILENT, person=HERMIT)
    tune = await stage.tune_of_message(await discord.write(f"{MENTION} a reel", channel=SILENT, person=HERMIT))
    assert [waiting.id for waiting in await stage.storage.undelivered("discord")] == [tune.id]
    assert len(discord.messages_in(SILENT)) == 2


async def test_the_card_waits_for_a_rate_limit(stage: Stage) -> None:
    limited = {"message": "You are being rate limited.", "retry_after": 0.1, "global": False}
    stage.discord.refuse("POST /channels/300/messages", 429, limited)
    await stage.tune_of_message(await stage.discord.write(f"{MENTION} a reel"))
    assert len(stage.discord.messages_in()) == 2


@pytest.mark.parametrize(
    "text",
    [
        "a reel “**@everyone** <@400> [a](https://evil.example)”",
        "a reel ```\n@everyone <@&1>\n```",
        "reel " * 300,
        "reel " + "`" * 900,
        "a reel \x00 \u202e seed 99999999",
        "reel " + "a" * 1_500,
    ],
    ids=["markup", "block", "long", "ticks", "control", "letters"],
)
async def test_markup_in_a_request_is_escaped(stage: Stage, text: str) -> None:
    discord = stage.discord
    tune = await stage.tune_of_message(await discord.write(f"{MENTION} {text}"))
    assert tune.request.rhythm == "reel"
    await stage.compose(tune.id, title=tune.request.title or "None")
    posted = discord.messages[await stage.delivered(tune.id)]
    assert "@everyone" not in posted["content"].replace("\\@", "").replace("```", "")
    discord.assert_no_pings()


async def test_abc_in_the_message_replied_to_is_used_if_discord_shows_it(stage: Stage) -> None:
    discord = stage.discord
    hidden = await discord.write(LINE, person=PIPER)
    await discord.write(f"{MENTION} play this", reply_to=hidden)
    assert "no tune to play" in await reply_text(stage)
    shown = await discord.write(LINE, person=PIPER, channel=DIRECT)
    tune = await stage.tune_of_message(await discord.write("play this", reply_to=shown, channel=DIRECT))
    assert (tune.request.mode, tune.request.opening, tune.parent_id) == ("play", LINE, None)
