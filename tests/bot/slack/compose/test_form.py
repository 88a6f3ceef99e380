"""The form of a request: opened by a bare `/tune` or in App Home."""

from __future__ import annotations

import pytest

from bot.core.options import MAX_COUNT
from bot.core.texts import common as texts
from bot.core.texts import compose as compose_texts
from bot.languages import language
from bot.slack.compose import texts as form_texts
from bot.slack.core import limits
from bot.slack.core.event import Event
from generator.user_messages import LANGUAGES
from storage import Viewer
from tests.bot.slack.conftest import Stage
from tests.bot.worker import ABC
from tests.loopback.slack import DIRECT, FIDDLER, PIPER, SESSION, TUNES, Payload, Person

LINE = "|:EAAB c2Bc|dBAB G2EG|"


async def opened(stage: Stage, person: Person = FIDDLER) -> Payload:
    await stage.slack.acked(await stage.slack.slash("tune", person=person))
    return await stage.slack.modal(person, "compose")


async def opened_in_home(stage: Stage) -> Payload:
    trigger_id = stage.slack.state.trigger(FIDDLER, SESSION)
    await stage.context.open_compose_form(Event(trigger_id, SESSION.id, "", FIDDLER.id, trigger_id=trigger_id))
    return await stage.slack.modal(callback_id="compose")


def fields(form: Payload) -> dict[str, Payload]:
    return {block["block_id"]: block for block in form["blocks"]}


async def test_an_empty_form_asks_for_any_tune(stage: Stage) -> None:
    form = await opened(stage)
    tune = await stage.accepted(await stage.slack.submit(form))
    assert (tune.origin.channel_id, tune.origin.user_id) == (TUNES.id, FIDDLER.id)
    assert not stage.slack.views_of()
    await stage.compose(tune.id)
    await stage.slack.posted()
    stage.slack.assert_rules_kept()


async def test_every_field_reaches_the_request(stage: Stage) -> None:
    typed = {"rhythm": "reel", "key": "A dorian", "metre": "4/4", "opening": ABC.strip(), "mode": "vary", "strength": "3"}
    typed |= {"structure": "free", "title": "The Gap", "instrument": "banjo", "backing": "without", "chords": "with"}
    typed |= {"temperature": "0,8", "tempo": "1.2", "seed": "7", "model": "aird-1", "times": "3", "keep": "1-2 4"}
    async with stage.storage.model_offers.offer({"aird-1": "airs"}):
        form = await opened(stage)
        assert fields(form).keys() == {*typed, "without", "count"} == compose_texts.LABELS.keys()
        sent = await stage.slack.submit(form, **typed, without=["ties", "rests"], count=str(MAX_COUNT - 1))
        assert not (await stage.slack.acked(sent)).ack
        first, *others = await stage.storage.set_of((await stage.accepted(sent)).id)
    request = first.request
    assert (request.rhythm, request.key, request.metre, request.mode, request.strength) == ("reel", "Ador", "4/4", "vary", 3)
    assert (request.opening, request.structure, request.title) == (typed["opening"], "free", "The Gap")
    assert (request.instrument, request.backing, request.chords) == ("banjo", False, True)
    assert (request.temperature, request.tempo) == (0.8, 1.2)
    assert (request.model, request.without, request.times) == ("aird-1", ("rests", "ties"), 3)
    assert [tune.request.seed for tune in others] == [8, 9]
    assert request.keep == "1-2 4"


async def test_a_form_of_an_earlier_process_is_accepted(stage: Stage) -> None:
    form = await opened(stage)
    await stage.restart()
    tune = await stage.accepted(await stage.slack.submit(form, rhythm="jig"))
    assert (tune.request.rhythm, tune.origin.channel_id) == ("jig", TUNES.id)


