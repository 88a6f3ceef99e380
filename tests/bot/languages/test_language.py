"""What people read, in their language, and in English where their language does not know it."""

from __future__ import annotations

import gettext
import io
import json
import pickle
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.core.following import Progress
from bot.core.naming import key_name
from bot.discord.core import texts as core_texts
from bot.discord.delivery import texts as delivery_texts
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
from storage.queue import GAVE_UP
from storage.storage import KILLED_WORKERS, Storage
from storage.tunes import Composition, Origin, Status, Tune

GERMAN, IRISH, FRENCH, SPANISH = map(language, ("de", "ga", "fr", "es"))


def with_only(translations: dict[str, str], code: str = "de") -> Language:
    """A language whose catalogue holds these alone."""

    class Catalogue(gettext.NullTranslations):
        def gettext(self, message: str) -> str:
            return translations.get(message, message)

    made = Language(code)
    made._catalogue = Catalogue()
    return made


def refused(**wish: object) -> UserMessage:
    with pytest.raises(RequestError) as caught:
        TuneRequest.check(**wish)
    return caught.value.message


def composing(bars: int) -> UserMessage:
    now = Tune("0" * 12, TuneRequest(seed=7), Origin("discord", "1", "400"), Status.COMPOSING, bars, *[None] * 7)
    return delivery_texts.progress(Progress(now, 0))


def test_a_sentence_is_said_with_its_values() -> None:
    sentence = UserMessage("I don't compose in {metre}. Try {names}.", metre="5/4", names=OneOf(["4/4", "6/8"]))
    assert sentence == "I don't compose in 5/4. Try 4/4 or 6/8."
    assert GERMAN(sentence) == "In 5/4 komponiere ich nicht. Versuch es mit 4/4 oder 6/8."
    assert language("en")(sentence) == sentence


def test_what_a_language_does_not_know_stays_english() -> None:
    assert with_only({})(UserMessage("I don't compose in {metre}.", metre="5/4")) == "I don't compose in 5/4."
    assert GERMAN("no such sentence, {n} of them") == "no such sentence, {n} of them"
    assert [GERMAN(""), language("en")("")] == ["", ""]


@pytest.mark.parametrize("broken", ["In {takt}.", "In {0}.", "In {metre.size}.", "In {metre.", "In {metre:d}."])
def test_a_translation_that_cannot_be_filled_in_is_not_shown(broken: str) -> None:
    sentence = UserMessage("I don't compose in {metre}.", metre="5/4")
    assert with_only({sentence.template: broken})(sentence) == "I don't compose in 5/4."


@pytest.mark.parametrize(
    ("code", "used"),
    [
        ("de", "de"), ("es-419", "es"), ("es-ES", "es"), ("en-GB", "en"), ("ga", "ga"), ("ja", "en"), ("", "en"), (None, "en"),
        ("../de", "en"),
    ],
)  # fmt: skip
def test_a_locale_speaks_its_language_or_english(code: str | None, used: str) -> None:
    assert language(code).code == used


def test_languages_say_what_they_are_called() -> None:
    assert [language(code).name for code in LANGUAGES] == ["English", "Gaeilge", "Deutsch", "Français", "Español"]


@pytest.mark.parametrize(
    ("bars", "said"),
    [
        (1, "barra amháin"), (2, "dhá bharra"), (3, "3 bharra"), (6, "6 bharra"), (7, "7 mbarra"), (10, "10 mbarra"),
        (11, "11 barra"),
    ],
)  # fmt: skip
def test_irish_counts_in_five_ways(bars: int, said: str) -> None:
    assert f": {said} scríofa" in IRISH(composing(bars))


def test_numbers_are_grouped_as_the_language_does() -> None:
    sentence = core_texts.tune_too_long(5_000, 4_000)
    assert "5,000" in sentence and "5.000" in GERMAN(sentence) and "5\u202f000" in FRENCH(sentence)


