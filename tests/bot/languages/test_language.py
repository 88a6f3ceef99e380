"""Texts in the language of the user, and in English if a translation is missing or wrong."""

from __future__ import annotations

import gettext
import io
import json
import pickle
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.core.following import Progress
from bot.core.naming import key_name
from bot.core.texts import common as core_texts
from bot.core.texts import delivery as delivery_texts
from bot.languages import Language, language
from generator.notation.errors import NotationError
from generator.notation.keys import Key
from generator.notation.metres import RHYTHMS
from generator.notation.names import TRANSLATABLE_NAMES, translatable
from generator.notation.opening import read_opening
from generator.notation.tokens import NotEncodable
from generator.rendering.notices import sheet_notices
from generator.rendering.pipe_protocol import receive_outcome, send_outcome
from generator.rendering.result import RenderingError
from generator.request import INSTRUMENTS, RequestError, TuneRequest
from generator.user_messages import LANGUAGES, AllOf, OneOf, UserMessage
from storage.errors import TooManyOpen
from storage.queue.heartbeat import KILLED_WORKERS
from storage.queue.tasks import GAVE_UP
from storage.storage import Storage
from storage.tunes import Composition, Origin, Status, Tune

GERMAN, IRISH, FRENCH, SPANISH = map(language, ("de", "ga", "fr", "es"))


def language_with(translations: dict[str, str], code: str = "de") -> Language:
    """A language whose catalogue contains only these translations."""

    class Catalogue(gettext.NullTranslations):
        def gettext(self, message: str) -> str:
            return translations.get(message, message)

    translated = Language(code)
    translated._catalogue = Catalogue()
    return translated


def refusal(**parameters: Any) -> UserMessage:
    with pytest.raises(RequestError) as caught:
        TuneRequest.check(**parameters)
    assert isinstance(caught.value.message, UserMessage)
    return caught.value.message


NOW = datetime(2026, 1, 1, tzinfo=UTC)


def composing(bars: int) -> UserMessage:
    now = Tune(
        "0" * 12,
        TuneRequest(seed=7),
        Origin("discord", "1", "400"),
        Status.COMPOSING,
        bars,
        None,
        None,
        None,
        None,
        NOW,
        None,
        None,
    )
    return delivery_texts.progress(Progress(now, 0))


def test_a_message_is_translated_with_its_values() -> None:
    message = UserMessage("I don't compose in {metre}. Try {names}.", metre="5/4", names=OneOf(["4/4", "6/8"]))
    assert message == "I don't compose in 5/4. Try 4/4 or 6/8."
    assert GERMAN(message) == "In 5/4 komponiere ich nicht. Versuch es mit 4/4 oder 6/8."
    assert language("en")(message) == message


def test_an_untranslated_text_stays_english() -> None:
    assert language_with({})(UserMessage("I don't compose in {metre}.", metre="5/4")) == "I don't compose in 5/4."
    assert GERMAN("no such sentence, {n} of them") == "no such sentence, {n} of them"
    assert [GERMAN(""), language("en")("")] == ["", ""]


@pytest.mark.parametrize("broken", ["In {takt}.", "In {0}.", "In {metre.size}.", "In {metre.", "In {metre:d}."])
def test_a_translation_with_wrong_fields_is_replaced_by_the_english_text(broken: str) -> None:
    message = UserMessage("I don't compose in {metre}.", metre="5/4")
    assert language_with({message.template: broken})(message) == "I don't compose in 5/4."


@pytest.mark.parametrize(
    ("code", "used"),
    [
        ("de", "de"), ("es-419", "es"), ("es-ES", "es"), ("en-GB", "en"), ("ga", "ga"), ("ja", "en"), ("", "en"), (None, "en"),
        ("../de", "en"),
    ],
)  # fmt: skip
def test_a_locale_selects_its_language_or_english(code: str | None, used: str) -> None:
    assert language(code).code == used


def test_languages_are_named_in_their_own_language() -> None:
    assert [language(code).name for code in LANGUAGES] == ["English", "Gaeilge", "Deutsch", "Français", "Español"]


@pytest.mark.parametrize(
    ("bars", "text"),
    [
        (1, "barra amháin"), (2, "dhá bharra"), (3, "3 bharra"), (6, "6 bharra"), (7, "7 mbarra"), (10, "10 mbarra"),
        (11, "11 barra"),
    ],
)  # fmt: skip
def test_irish_has_five_plural_forms(bars: int, text: str) -> None:
    assert f": {text} scríofa" in IRISH(composing(bars))


