"""The Instrument button and its menu."""

from __future__ import annotations

import pytest

from bot.core.texts import variations as texts
from bot.languages import language
from generator.request import INSTRUMENTS, TuneRequest
from tests.bot.slack.conftest import Stage
from tests.bot.worker import ABC
from tests.loopback.slack import CONNECT, DIRECT, FIDDLER, PIPER, SAILOR, TUNES, Channel, Payload, Person


async def offered(stage: Stage, message: Payload, person: Person = FIDDLER) -> Payload:
    """The private answer with the menu."""
    await stage.slack.acked(await stage.slack.click(message, "tune:instrument", person=person))
    return (await stage.slack.until(lambda: stage.slack.ephemerals(person)))[-1]


def choices(answer: Payload) -> dict[str, str]:
    """Label → value."""
    [block] = answer["blocks"]
    return {option["text"]["text"]: option["value"] for option in block["accessory"]["options"]}


@pytest.mark.parametrize(
    ("channel", "person"), [(TUNES, PIPER), (DIRECT, FIDDLER), (CONNECT, SAILOR)], ids=["channel", "direct", "shared"]
)
async def test_the_chosen_instrument_plays_the_same_tune_after_a_restart(stage: Stage, channel: Channel, person: Person) -> None:
    first, message = await stage.posted(channel=channel)
    await stage.restart()
    answer = await offered(stage, message, person)
    assert len(choices(answer)) == 2 * (1 + len(INSTRUMENTS))
    await stage.restart()
    flute = choices(answer)[language(person.locale)(texts.without_backing("flute"))]
    tune = await stage.accepted(await stage.slack.choose(answer, "tune:choose-instrument", flute, person=person))
    request = tune.request
    assert (request.mode, request.opening, request.instrument, request.backing) == ("play", ABC.strip(), "flute", False)
    assert (tune.parent_id, tune.origin.user_id) == (first, person.id)
    await stage.slack.until(lambda: not stage.slack.ephemerals(person))  # the menu is not needed any more
    await stage.compose(tune.id)
    await stage.delivered(tune.id)
    assert len(stage.slack.tunes(channel)) == 2
    stage.slack.assert_rules_kept()


async def test_the_default_instrument_can_be_chosen(stage: Stage) -> None:
    _, message = await stage.posted(TuneRequest.check(instrument="harp", backing=False))
    answer = await offered(stage, message)
    chosen = await stage.slack.choose(answer, "tune:choose-instrument", "the rhythm's default instrument")
    request = (await stage.accepted(chosen)).request
    assert (request.instrument, request.backing) == ("", True)


async def test_in_a_thread_the_menu_and_the_tune_are_in_the_thread(stage: Stage) -> None:
    said = await stage.slack.write("a reel?")
    _, message = await stage.posted(thread=said)
    answer = await offered(stage, message)
    assert answer["thread_ts"] == said["ts"]
    tune = await stage.accepted(await stage.slack.choose(answer, "tune:choose-instrument", choices(answer)["harp"]))
    assert tune.origin.reply["thread_ts"] == said["ts"]


async def test_over_a_modal_the_menu_is_in_another_one(stage: Stage) -> None:
    tune_id, _ = await stage.posted()
    await stage.slack.acked(await stage.slack.click(await stage.modal_with_buttons(tune_id), "tune:instrument"))
    menu = await stage.slack.modal(callback_id="tune:instrument")
    tune = await stage.accepted(await stage.slack.choose(menu, "tune:choose-instrument", choices(menu)["harp"]))
    assert (tune.parent_id, tune.request.instrument) == (tune_id, "harp")
    card = await stage.card(tune.id)
    assert stage.slack.messages_in(DIRECT) == [card]
    stage.slack.assert_rules_kept()
