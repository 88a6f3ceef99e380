"""Again and Vary, also under messages of an earlier process."""

from __future__ import annotations

import pytest

from tests.bot.discord.conftest import ABC, Stage
from tests.loopback.discord import PIPER, Payload


async def posted_tune(stage: Stage) -> tuple[str, Payload]:
    tune = await stage.accepted(await stage.discord.slash("tune", rhythm="reel", seed=7, temperature=0.8, title="My own"))
    await stage.compose(tune.id)
    await stage.delivered(tune.id)
    [message] = stage.discord.tunes()
    return tune.id, message


async def test_again_is_the_same_wish_with_another_seed_after_a_restart(stage: Stage) -> None:
    _, message = await posted_tune(stage)
    await stage.stop_bot()
    await stage.start_bot()
    pressed = await stage.discord.click(message, "Again", person=PIPER)
    tune = await stage.accepted(pressed)
    assert (tune.request.rhythm, tune.request.temperature, tune.request.title) == ("reel", 0.8, "My own")
    assert tune.request.seed != 7
    assert (tune.origin.person, tune.parent) == (PIPER.id, None)
    await stage.compose(tune.id, title="The Second")
    await stage.delivered(tune.id)
    assert [m["content"].split("\n")[0] for m in stage.discord.tunes()] == ["**The Loopback**", "**The Second**"]
    assert stage.discord.card(pressed) is None


async def test_vary_starts_from_the_tune_and_names_it_after_a_restart(stage: Stage) -> None:
    first, message = await posted_tune(stage)
    await stage.stop_bot()
    await stage.start_bot()
    tune = await stage.accepted(await stage.discord.click(message, "Vary"))
    assert tune.parent == first
    assert (tune.request.opening, tune.request.mode, tune.request.title) == (ABC, "vary", "")
    assert (tune.request.rhythm, tune.request.key, tune.request.metre) == ("reel", "Ador", "4/4")
    await stage.compose(tune.id)
    await stage.delivered(tune.id)
    assert f"made from https://discord.com/channels/200/300/{message['id']}" in stage.discord.tunes()[1]["content"]
    stage.discord.assert_no_pings()


@pytest.mark.parametrize("button", ["tune:again:" + "0" * 12, "tune:vary:" + "0" * 12])
async def test_a_button_of_a_tune_that_is_gone_says_so_to_the_person_alone(stage: Stage, button: str) -> None:
    _, message = await posted_tune(stage)
    message["components"][0]["components"][0]["custom_id"] = button
    pressed = await stage.discord.click(message, button)
    assert "no longer have that tune" in await stage.discord.refused(pressed)
    assert stage.discord.channel() == [message]