def test_large_numbers_use_the_separator_of_the_language() -> None:
    message = core_texts.tune_too_long(5_000, 4_000)
    assert "5,000" in message and "5.000" in GERMAN(message) and "5\u202f000" in FRENCH(message)


def test_values_that_are_messages_are_translated_and_typed_text_is_not() -> None:
    assert IRISH(
        UserMessage("I don't compose in {metre}. Try {names}.", metre="reel", names=OneOf(map(translatable, ["reel", "jig"])))
    ) == ("Ní chumaim in reel. Triail ríl nó port.")
    assert GERMAN(UserMessage("The sheet has no sign for {names}.", names=AllOf(["!a!", "!Again!", "!c!"]))).endswith(
        " !a!, !Again! und !c!."
    )
    assert GERMAN(refusal(rhythm="Again")).startswith("Den Rhythmus „Again“ kenne ich nicht. Versuch es mit Reel, Jig, ")


def test_keys_have_the_names_that_musicians_use_in_the_language() -> None:
    names = {
        key: [translate(key_name(key)) for translate in (GERMAN, FRENCH, SPANISH, IRISH)] for key in ("Bm", "Bb", "F#dor", "G")
    }
    assert names == {
        "Bm": ["H-Moll", "si mineur", "si menor", "B mion"],
        "Bb": ["B-Dur", "si bémol majeur", "si bemol mayor", "B♭ mór"],
        "F#dor": ["Fis-dorisch", "fa dièse dorien", "fa sostenido dórico", "F♯ dórach"],
        "G": ["G-Dur", "sol majeur", "sol mayor", "G mór"],
    }
    assert FRENCH(key_name("not a key")) == "not a key"


def test_every_rhythm_instrument_and_mode_has_a_translatable_name() -> None:
    assert {*RHYTHMS, *INSTRUMENTS} <= set(TRANSLATABLE_NAMES), "add the name to generator/notation/names.py"
    assert all(isinstance(value, UserMessage) for key in ("C", "F#m", "Bbmix") for value in Key.parse(key).name.values.values())


def test_the_position_of_an_error_is_translated() -> None:
    message = refusal(opening="K:D\nABcd|ABc{d|")
    assert message.startswith("Line 2, column ")
    assert GERMAN(message).startswith("Zeile 2, Spalte ")
    with pytest.raises(NotationError) as caught:
        read_opening("K:D\nA B ê|")
    assert str(caught.value) == "Line 2, column 5: I can't read “ê” here."
    assert GERMAN(caught.value.message) == "Zeile 2, Spalte 5: „ê“ kann ich hier nicht lesen."


@pytest.mark.parametrize(
    "parameters",
    [
        {"rhythm": "zouk"}, {"metre": "7"}, {"metre": "5/4"}, {"rhythm": "reel", "metre": "6/8"}, {"temperature": 9.0},
        {"key": "H"}, {"key": "C locrian"}, {"key": "locrian"}, {"key": "C ^d"}, {"key": "D xyz"}, {"mode": "dance"},
        {"mode": "vary"}, {"instrument": "kazoo"}, {"structure": "round"}, {"opening": "x" * 5_000},
        {"opening": "K:D\nABcd|", "key": "G"}, {"opening": "M:6/8\nK:D\nABc def|", "rhythm": "reel"},
        {"opening": "M:4/4\nL:1/8\nK:D\nABcd efga bb|ABcd efga|"}, {"opening": "M:4/4\nL:1/8\nK:D\nABcd efga|ABcd|efga efga|"},
    ],
)  # fmt: skip
@pytest.mark.parametrize("translate", [GERMAN, IRISH, FRENCH, SPANISH], ids=lambda translate: translate.code)
def test_common_errors_are_translated_into_every_language(parameters: dict[str, Any], translate: Language) -> None:
    message = refusal(**parameters)
    assert translate(message) != message


LONG = UserMessage("{n:,} minute", "{n:,} minutes", n=1_200)
UNREADABLE = UserMessage("I can't read “{text}” here.", text="reel")


