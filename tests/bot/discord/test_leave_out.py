"""Leaving things out of a tune: the option `without`."""

from __future__ import annotations

from tests.bot.discord.conftest import ABC, Stage
from tests.loopback.discord import MENTION, Person


async def test_left_out_things_are_shown_and_kept_by_the_buttons(stage: Stage) -> None:
    tune = await stage.accepted(await stage.discord.slash("tune", without="Rests, triplets"))
    assert tune.request.without == ("triplets", "rests")
    await stage.compose(tune.id)
    message = stage.discord.messages[await stage.delivered(tune.id)]
    assert "· without triplets and rests ·" in message["content"]
    await stage.restart()
    again = await stage.accepted(await stage.discord.click(message, "Again"))
    assert again.request.without == ("triplets", "rests")
    varied = await stage.tune_of_message(await stage.discord.write("vary it without ties", reply_to=message))
    assert (varied.request.mode, varied.request.without) == ("vary", ("ties",))


async def test_things_to_leave_out_are_offered_one_by_one_in_the_persons_language(stage: Stage) -> None:
    offered = await stage.discord.autocomplete("tune", "without", "")
    assert [choice["value"] for choice in offered][:2] == ["triplets", "semiquavers"]
    assert await stage.discord.autocomplete("tune", "without", "ties, re") == [{"name": "ties, rests", "value": "ties, rests"}]
    german = Person("77", "Anna", locale="de")
    assert await stage.discord.autocomplete("tune", "without", "Triolen, paus", person=german) == [
        {"name": "Triolen, Pausen", "value": "triplets, rests"}
    ]


async def test_translated_names_can_be_typed(stage: Stage) -> None:
    german = Person("77", "Anna", locale="de")
    tune = await stage.accepted(await stage.discord.slash("tune", person=german, without="Pausen, triolen, ties"))
    assert tune.request.without == ("triplets", "rests", "ties")


async def test_a_similar_tune_leaves_out_the_same_things(stage: Stage) -> None:
    tune = await stage.accepted(await stage.discord.slash("tune", key="Ador", without="rests"))
    await stage.compose(tune.id)
    message = stage.discord.messages[await stage.delivered(tune.id)]
    for said in ("in D minor please", "vary it"):
        made = await stage.tune_of_message(await stage.discord.write(said, reply_to=message))
        assert made.request.without == ("rests",)
    made = await stage.tune_of_message(await stage.discord.write("play it without ties", reply_to=message))
    assert (made.request.mode, made.request.without) == ("vary", ("ties",))


async def test_unknown_things_to_leave_out_are_refused_privately(stage: Stage) -> None:
    said = await stage.discord.private_text(await stage.discord.slash("tune", without="triplets, joy"))
    assert said.startswith("I can't leave out “joy”. Try triplets, semiquavers,")


async def test_things_to_leave_out_can_be_named_in_chat(stage: Stage) -> None:
    tune = await stage.tune_of_message(await stage.discord.write(f"{MENTION} a reel without triplets and rests"))
    assert (tune.request.rhythm, tune.request.without) == ("reel", ("triplets", "rests"))


async def test_a_tune_played_as_written_keeps_everything(stage: Stage) -> None:
    tune = await stage.accepted(await stage.discord.slash("tune", opening=ABC, mode="play", without="rests"))
    assert tune.request.without == ()