def test_values_that_are_sentences_are_said_too_and_what_somebody_typed_is_not() -> None:
    assert IRISH(
        UserMessage("I don't compose in {metre}. Try {names}.", metre="reel", names=OneOf(map(translatable, ["reel", "jig"])))
    ) == ("Ní chumaim in reel. Triail ríl nó port.")
    assert GERMAN(UserMessage("The sheet has no sign for {names}.", names=AllOf(["!a!", "!Again!", "!c!"]))).endswith(
        " !a!, !Again! und !c!."
    )
    assert GERMAN(refused(rhythm="Again")).startswith("Den Rhythmus „Again“ kenne ich nicht. Versuch es mit Reel, Jig, ")


def test_keys_have_the_names_that_musicians_give_them() -> None:
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


def test_every_rhythm_and_instrument_and_mode_has_a_name_to_translate() -> None:
    assert {*RHYTHMS, *INSTRUMENTS} <= set(TRANSLATABLE_NAMES)
    assert all(isinstance(value, UserMessage) for key in ("C", "F#m", "Bbmix") for value in Key.parse(key).name.values.values())


def test_an_error_says_where_it_is_in_the_language_too() -> None:
    sentence = refused(opening="K:D\nABcd|ABc{d|")
    assert sentence.startswith("Line 2, column ")
    assert GERMAN(sentence).startswith("Zeile 2, Spalte ")
    with pytest.raises(NotationError) as caught:
        read_opening("K:D\nA B ê|")
    assert str(caught.value) == "Line 2, column 5: I can't read “ê” here."
    assert GERMAN(caught.value.message) == "Zeile 2, Spalte 5: „ê“ kann ich hier nicht lesen."


@pytest.mark.parametrize(
    "wish",
    [
        {"rhythm": "zouk"}, {"metre": "7"}, {"metre": "5/4"}, {"rhythm": "reel", "metre": "6/8"}, {"temperature": 9.0},
        {"key": "H"}, {"key": "C locrian"}, {"key": "locrian"}, {"key": "C ^d"}, {"key": "D xyz"}, {"mode": "dance"},
        {"mode": "vary"}, {"instrument": "kazoo"}, {"structure": "round"}, {"opening": "x" * 5_000},
        {"opening": "K:D\nABcd|", "key": "G"}, {"opening": "M:6/8\nK:D\nABc def|", "rhythm": "reel"},
        {"opening": "M:4/4\nL:1/8\nK:D\nABcd efga bb|ABcd efga|"}, {"opening": "M:4/4\nL:1/8\nK:D\nABcd efga|ABcd|efga efga|"},
    ],
)  # fmt: skip
@pytest.mark.parametrize("translate", [GERMAN, IRISH, FRENCH, SPANISH], ids=lambda translate: translate.code)
def test_common_refusals_are_said_in_each_language(wish: dict[str, object], translate: Language) -> None:
    sentence = refused(**wish)
    assert translate(sentence) != sentence


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
    made = Composition("X:1\nK:D\nA|", "Title", "reel", "D", "4/4", 1_000, "none", {}, notices=(message,))
    await storage.finish(finished.id, made, {})
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


def test_sentences_keep_what_they_are_on_their_way_to_another_process() -> None:
    sentence = UserMessage("The note {note} in {key}", note="D9", key=Key.parse("D").name)
    back = pickle.loads(pickle.dumps(sentence))
    assert (back, back.template, back.values["key"].template) == (sentence, sentence.template, "{tonic} {mode}")
    assert json.dumps({"notices": [sentence]}) == '{"notices": ["The note D9 in D major"]}'


def test_a_renderers_error_is_said_after_its_way_from_its_process() -> None:
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


def test_what_cannot_be_gone_on_from_is_named_in_the_language() -> None:
    error = NotEncodable(UserMessage("a note of {length}", length=Fraction(1, 7)))
    assert (str(error), error.what.template) == ("a note of 1/7", "a note of {length}")


def test_what_the_sheet_leaves_out_is_made_of_sentences() -> None:
    score = read_opening("X:1\nM:4/4\nL:1/8\nK:D\n!a!A!b!B!c!cd efga|]\n", mode="play")
    [notice] = sheet_notices(score)
    assert notice == "The sheet has no sign for !a!, !b! and !c!."
    assert GERMAN(notice) == "Das Notenblatt hat kein Zeichen für !a!, !b! und !c!."
