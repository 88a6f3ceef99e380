"""The Change… button and its form."""

from __future__ import annotations

import asyncio

import pytest

from bot.core.texts import chat, common
from bot.languages import language
from bot.slack.core import limits
from bot.slack.variations import texts
from generator.request import TuneRequest
from storage.tunes import Tune
from storage.viewer import Viewer
from tests.bot.slack.conftest import Stage
from tests.bot.worker import ABC
from tests.loopback.slack import CONNECT, DIRECT, FIDDLER, PIPER, SAILOR, SESSION, Channel, Payload, Person
from tests.loopback.slack import text_of as words_of

OPENING = "K:Ador\nEAAB c2Bc|"
LONG = "K:Ador\n" + "\n".join(["E/E/A/A/A/A/B/B/ c/c/c/c/B/B/c/c/|"] * 90)


async def opened(stage: Stage, message: Payload, person: Person = FIDDLER) -> Payload:
    await stage.slack.acked(await stage.slack.click(message, "tune:change", person=person))
    return await stage.slack.modal(person, "tune:change")


def typed_in(form: Payload) -> dict[str, str]:
    """What the form holds now, by field."""
    held = {field: next(iter(elements.values())) for field, elements in form["state"]["values"].items()}
    return {
        field: one["selected_option"]["value"] if "selected_option" in one else one["value"] or "" for field, one in held.items()
    }


async def test_the_form_shows_the_request_and_the_finished_tune(stage: Stage) -> None:
    _, message = await stage.posted(TuneRequest.check(opening=OPENING, seed=7, temperature=0.8))
    form = await opened(stage, message, PIPER)
    assert typed_in(form) == {"rhythm": "reel", "key": "Ador", "opening": OPENING, "temperature": "0.8", "seed": "7"}
    assert form["title"]["text"] == language("de")("Change the tune")
    stage.slack.assert_rules_kept()


@pytest.mark.parametrize(
    ("channel", "person", "in_thread"),
    [(DIRECT, FIDDLER, False), (DIRECT, FIDDLER, True), (CONNECT, SAILOR, True)],
    ids=["direct", "thread", "shared"],
)
async def test_the_changed_request_keeps_the_other_settings_after_a_restart(
    stage: Stage, channel: Channel, person: Person, in_thread: bool
) -> None:
    said = await stage.slack.write("a tune?", channel=channel) if in_thread else None
    request = TuneRequest.check(rhythm="reel", seed=7, temperature=0.8, instrument="flute")
    first, message = await stage.posted(request, channel=channel, thread=said)
    await stage.restart()
    form = await opened(stage, message, person)
    await stage.restart()  # while the form is filled in
    tune = await stage.accepted(await stage.slack.submit(form, key="G", temperature="1,2"))
    assert (tune.parent_id, tune.origin.user_id, tune.origin.channel_id) == (first, person.id, channel.id)
    request = tune.request
    assert (request.rhythm, request.key, request.temperature, request.seed, request.instrument) == ("reel", "G", 1.2, 7, "flute")
    await stage.compose(tune.id)
    posted = stage.slack.state.messages[channel.id, await stage.delivered(tune.id)]
    assert posted.get("thread_ts") == (said and said["ts"])
    assert stage.slack.views_of(person) == []
    stage.slack.assert_rules_kept()


async def test_rhythm_and_opening_can_be_unset_and_another_rhythm_has_its_own_metre(stage: Stage) -> None:
    _, message = await stage.posted(TuneRequest.check(rhythm="reel", metre="4/4", opening=ABC, mode="vary", seed=7))
    tune = await stage.accepted(await stage.slack.submit(await opened(stage, message), rhythm="–", key=None, opening=None))
    request = tune.request
    assert (request.rhythm, request.key, request.mode, request.opening) == (None, None, "continue", "")
    other = await stage.accepted(await stage.slack.submit(await opened(stage, message), rhythm="jig", seed=None, opening=None))
    assert (other.request.rhythm, other.request.metre) == ("jig", None)
    assert other.request.seed != 7


