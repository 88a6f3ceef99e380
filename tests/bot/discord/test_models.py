"""Several models: offered while the person types, used if named, and kept by the buttons while workers offer them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from bot.core.caller import Caller
from generator.request import TuneRequest
from storage import Storage, Viewer
from storage.queue.model_offers import OFFERED_FOR_S
from tests.bot.discord.conftest import ABC, Stage
from tests.bot.discord.test_session import FIRST, SECOND, answer_to, started_session
from tests.loopback.discord import DIRECT, FIDDLER, MENTION, Person
from tests.storage.examples import execute

SCOTTISH = "Scottish and Irish airs, marches and dances of the 18th century"
OFFERED = {"reels-2": "", "aird-1": SCOTTISH}


@pytest.fixture(autouse=True)
async def offered(storage: Storage) -> AsyncIterator[None]:
    async with storage.model_offers.offer(OFFERED):
        yield


def all_workers_leave(url: str) -> None:
    execute(url, f"UPDATE model_offers SET seen_at = seen_at - interval '{OFFERED_FOR_S} seconds' WHERE name = 'aird-1'")


@pytest.mark.parametrize("command", ["tune", "set", "defaults"])
async def test_models_are_offered_with_descriptions_in_the_persons_language(stage: Stage, command: str) -> None:
    assert await stage.discord.autocomplete(command, "model", "") == [
        {"name": "reels-2", "value": "reels-2"},
        {"name": f"aird-1: {SCOTTISH}", "value": "aird-1"},
    ]
    german = Person("77", "Anna", locale="de")
    [choice] = await stage.discord.autocomplete(command, "model", "jahrhundert", person=german)
    assert choice == {"name": "aird-1: schottische und irische Airs, Märsche und Tänze des 18. Jahrhunderts", "value": "aird-1"}


async def test_the_chosen_model_is_shown_and_kept_by_the_buttons_after_a_restart(stage: Stage) -> None:
    tune = await stage.accepted(await stage.discord.slash("tune", rhythm="reel", model="Aird-1"))
    assert tune.request.model == "aird-1"
    await stage.compose(tune.id, model="aird-1")
    message = stage.discord.messages[await stage.delivered(tune.id)]
    assert "· aird-1 ·" in message["content"]
    await stage.restart()
    for number, button in enumerate(("Again", "Vary", "Continue", "B part")):
        pressed = await stage.discord.click(message, button, person=Person(str(600 + number), "somebody"))
        assert (await stage.accepted(pressed)).request.model == "aird-1"


async def test_a_set_is_composed_by_one_model(stage: Stage) -> None:
    asked = await stage.discord.slash("set", count=2, model="aird-1")
    first = await stage.accepted(asked)
    assert first.set_id
    assert [tune.request.model for tune in await stage.storage.set_of(first.set_id)] == ["aird-1"] * 2


@pytest.mark.parametrize("command", ["tune", "set", "defaults"])
async def test_an_unknown_model_is_refused_privately(stage: Stage, command: str) -> None:
    said = await stage.discord.private_text(await stage.discord.slash(command, model="@everyone"))
    assert said == "There is no model “everyone” here. Try reels-2 or aird-1."
    assert await stage.storage.undelivered("discord") == []


async def test_without_a_worker_any_model_name_is_accepted(stage: Stage, url: str) -> None:
    execute(url, "DELETE FROM model_offers")
    assert (await stage.accepted(await stage.discord.slash("tune", model="aird-1"))).request.model == "aird-1"


async def test_a_tune_of_a_removed_model_can_still_be_derived_from(stage: Stage, url: str) -> None:
    tune = await stage.accepted(await stage.discord.slash("tune", model="aird-1", seed=3))
    await stage.compose(tune.id)
    message = stage.discord.messages[await stage.delivered(tune.id)]
    all_workers_leave(url)
    again = await stage.accepted(await stage.discord.click(message, "Again"))
    assert again.request.model == ""


async def test_the_default_model_of_a_person_is_used_while_it_is_offered(stage: Stage, url: str) -> None:
    assert "- model: aird-1" in await stage.discord.private_text(await stage.discord.slash("defaults", model="aird-1", tempo=0.8))
    tune = await stage.accepted(await stage.discord.slash("tune"))
    assert (tune.request.model, tune.request.tempo) == ("aird-1", 0.8)
    assert (await stage.accepted(await stage.discord.slash("tune", model="reels-2"))).request.model == "reels-2"
    played = await stage.accepted(await stage.discord.slash("render", abc="K:D ABcd|efga|"))
    assert played.request.model == "", "nothing is composed"
    await stage.storage.sharing.delete(tune.id, Viewer("discord", FIDDLER.id))
    all_workers_leave(url)
    assert (await stage.accepted(await stage.discord.slash("tune"))).request.model == ""


async def test_a_model_can_be_named_in_chat(stage: Stage) -> None:
    said = await stage.discord.write(f"{MENTION} a march with model aird-1, please")
    tune = await stage.tune_of_message(said)
    assert (tune.request.rhythm, tune.request.model) == ("march", "aird-1")
    await stage.compose(tune.id, abc=ABC)
    message = stage.discord.messages[await stage.delivered(tune.id)]
    varied = await stage.tune_of_message(await stage.discord.write("model: reels-2", reply_to=message))
    assert (varied.request.mode, varied.request.model) == ("vary", "reels-2")
    alike = await stage.tune_of_message(await stage.discord.write("in D major please", reply_to=message))
    assert (alike.request.key, alike.request.model) == ("D", "aird-1")


async def test_a_session_keeps_its_model_while_it_is_offered(stage: Stage, url: str) -> None:
    thread, opening = await started_session(stage)
    message = await answer_to(
        stage, await stage.discord.write(f"model: aird-1\n```\n{FIRST}\n```", channel=thread, reply_to=opening)
    )
    second = await stage.tune_of_message(await stage.discord.write(SECOND, channel=thread, reply_to=message))
    assert (second.request.mode, second.request.model) == ("answer", "aird-1")
    all_workers_leave(url)
    third = await stage.tune_of_message(await stage.discord.write(FIRST, channel=thread, reply_to=message))
    assert (third.request.mode, third.request.model) == ("answer", "")


async def test_an_unknown_model_in_chat_is_refused(stage: Stage) -> None:
    await stage.discord.write("a reel, model: zither", channel=DIRECT)
    await stage.discord.until(lambda: len(stage.discord.messages_in(DIRECT)) == 2)
    [_, answer] = stage.discord.messages_in(DIRECT)
    assert answer["content"].startswith("There is no model “zither” here.")


@pytest.mark.parametrize("trouble", ["slow", "away"])
async def test_a_named_model_is_accepted_if_the_offers_cannot_be_read_in_time(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, trouble: str
) -> None:
    looks = []

    async def at_hand() -> dict[str, str]:
        looks.append(trouble)
        if len(looks) > 1:
            return OFFERED
        if trouble == "slow":
            await asyncio.Event().wait()
        raise OSError("The database is away.")

    monkeypatch.setattr(stage.storage.model_offers, "offered", at_hand)
    original = Caller.request

    async def hasty(caller: Caller, **typed: Any) -> TuneRequest:
        return await original(replace(caller, lookup_s=0.05), **typed)

    monkeypatch.setattr(Caller, "request", hasty)
    tune = await stage.accepted(await stage.discord.slash("tune", model="aird-1"))
    assert (tune.request.model, len(looks)) == ("aird-1", 2)