@pytest.mark.parametrize(
    ("field", "typed"),
    [("key", "H"), ("temperature", "9"), ("seed", "many"), ("opening", "please write me a nice tune"), ("tempo", "fast")],
)
async def test_what_is_wrong_is_told_at_its_field(stage: Stage, field: str, typed: str) -> None:
    form = await opened(stage)
    await stage.slack.acked(await stage.slack.submit(form, rhythm="reel", **{field: typed}))
    [(block_id, told)] = stage.slack.errors(form).items()
    assert block_id == field and told.endswith(".")
    assert stage.slack.views_of() == [form]
    await stage.restart()
    corrected = await stage.slack.submit(form, **{field: None})
    assert (await stage.accepted(corrected)).request.rhythm == "reel"
    assert not stage.slack.ephemerals()


async def test_two_values_that_contradict_each_other_are_told_at_one_field(stage: Stage) -> None:
    form = await opened(stage, PIPER)
    await stage.slack.acked(await stage.slack.submit(form, rhythm="reel", metre="6/8"))
    assert "6/8" in stage.slack.errors(form)["metre"] and "Reel" in stage.slack.errors(form)["metre"]


async def test_a_refusal_of_the_desk_is_told_in_the_form(stage: Stage) -> None:
    for _ in range(3):
        await stage.accepted(await stage.slack.submit(await opened(stage)))
    form = await opened(stage)
    await stage.slack.acked(await stage.slack.submit(form))
    assert "3 " in stage.slack.errors(form)["rhythm"]


async def test_a_late_refusal_is_private_and_keeps_the_opening(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    form = await opened(stage)
    monkeypatch.setattr(limits, "STORE_FIRST_S", 0.0)
    await stage.slack.acked(await stage.slack.submit(form, opening=f"K:D\n{LINE}", key="H"))
    assert LINE in await stage.slack.private_text()
    assert not stage.slack.views_of()


async def test_defaults_are_shown_and_count(stage: Stage) -> None:
    await stage.storage.preferences.change_defaults(Viewer("slack", PIPER.id), instrument="banjo", key="Ador", temperature=0.7)
    form = await opened(stage, PIPER)
    shown = {name: block["element"]["placeholder"]["text"] for name, block in fields(form).items()}
    assert (shown["instrument"], shown["key"]) == ("deine Vorgabe: Banjo", "deine Vorgabe: A-dorisch")
    assert (shown["temperature"], shown["rhythm"]) == ("deine Vorgabe: 0.7", "nicht festgelegt")
    tune = await stage.accepted(await stage.slack.submit(form))
    assert (tune.request.instrument, tune.request.key, tune.request.temperature) == ("banjo", "Ador", 0.7)


async def test_in_app_home_the_tune_goes_to_the_person(stage: Stage) -> None:
    form = await opened_in_home(stage)
    await stage.restart()
    tune = await stage.accepted(await stage.slack.submit(form, rhythm="reel"))
    assert (tune.origin.channel_id, tune.origin.community_id) == (DIRECT.id, "")
    await stage.compose(tune.id)
    await stage.slack.posted(DIRECT)
    stage.slack.assert_rules_kept()


async def test_if_the_person_cannot_be_reached_the_form_stays(stage: Stage) -> None:
    form = await opened_in_home(stage)
    stage.slack.refuse("conversations.open", "internal_error")
    await stage.slack.acked(await stage.slack.submit(form))
    assert stage.slack.errors(form) == {"rhythm": texts.TRY_AGAIN_LATER}
    assert (await stage.accepted(await stage.slack.submit(form))).origin.channel_id == DIRECT.id


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_title_and_the_buttons_are_short_enough(code: str) -> None:
    for text in (form_texts.COMPOSE_TUNE, compose_texts.COMPOSE, texts.CLOSE):
        assert len(language(code)(text)) <= limits.VIEW_TITLE_CHARACTERS


async def test_without_models_there_is_no_field_for_them(stage: Stage) -> None:
    form = await opened(stage)
    assert "model" not in fields(form) and "rhythm" in fields(form)