async def test_the_abc_of_a_tune_played_as_written_can_be_corrected(stage: Stage) -> None:
    _, message = await stage.posted(TuneRequest.check(opening="K:D\nABcd|efga|", mode="play"))
    form = await opened(stage, message)
    assert list(typed_in(form)) == ["opening", "title"]
    tune = await stage.accepted(await stage.slack.submit(form, opening="K:D\nABcd|efgb|", title="Mended"))
    assert (tune.request.mode, tune.request.opening, tune.request.title) == ("play", "K:D\nABcd|efgb|", "Mended")


async def test_an_opening_that_is_too_long_for_a_form_stays_as_it_is(stage: Stage) -> None:
    _, message = await stage.posted(TuneRequest.check(opening=LONG, mode="play"))
    form = await opened(stage, message)
    assert list(typed_in(form)) == ["title"]
    assert texts.OPENING_TOO_LONG in words_of(form)
    tune = await stage.accepted(await stage.slack.submit(form, title="Named"))
    assert (tune.request.opening, tune.request.title) == (LONG, "Named")


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("key", "H", "H"),
        ("key", "<!channel> *x*", "<!channel> *x*"),
        ("temperature", "hot", "from 0.1 (steady) to 2 (wild), not hot"),
        ("temperature", "nan", "from 0.1"),
        ("seed", "-1", "Seed must be a whole number"),
        ("opening", "K:G\nABcd|```<@U1> @everyone *x*", "is not ABC"),
        ("opening", "x" * 3_000, ""),
    ],
)
async def test_a_mistake_is_explained_beside_its_field_and_the_form_can_be_sent_again_after_a_restart(
    stage: Stage, field: str, typed: str, sentence: str
) -> None:
    _, message = await stage.posted(TuneRequest.check(rhythm="reel", seed=7, temperature=0.8, instrument="flute"))
    form = await opened(stage, message)
    before = typed_in(form)
    await stage.slack.acked(await stage.slack.submit(form, **{field: typed}))
    [(shown_at, error)] = stage.slack.errors(form).items()
    assert shown_at == field and sentence in error
    assert typed_in(form) == before | {field: typed}
    assert stage.slack.messages_in() == [message] and not stage.slack.ephemerals()
    await stage.restart()
    tune = await stage.accepted(await stage.slack.submit(form, **{field: before[field] or None}))
    assert (tune.request.key, tune.request.seed, tune.request.instrument) == ("Ador", 7, "flute")
    stage.slack.assert_rules_kept()


async def test_a_refusal_that_is_about_no_field_is_shown_in_the_form(stage: Stage) -> None:
    _, message = await stage.posted()
    form = await opened(stage, message)
    waiting = [await stage.requested() for _ in range(3)]
    await stage.slack.acked(await stage.slack.submit(form, key="G"))
    [(_, error)] = stage.slack.errors(form).items()
    assert "3 unfinished tunes" in error
    await stage.storage.fail(waiting[0].id, "Enough.")
    assert (await stage.accepted(await stage.slack.submit(form))).request.key == "G"


async def test_a_tune_that_is_deleted_while_the_form_is_open_is_explained(stage: Stage) -> None:
    tune_id, message = await stage.posted()
    form = await opened(stage, message, PIPER)
    await stage.storage.sharing.delete(tune_id, Viewer("slack", FIDDLER.id, SESSION.id))
    await stage.slack.acked(await stage.slack.submit(form))
    assert list(stage.slack.errors(form).values()) == [language("de")(common.TUNE_GONE)]
    stage.slack.assert_rules_kept()