@pytest.mark.parametrize(
    "message",
    [
        GAVE_UP,
        KILLED_WORKERS,
        TooManyOpen(7, 7).message,
        UserMessage("The tune would play for {time}; I play at most {most} s. Shorten it.", time=LONG, most=180),
        UserMessage("Line {line}, column {column}: {message}", line=2, column=5, message=UNREADABLE),
        UserMessage("The tune states no key (K:), so I took {key}.", key=Key.parse("Bm").name),
        UserMessage("The sheet has no sign for {names}.", names=AllOf(["!a!", "!b!", "!c!"])),
        UserMessage("Only the first voice was read."),
    ],
)  # fmt: skip
async def test_a_stored_error_or_notice_is_translated_like_the_original(storage: Storage, message: UserMessage) -> None:
    failed, finished = [await storage.add(TuneRequest(seed=7), Origin("discord", event_id, "1")) for event_id in ("1", "2")]
    await storage.fail(failed.id, message)
    composition = Composition("X:1\nK:D\nA|", "Title", "reel", "D", "4/4", 1_000, "none", {}, notices=(message,))
    await storage.finish(finished.id, composition, {})
    failed_now, finished_now = await storage.tune(failed.id), await storage.tune(finished.id)
    assert failed_now is not None and failed_now.error is not None
    assert finished_now is not None and finished_now.composition is not None
    [notice] = finished_now.composition.notices
    for code in LANGUAGES[1:]:
        translate = language(code)
        assert translate(failed_now.error) == translate(notice) == translate(message) != message


async def test_a_stored_error_that_is_plain_text_stays_literal(storage: Storage) -> None:
    tune = await storage.add(TuneRequest(seed=7), Origin("discord", "1", "1"))
    await storage.fail(tune.id, "{n} is {no} value, and { } neither")
    found = await storage.tune(tune.id)
    assert found is not None and found.error == "{n} is {no} value, and { } neither"
    assert found.error is not None and GERMAN(found.error) == found.error


def test_names_that_a_user_typed_are_not_translated() -> None:
    stored = UserMessage("Line {line}, column {column}: {message}", line=1, column=7, message=unreadable("A"))
    assert FRENCH(UserMessage.from_dict(stored.as_dict())) == "Ligne 1, colonne 7 : Je ne peux pas lire « A » ici."


def unreadable(text: str) -> UserMessage:
    return UserMessage("I can't read “{text}” here.", text=text)


@given(st.text(max_size=600))
@example("A dorian")
@example("seed 7")
@example("the key A with B s")
def test_unknown_text_is_not_translated(text: str) -> None:
    assert GERMAN("☘ " + text + ".") == "☘ " + text + "."


def test_a_pickled_message_keeps_its_template_and_values() -> None:
    message = UserMessage("The note {note} in {key}", note="D9", key=Key.parse("D").name)
    read_back = pickle.loads(pickle.dumps(message))
    assert (read_back, read_back.template, read_back.values["key"].template) == (message, message.template, "{tonic} {mode}")
    assert json.dumps({"notices": [message]}) == '{"notices": ["The note D9 in D major"]}'


def test_an_error_from_a_renderer_process_is_translated() -> None:
    time = UserMessage("{n:,} hour", "{n:,} hours", n=20)
    error = RenderingError(
        UserMessage("The tune would play for {time}; I play at most {most} s. Shorten it.", time=time, most=180)
    )
    pipe = io.BytesIO()
    send_outcome(pipe, error)
    pipe.seek(0)
    outcome = receive_outcome(pipe)
    assert isinstance(outcome, RenderingError)
    assert IRISH(outcome.message) == "Mhairfeadh an port 20 uair an chloig; seinnim 180 s ar a mhéad. Giorraigh é."


def test_a_not_encodable_error_keeps_the_template_of_its_reason() -> None:
    error = NotEncodable(UserMessage("a note of {length}", length=Fraction(1, 7)))
    assert (str(error), error.what.template) == ("a note of 1/7", "a note of {length}")


def test_a_notice_about_signs_missing_on_the_sheet_is_translated() -> None:
    score = read_opening("X:1\nM:4/4\nL:1/8\nK:D\n!a!A!b!B!c!cd efga|]\n", mode="play")
    [notice] = sheet_notices(score)
    assert notice == "The sheet has no sign for !a!, !b! and !c!."
    assert GERMAN(notice) == "Das Notenblatt hat kein Zeichen für !a!, !b! und !c!."
