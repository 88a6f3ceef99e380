"""`/tune` with words, options and ABC, and its sub-commands."""

from __future__ import annotations

import pytest

from bot.core.texts import chat as texts
from bot.slack.core import limits
from bot.slack.core.context import Context
from bot.slack.core.event import Event
from generator.request import PARAMETERS
from storage.viewer import Viewer
from tests.bot.slack.conftest import Stage
from tests.loopback.slack import DIRECT, FIDDLER, LOBBY, PIPER, SESSION

LINE = "|:EAAB c2Bc|dBAB G2EG|"


async def test_words_become_a_tune(stage: Stage) -> None:
    sent = await stage.slack.slash("tune", "a slow jig in G minor, seed 7")
    tune = await stage.accepted(sent)
    request = tune.request
    assert (request.rhythm, request.key, request.tempo, request.seed) == ("jig", "Gm", 0.75, 7)
    assert (tune.origin.user_id, tune.origin.community_id) == (FIDDLER.id, SESSION.id)
    await stage.compose(tune.id)
    [message] = await stage.slack.posted()
    assert message["ts"] == await stage.delivered(tune.id)
    stage.slack.assert_rules_kept()


async def test_options_and_abc_stand_beside_words(stage: Stage) -> None:
    tune = await stage.accepted(await stage.slack.slash("tune", f"reel Ador opening:{LINE} title:The Gap & Co"))
    request = tune.request
    assert (request.rhythm, request.key, request.opening, request.title) == ("reel", "Ador", LINE, "The Gap & Co")


async def test_abc_of_several_lines_keeps_its_signs(stage: Stage) -> None:
    abc = "X:1\nM:4/4\nL:1/8\nK:D\n|:A>B c<d ef2g|a4 a4:|"
    tune = await stage.accepted(await stage.slack.slash("tune", f"mode:play opening:{abc}"))
    assert (tune.request.mode, tune.request.opening) == ("play", abc)


async def test_several_tunes_for_one_request_are_one_message(stage: Stage) -> None:
    first = await stage.accepted(await stage.slack.slash("tune", "2 polkas"))
    tunes = await stage.storage.set_of(first.id)
    assert [tune.request.rhythm for tune in tunes] == ["polka", "polka"]
    for tune in tunes:
        await stage.compose(tune.id)
    await stage.slack.posted()
    assert len(stage.slack.tunes()) == 1


async def test_a_command_that_slack_sends_twice_is_one_tune(stage: Stage) -> None:
    sent = await stage.slack.slash("tune", "a reel")
    tune = await stage.accepted(sent)
    await stage.restart()
    await stage.slack.acked(await stage.slack.repeat(sent))
    await stage.compose(tune.id)
    await stage.delivered(tune.id)
    await stage.idle()
    assert len(stage.slack.tunes()) == 1


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("rhythm:tango", "I don't know the rhythm “tango”"),
        ("count:5", "1 to 4 tunes"),
        ("key:H", "not a key"),
        ("reel key:Dm7", "“Dm7” is not a key"),
        ("opening:please write me a nice tune", "“please write me a nice tune” is not ABC"),
        ("rhythm:reel metre:6/8", "A reel is not written in 6/8"),
        ("the weather today", texts.HOW_TO_REQUEST),
        ("rhythm:*bold*", "\u200b*\u200bbold"),
    ],
)
async def test_a_refusal_is_private_and_keeps_what_was_typed(stage: Stage, text: str, told: str) -> None:
    await stage.slack.acked(await stage.slack.slash("tune", text))
    shown = await stage.slack.private_text()
    assert told in shown and f"/tune {text}" in shown
    assert not stage.slack.messages_in()
    assert await stage.storage.undelivered("slack") == []
    stage.slack.assert_rules_kept()


async def test_a_refusal_is_in_the_persons_language(stage: Stage) -> None:
    await stage.slack.acked(await stage.slack.slash("tune", "rhythm:tango", person=PIPER))
    assert "kenne ich nicht" in await stage.slack.private_text(PIPER)


async def test_a_workspace_can_allow_tunes_in_some_channels_only(stage: Stage) -> None:
    workspace = Viewer("slack", community_id=SESSION.id)
    await stage.storage.preferences.change_community(workspace, channels=(LOBBY.id,))
    await stage.slack.acked(await stage.slack.slash("tune", "a reel"))
    assert f"<#{LOBBY.id}>" in await stage.slack.private_text()
    assert await stage.storage.undelivered("slack") == []


async def test_defaults_fill_what_is_left_out(stage: Stage) -> None:
    await stage.storage.preferences.change_defaults(Viewer("slack", FIDDLER.id), instrument="banjo")
    tune = await stage.accepted(await stage.slack.slash("tune", "a reel"))
    assert tune.request.instrument == "banjo"


async def test_every_parameter_is_an_option(stage: Stage) -> None:
    values = {"opening": LINE, "metre": "4/4", "key": "D", "title": "It", "without": "ties", "model": "", "seed": "3"}
    values |= {"mode": "continue", "rhythm": "reel", "temperature": "1.2", "tempo": "0.9", "candidates": "2", "strength": "3"}
    typed = {name: values.get(name, str(each.choices[0]) if each.choices else "") for name, each in PARAMETERS.items()}
    text = " ".join(f"{name}:{value}" for name, value in typed.items() if value)
    request = (await stage.accepted(await stage.slack.slash("tune", text))).request
    assert {name: PARAMETERS[name].check(value) for name, value in typed.items() if value} == {
        name: getattr(request, name) for name, value in typed.items() if value
    }


async def test_what_is_asked_for_in_direct_messages_is_not_the_workspaces(stage: Stage) -> None:
    tune = await stage.accepted(await stage.slack.slash("tune", "a reel", channel=DIRECT))
    assert tune.origin.community_id == ""


async def test_a_slow_database_delays_no_acknowledgement(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "STORE_FIRST_S", 0.0)
    tune = await stage.accepted(await stage.slack.slash("tune", "a reel"))
    assert tune.request.rhythm == "reel"
    stage.slack.assert_rules_kept()


@pytest.mark.parametrize("word", ["set", "SET", "suite", "tanda"])
async def test_a_sub_command_gets_the_words_after_it(stage: Stage, word: str) -> None:
    heard: list[tuple[str, str]] = []

    async def listen(context: Context, event: Event, ack: object, rest: str) -> None:
        heard.append((event.user_id, rest))

    stage.context.sub_commands["set"] = listen
    await stage.slack.acked(await stage.slack.slash("tune", f"{word} 3 polkas"))
    await stage.slack.acked(await stage.slack.slash("tune", word))
    assert heard == [(FIDDLER.id, "3 polkas"), (FIDDLER.id, "")]