@pytest.fixture
def slow(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """Reading tunes waits until the event is set; the app waits for it as short as it can."""
    read, ready = stage.storage.tune, asyncio.Event()

    async def later(tune_id: str) -> Tune | None:
        await ready.wait()
        return await read(tune_id)

    monkeypatch.setattr(stage.storage, "tune", later)
    monkeypatch.setattr(limits, "FORM_FIRST_S", 0.0)
    monkeypatch.setattr(limits, "STORE_FIRST_S", 0.0)
    return ready


async def test_the_form_is_opened_in_time_although_the_database_is_slow(stage: Stage, request: pytest.FixtureRequest) -> None:
    _, message = await stage.posted(TuneRequest.check(seed=7))
    ready: asyncio.Event = request.getfixturevalue("slow")
    await stage.slack.acked(await stage.slack.click(message, "tune:change"))
    empty = await stage.slack.modal()
    assert words_of(empty).endswith(chat.ONE_MOMENT)
    ready.set()
    assert typed_in(await stage.slack.modal(callback_id="tune:change"))["seed"] == "7"
    stage.slack.assert_rules_kept()


async def test_an_empty_form_says_what_went_wrong(stage: Stage, request: pytest.FixtureRequest) -> None:
    tune_id, message = await stage.posted()
    await stage.storage.sharing.delete(tune_id, Viewer("slack", FIDDLER.id, SESSION.id))
    ready: asyncio.Event = request.getfixturevalue("slow")
    await stage.slack.acked(await stage.slack.click(message, "tune:change"))
    await stage.slack.modal()
    ready.set()
    await stage.slack.until(lambda: common.TUNE_GONE in words_of(stage.slack.views_of()[0]))
    stage.slack.assert_rules_kept()


async def test_what_was_typed_is_told_again_if_a_form_is_refused_after_it_closed(
    stage: Stage, request: pytest.FixtureRequest
) -> None:
    _, message = await stage.posted()
    form = await opened(stage, message)
    ready: asyncio.Event = request.getfixturevalue("slow")
    opening = "K:D\n" + "A>B c<d|" * 200
    await stage.slack.acked(await stage.slack.submit(form, opening=opening, key="H"))
    assert stage.slack.views_of() == []
    ready.set()
    sentence, *draft = (await stage.slack.private_text()).split("```")
    assert "H" in sentence
    assert "".join(draft).replace("\n", "").replace("&lt;", "<").replace("&gt;", ">") == opening.replace("\n", "")
    stage.slack.assert_rules_kept()


async def test_a_form_that_slack_does_not_open_is_explained(stage: Stage) -> None:
    _, message = await stage.posted()
    stage.slack.refuse("views.open", "expired_trigger_id")
    await stage.slack.acked(await stage.slack.click(message, "tune:change"))
    assert await stage.slack.private_text() == common.TRY_AGAIN_LATER


async def test_strangers_see_the_form_without_an_opening_that_is_hidden(stage: Stage) -> None:
    """A variation of somebody's private tune shows it to nobody."""
    private, _ = await stage.posted(channel=DIRECT)
    _, message = await stage.posted(TuneRequest.check(opening=ABC.replace("EAAB", "EAAA"), mode="vary"), parent_id=private)
    assert typed_in(await opened(stage, message, PIPER))["opening"] == ""
    assert "EAAA" in typed_in(await opened(stage, message))["opening"]


async def test_over_another_modal_the_form_is_opened_and_the_tune_goes_to_the_person_directly(stage: Stage) -> None:
    tune_id, _ = await stage.posted(TuneRequest.check(seed=7))
    below = await stage.modal_with_buttons(tune_id)
    await stage.slack.acked(await stage.slack.click(below, "tune:change"))
    form = await stage.slack.modal(callback_id="tune:change")
    tune = await stage.accepted(await stage.slack.submit(form, key="G"))
    assert (tune.parent_id, tune.request.key, tune.origin.channel_id, tune.origin.community_id) == (tune_id, "G", "", "")
    assert stage.slack.views_of() == [below]
    await stage.compose(tune.id)
    await stage.delivered(tune.id)
    assert len(stage.slack.tunes(DIRECT)) == 1
    stage.slack.assert_rules_kept()
