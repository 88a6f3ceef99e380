"""Chord symbols."""

import pytest

from generator.rendering.chords import Chord, parse_chord


@pytest.mark.parametrize(
    ("text", "tones", "bass"),
    [
        ("Am", {9, 0, 4}, 9),
        ("D7", {2, 6, 9, 0}, 2),
        ("G/B", {7, 11, 2}, 11),
        ("F#m", {6, 9, 1}, 6),
        ("B♭", {10, 2, 5}, 10),
        ("Esus4", {4, 9, 11}, 4),
        ("A5", {9, 4}, 9),
    ],
)
def test_a_chord_symbol_has_its_pitch_classes_and_bass(text: str, tones: set[int], bass: int) -> None:
    chord = parse_chord(text)
    assert chord is not None
    assert set(chord.tones) == tones
    assert chord.tones[0] == chord.root_class
    assert chord.bass_class == bass


@pytest.mark.parametrize("text", ["", "H", "Amm", "slowly", "A/H", "a"])
def test_text_that_is_not_a_known_chord_gives_none(text: str) -> None:
    assert parse_chord(text) is None


def test_a_chord_is_written_as_its_symbol() -> None:
    for text in ("Am", "D7", "G/B", "F#m", "Bb"):
        assert str(parse_chord(text)) == text
    assert str(Chord("C", "minor", "Eb")) == "Cm/Eb"
