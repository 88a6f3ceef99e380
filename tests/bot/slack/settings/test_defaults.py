"""`/tune defaults`: a form with the person's own defaults."""

from __future__ import annotations

import pytest

from storage.preferences import Defaults
from storage.viewer import Viewer
from tests.bot.slack.conftest import Stage
from tests.loopback.slack import FIDDLER, PIPER, SESSION, Payload, Person, text_of
from tests.patience import HANG_S

THE_FIDDLER = Viewer("slack", FIDDLER.id, SESSION.id)
THE_PIPER = Viewer("slack", PIPER.id, SESSION.id)


async def form_of(stage: Stage, person: Person = FIDDLER) -> Payload:
    await stage.slack.acked(await stage.slack.slash("tune", "defaults", person=person))
    return await stage.slack.modal(person, "settings:defaults")


async def saved(stage: Stage, form: Payload, **values: str | None) -> Payload:
    """What the modal shows after the form is saved."""
    await stage.slack.acked(await stage.slack.submit(form, **values))
    return await stage.slack.modal(callback_id="screen")


async def test_defaults_are_saved_and_shown_after_a_restart(stage: Stage) -> None:
    form = await form_of(stage)
    await stage.restart()
    shown = await saved(
        stage,
        form,
        rhythm="reel",
        key="a dorian",
        temperature="0,8",
        tempo="0.75",
        structure="free",
        instrument="flute",
        backing="no",
        times="twice",
    )
    assert text_of(shown).splitlines() == [
        "*Your defaults*", "• rhythm: reel", "• key: A dorian", "• temperature: 0.8", "• tempo: × 0.75", "• structure: free",
        "• instrument: flute", "• backing: no", "• times: twice", "• model: not set", "• language: not set",
    ]  # fmt: skip
    stored = Defaults("reel", "Ador", 0.8, 0.75, "free", None, "flute", backing=False, times=2)
    assert await stage.storage.preferences.defaults(THE_FIDDLER) == stored
    await stage.restart()
    await stage.slack.close_view(shown)
    form = await form_of(stage)
    values = {block: next(iter(held.values())) for block, held in form["state"]["values"].items()}
    assert values["rhythm"]["selected_option"]["value"] == "reel"
    assert (values["key"]["value"], values["temperature"]["value"], values["tempo"]["value"]) == ("Ador", "0.8", "0.75")
    assert values["backing"]["selected_option"]["text"]["text"] == "no"
    stage.slack.assert_rules_kept()


async def test_emptied_fields_are_no_longer_set(stage: Stage) -> None:
    await stage.storage.preferences.change_defaults(THE_FIDDLER, rhythm="jig", key="D", backing=True, tempo=1.5)
    await saved(stage, await form_of(stage), rhythm="not set", key=None, backing="not set", tempo=None)
    assert await stage.storage.preferences.defaults(THE_FIDDLER) == Defaults()


@pytest.mark.parametrize(
    ("field", "typed", "says"),
    [
        ("key", "H", "key"),
        ("temperature", "hot", "choose it again"),
        ("temperature", "3", "from 0.1 (steady) to 2 (wild)"),
        ("temperature", "nan", "from 0.1 (steady) to 2 (wild)"),
        ("tempo", "9" * 40, "from 0.5 (slow) to 1.5 (fast)"),
    ],
)
async def test_a_wrong_value_is_explained_beside_its_field(stage: Stage, field: str, typed: str, says: str) -> None:
    form = await form_of(stage)
    await stage.slack.acked(await stage.slack.submit(form, **{field: typed, "rhythm": "reel"}))
    errors = stage.slack.errors(form)
    assert list(errors) == [field]
    assert says in errors[field]
    assert await stage.storage.preferences.defaults(THE_FIDDLER) == Defaults()
    stage.slack.assert_rules_kept()


async def test_the_language_changes_at_once(stage: Stage) -> None:
    shown = await saved(stage, await form_of(stage), language="Gaeilge")
    assert "Gaeilge" in text_of(shown)
    assert "*Your defaults*" not in text_of(shown)


async def test_models_are_those_that_workers_offer_and_the_stored_one(stage: Stage) -> None:
    await stage.storage.preferences.change_defaults(THE_FIDDLER, model="gone")
    form = await form_of(stage)
    [menu] = [block["element"] for block in form["blocks"] if block.get("block_id") == "model"]
    assert [option["value"] for option in menu["options"]] == ["-", "gone"]
    await saved(stage, form, key="G")
    assert (await stage.storage.preferences.defaults(THE_FIDDLER)).model == "gone"


async def test_everything_is_reset_after_a_question_and_a_restart(stage: Stage) -> None:
    await stage.storage.preferences.change_defaults(THE_PIPER, rhythm="jig", key="D")
    form = await form_of(stage, PIPER)
    assert "Walzer" in [
        option["text"]["text"] for block in form["blocks"] for option in block.get("element", {}).get("options", ())
    ]
    [reset] = form["blocks"][-1]["elements"]
    assert reset["confirm"]["text"]["text"] == "Alle deine Vorgaben vergessen?"
    await stage.restart()
    await stage.slack.acked(await stage.slack.click(form, "settings:reset-defaults"))
    await stage.slack.modal(PIPER, "screen")
    assert await stage.storage.preferences.defaults(THE_PIPER) == Defaults()
    stage.slack.assert_rules_kept()


async def test_what_cannot_be_saved_is_said_and_the_form_stays(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    form = await form_of(stage)

    async def fail(*_: object, **__: object) -> None:
        raise OSError

    monkeypatch.setattr(stage.storage.preferences, "change_defaults", fail)
    await stage.slack.acked(await stage.slack.submit(form, rhythm="reel"), timeout_s=HANG_S)
    assert list(stage.slack.errors(form).values()) == ["I couldn't save your settings. Please try again in a minute."]
