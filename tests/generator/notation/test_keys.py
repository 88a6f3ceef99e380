"""Keys in the spelling of ABC and of people."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.notation.errors import NotationError
from generator.notation.keys import LETTERS, SEMITONES, Key, Mode, transpose_tonic

INTERVALS = {
    Mode.MAJOR: (0, 2, 4, 5, 7, 9, 11),
    Mode.MINOR: (0, 2, 3, 5, 7, 8, 10),
    Mode.DORIAN: (0, 2, 3, 5, 7, 9, 10),
    Mode.MIXOLYDIAN: (0, 2, 4, 5, 7, 9, 10),
    Mode.PHRYGIAN: (0, 1, 3, 5, 7, 8, 10),
    Mode.LYDIAN: (0, 2, 4, 6, 7, 9, 11),
    Mode.LOCRIAN: (0, 1, 3, 5, 6, 8, 10),
}


@pytest.mark.parametrize(
    ("text", "tonic", "mode"),
    [
        ("D", "D", Mode.MAJOR), ("Gmaj", "G", Mode.MAJOR), ("G major", "G", Mode.MAJOR), ("Dmajeur", "D", Mode.MAJOR),
        ("Am", "A", Mode.MINOR), ("F#m", "F#", Mode.MINOR), ("g minor", "G", Mode.MINOR), ("Bb min", "Bb", Mode.MINOR),
        ("EM", "E", Mode.MINOR), ("Dmixm", "D", Mode.MIXOLYDIAN),
        ("Ador", "A", Mode.DORIAN), ("E Dorian", "E", Mode.DORIAN),
        ("D Mixolydian", "D", Mode.MIXOLYDIAN), ("AMIX", "A", Mode.MIXOLYDIAN),
        ("Ephr", "E", Mode.PHRYGIAN), ("Flyd", "F", Mode.LYDIAN), ("B locrian", "B", Mode.LOCRIAN), ("Caeolian", "C", Mode.MINOR),
        ("Gionian", "G", Mode.MAJOR), ("HP", "A", Mode.MIXOLYDIAN), ("Hp", "A", Mode.MIXOLYDIAN), ("none", "C", Mode.MAJOR),
        ("", "C", Mode.MAJOR), ("B♭", "Bb", Mode.MAJOR), ("F♯ dor", "F#", Mode.DORIAN), ("D clef=treble", "D", Mode.MAJOR),
        ("Am clef=bass", "A", Mode.MINOR), ("treble", "C", Mode.MAJOR),
    ],
)  # fmt: skip
def test_a_key_is_read(text: str, tonic: str, mode: Mode) -> None:
    assert Key.parse(text) == Key(tonic, mode)


SPELLINGS = {
    Mode.MAJOR: ("", "maj", "Major", " MAJOR", "ion", "Ionian", " IONIAN"),
    Mode.MINOR: ("m", "min", "Minor", " MINOR", " m", "M", "aeo", "Aeolian", " AEO"),
    Mode.DORIAN: ("dor", "Dor", "DOR", " dorian", " DORIAN"),
    Mode.MIXOLYDIAN: ("mix", "Mix", "MIX", " mixolydian", " Mixolydian"),
    Mode.PHRYGIAN: ("phr", "PHR", " phrygian"),
    Mode.LYDIAN: ("lyd", "LYD", " lydian"),
    Mode.LOCRIAN: ("loc", "LOC", " locrian"),
}


@pytest.mark.parametrize("mode", Mode)
def test_the_first_three_letters_of_a_mode_are_enough_in_any_case(mode: Mode) -> None:
    assert {Key.parse(tonic + spelling) for tonic in ("D", "d") for spelling in SPELLINGS[mode]} == {Key("D", mode)}


@pytest.mark.parametrize(
    "text", ["H", "Q#", "Dfoo", "^g", "A#", "Fb", "D#maj", "🎻", "Dmojo", "Dórico", "1", "Dm7", "Gmaj7", "Bb7", "d-moll"]
)
def test_other_text_is_refused_as_a_key(text: str) -> None:
    with pytest.raises(NotationError) as caught:
        Key.parse(text)
    assert caught.value.reason.endswith(".")


def test_the_message_about_a_long_wrong_key_is_short() -> None:
    with pytest.raises(NotationError) as caught:
        Key.parse("?" * 5000)
    assert len(caught.value.reason) < 150


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("pitch_class", range(12))
def test_the_signature_gives_the_intervals_of_the_mode(mode: Mode, pitch_class: int) -> None:
    key = Key(transpose_tonic(pitch_class, mode), mode)
    assert key.pitch_class == pitch_class
    first = LETTERS.index(key.tonic[0])
    scale = [(SEMITONES[name] + key.signature[name] - pitch_class) % 12 for name in LETTERS[first:] + LETTERS[:first]]
    assert tuple(scale) == INTERVALS[mode]


def test_extra_accidentals_are_added_to_the_signature() -> None:
    signature = Key.parse("D ^g _b").signature
    assert signature == {"C": 1, "D": 0, "E": 0, "F": 1, "G": 1, "A": 0, "B": -1}


def test_explicit_accidentals_replace_the_signature() -> None:
    assert Key.parse("D exp _b ^c").signature == {"C": 1, "D": 0, "E": 0, "F": 0, "G": 0, "A": 0, "B": -1}


@pytest.mark.parametrize("text", ["D", "Am", "Edor", "F#m", "Bbmix", "D ^g", "G =f _b", "D exp _b ^c", "Cb", "C#", "Gloc"])
def test_a_written_key_reads_back_as_the_same(text: str) -> None:
    key = Key.parse(text)
    assert Key.parse(key.abc) == key
    assert Key.parse(str(key)).mode == key.mode


@given(st.text(max_size=30))
def test_any_text_is_read_as_a_key_or_refused(text: str) -> None:
    try:
        assert -7 <= Key.parse(text).fifths <= 7
    except NotationError as error:
        assert error.reason


@given(st.text("ABCDEFGabcdefgmorixl#b^_= ", max_size=14))
def test_text_similar_to_a_key_is_read_or_refused(text: str) -> None:
    try:
        key = Key.parse(text)
    except NotationError:
        return
    assert set(key.signature) == set(LETTERS)
    assert Key.parse(key.abc).signature == key.signature
