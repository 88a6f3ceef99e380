"""The Change… button and its form."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot.discord.core import limits
from tests.bot.discord.conftest import ABC, Stage
from tests.loopback.discord import DIRECT, ELSEWHERE, FIDDLER, HERMIT, Channel, Interaction

OPENING = "K:Ador\nEAAB c2Bc|"


def form_values(form: dict[str, Any]) -> dict[str, str]:
    chosen = {
        name: [o["value"] for o in field["options"] if o.get("default")] for name, field in form.items() if "options" in field
    }
    return {name: chosen[name][0] if name in chosen else field.get("value", "") for name, field in form.items()}


async def submit_changes(stage: Stage, **typed: Any) -> Interaction:
    """Submits the form with these changes."""
    _, message = await stage.posted(rhythm="reel", metre="4/4", seed=7, temperature=0.8, instrument="flute")
    return await stage.discord.submit(await stage.discord.click(message, "Change…"), **typed)


async def test_the_form_shows_the_request_and_the_finished_tune(stage: Stage) -> None:
    _, message = await stage.posted(opening=OPENING, seed=7, temperature=0.8)
    pressed = await stage.discord.click(message, "Change…", person=HERMIT)
    form = await stage.discord.form(pressed)
    assert form_values(form) == {"rhythm": "reel", "key": "Ador", "opening": OPENING, "temperature": "0.8", "seed": "7"}


@pytest.mark.parametrize("channel", [DIRECT, ELSEWHERE], ids=lambda channel: channel.name)
async def test_the_changed_request_keeps_the_other_settings_after_a_restart(stage: Stage, channel: Channel) -> None:
    first, message = await stage.posted(
        channel=channel, person=FIDDLER, rhythm="reel", seed=7, temperature=0.8, instrument="flute"
    )
    await stage.restart()
    pressed = await stage.discord.click(message, "Change…")
    await stage.discord.form(pressed)
    await stage.restart()  # while the form is filled in
    tune = await stage.accepted(await stage.discord.submit(pressed, key="G", temperature="1,2"))
    assert (tune.parent_id, tune.origin.user_id) == (first, FIDDLER.id)
    request = tune.request
    assert (request.rhythm, request.key, request.temperature, request.seed, request.instrument) == ("reel", "G", 1.2, 7, "flute")
    await stage.compose(tune.id)
    await stage.delivered(tune.id)
    assert len(stage.discord.tunes(channel)) == 2


async def test_another_rhythm_has_its_own_metre(stage: Stage) -> None:
    tune = await stage.accepted(await submit_changes(stage, rhythm="jig", seed=""))
    assert (tune.request.rhythm, tune.request.metre) == ("jig", None)
    assert tune.request.seed != 7


async def test_the_rhythm_can_be_unset(stage: Stage) -> None:
    tune = await stage.accepted(await submit_changes(stage, rhythm="–", key=""))
    assert (tune.request.rhythm, tune.request.key) == (None, None)


async def test_the_opening_of_a_variation_can_be_removed(stage: Stage) -> None:
    tune = await stage.accepted(await stage.discord.slash("tune", opening=ABC, mode="vary"))
    await stage.compose(tune.id)
    message = stage.discord.messages[await stage.delivered(tune.id)]
    pressed = await stage.discord.click(message, "Change…")
    other = await stage.accepted(await stage.discord.submit(pressed, opening=" "))
    assert (other.request.mode, other.request.opening) == ("continue", "")


async def test_the_abc_of_a_tune_played_as_written_can_be_corrected(stage: Stage) -> None:
    _, message = await stage.posted(command="render", abc="K:D ABcd|efga|")
    pressed = await stage.discord.click(message, "Change…")
    assert list(await stage.discord.form(pressed)) == ["opening", "title"]
    tune = await stage.accepted(await stage.discord.submit(pressed, opening="K:D\nABcd|efgb|", title="Mended"))
    assert (tune.request.mode, tune.request.opening, tune.request.title) == ("play", "K:D\nABcd|efgb|", "Mended")


async def test_a_different_tune_is_not_transposed_to_the_key_of_the_last_one(stage: Stage) -> None:
    moved, message = await stage.posted(command="render", abc="K:D ABcd|efga|", key="G")
    assert (await stage.tune(moved)).request.key == "G"
    for opening, key in (("K:D\nABcd|efgb|", "G"), ("K:Am\nABcd|efga|", None)):
        pressed = await stage.discord.click(message, "Change…")
        tune = await stage.accepted(await stage.discord.submit(pressed, opening=opening))
        assert (tune.request.mode, tune.request.key) == ("play", key)


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"key": "H"}, "H"),
        ({"temperature": "hot"}, "from 0.1 (steady) to 2 (wild), not hot"),
        ({"temperature": "nan"}, "from 0.1"),
        ({"temperature": "9"}, "from 0.1"),
        ({"seed": "-1"}, "Seed must be a whole number"),
        ({"seed": "7.5"}, "whole number from 0 to 2147483647, not 7.5"),
        ({"opening": "K:G\nABcd|```<@400> @everyone *x*"}, "is not ABC"),
    ],
)
async def test_a_mistake_is_explained_privately_and_the_typed_values_survive_a_restart(
    stage: Stage, typed: dict[str, str], sentence: str
) -> None:
    sent = await submit_changes(stage, **typed)
    whispered = await stage.discord.private_message(sent)
    assert sentence in whispered["content"]
    assert len(stage.discord.messages_in()) == 1
    await stage.restart()
    again = await stage.discord.click(whispered, "Continue editing")
    filled = {"rhythm": "reel", "key": "Ador", "opening": "", "temperature": "0.8", "seed": "7"}
    assert form_values(await stage.discord.form(again)) == filled | typed
    mended: dict[str, Any] = {"key": "Ador", "temperature": "0.8", "seed": "7", "opening": ""}
    tune = await stage.accepted(await stage.discord.submit(again, **mended))
    assert (tune.request.key, tune.request.instrument) == ("Ador", "flute")
    stage.discord.assert_no_pings()


async def test_a_long_opening_is_kept_when_a_form_is_refused(stage: Stage) -> None:
    opening = "K:Ador\n" + "`ABcd|" * 600 + "\n" * 10 + "x" * 300
    whispered = await stage.discord.private_message(await submit_changes(stage, opening=opening, key="H"))
    form = await stage.discord.form(await stage.discord.click(whispered, "Continue editing"))
    assert form_values(form)["opening"] == opening


async def test_a_form_is_not_lost_if_the_person_has_too_many_unfinished_tunes(stage: Stage) -> None:
    _, message = await stage.posted(person=FIDDLER)
    pressed = await stage.discord.click(message, "Change…")
    await stage.discord.form(pressed)
    for _ in range(3):
        await stage.accepted(await stage.discord.slash("tune"))
    sent = await stage.discord.submit(pressed, key="G")
    await stage.discord.until(lambda: len(sent.followups) == 1)
    sentence, kept = (stage.discord.messages[id] for id in (sent.original or "", *sent.followups))
    assert "3 unfinished tunes" in sentence["content"]
    assert form_values(await stage.discord.form(await stage.discord.click(kept, "Continue editing")))["key"] == "G"


async def test_a_form_is_not_lost_if_its_tune_cannot_be_read(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    _, message = await stage.posted()
    pressed = await stage.discord.click(message, "Change…")
    await stage.discord.form(pressed)

    async def hang(*_: Any) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(stage.storage, "tune", hang)
    monkeypatch.setattr(limits, "LOOKUP_S", 0.05)
    sent = await stage.discord.submit(pressed, key="G")
    whispered = await stage.discord.private_message(sent)
    assert "couldn't take your request" in whispered["content"]
    assert form_values(await stage.discord.form(await stage.discord.click(whispered, "Continue editing")))["key"] == "G"
