"""The choices for the opening of `/tune`."""

from __future__ import annotations

import pytest

from bot.core.abc_input import is_abc, may_be_abc
from tests.bot.discord.conftest import Stage
from tests.bot.discord.examples import stored_tune
from tests.loopback.discord import DIRECT, ELSEWHERE, FIDDLER, PIPER, TUNES, Channel, Person


async def offered(stage: Stage, typed: str, channel: Channel = TUNES, person: Person = FIDDLER) -> dict[str, str]:
    choices = await stage.discord.autocomplete("tune", "opening", typed, channel=channel, person=person)
    return {choice["name"]: choice["value"] for choice in choices}


async def test_titles_of_visible_tunes_are_offered(stage: Stage) -> None:
    own = await stored_tune(stage, "The Humours of Own", share=False)
    abroad = await stored_tune(stage, "The Humours of Abroad", channel=ELSEWHERE, share=False)
    shared = await stored_tune(stage, "The Humours of Ben", person=PIPER)
    await stored_tune(stage, "The Humours of Ben alone", person=PIPER, share=False)
    there = await stored_tune(stage, "The Humours of Elsewhere", person=PIPER, channel=ELSEWHERE)
    line = "The Humours of {} · reel · A dorian"
    here = {line.format("Ben"): f"tune:{shared}", line.format("Abroad"): f"tune:{abroad}", line.format("Own"): f"tune:{own}"}
    assert list((await offered(stage, "")).items()) == list(here.items()), "the newest come first"
    assert await offered(stage, "humours BEN") == {line.format("Ben"): f"tune:{shared}"}
    assert await offered(stage, "humours", DIRECT) == here | {line.format("Elsewhere"): f"tune:{there}"}
    assert f"tune:{own}" not in (await offered(stage, "", person=PIPER)).values()
    assert await offered(stage, "no such thing") == {}


async def test_at_most_25_tunes_with_valid_names_are_offered(stage: Stage) -> None:
    for number in range(27):
        await stored_tune(stage, f"{number} " + "🎻" * 90, rhythm="x" * 90)
    choices = await offered(stage, "")
    assert len(choices) == 25
    assert all(len(name.encode("utf-16-le")) <= 200 for name in choices)


async def test_abc_is_offered_as_typed(stage: Stage) -> None:
    await stored_tune(stage, "Cabbage")
    for typed in ("|:ABcd", "K:D ABcd", "X:1 T:The Humours"):
        assert await offered(stage, typed) == {typed: typed}
    assert list(await offered(stage, "cabbage")) == ["cabbage", "Cabbage · reel · A dorian"]
    assert await offered(stage, "|:ABcd|" * 40) == {}


async def test_a_chosen_tune_is_the_opening_and_the_parent_after_a_restart(stage: Stage) -> None:
    await stored_tune(stage, "The Chosen One", person=PIPER)
    [value] = (await offered(stage, "chosen")).values()
    await stage.stop_bot()
    await stage.start_bot()
    tune = await stage.accepted(await stage.discord.slash("tune", opening=value, mode="vary"))
    assert tune.request.opening.startswith("X:1\nT:The Chosen One")
    assert (f"tune:{tune.parent_id}", tune.request.mode) == (value, "vary")


@pytest.mark.parametrize("channel", [TUNES, DIRECT, ELSEWHERE], ids=lambda channel: channel.name)
async def test_a_tune_that_the_person_cannot_see_is_refused(stage: Stage, channel: Channel) -> None:
    private = await stored_tune(stage, "Ben's", person=PIPER, channel=DIRECT, share=False)
    for tune_id in (private, "0" * 12):
        asked = await stage.discord.slash("tune", opening=f"tune:{tune_id}", channel=channel)
        assert "you can't see it" in await stage.discord.private_text(asked)
    assert await stage.storage.undelivered("discord") == []


@pytest.mark.parametrize("typed", ["|", "K:D", "M:6/8 ABc", "A2 B2 | c2", "[K:D]|A"])
def test_abc_is_recognised_by_its_first_characters(typed: str) -> None:
    assert is_abc(typed) and may_be_abc(typed)


@pytest.mark.parametrize(
    ("typed", "may"),
    [
        ("The Butterfly", False),
        ("tune:0123456789ab", False),
        ("The Bag", False),
        ("bag", True),
        ("A2 B", True),
        ("Cabbage", True),
    ],
)
def test_titles_are_not_abc(typed: str, may: bool) -> None:
    assert not is_abc(typed)
    assert may_be_abc(typed) is may
