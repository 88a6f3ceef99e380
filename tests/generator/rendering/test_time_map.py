"""The time map, and the ids of the sheet that it refers to."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from xml.etree import ElementTree

import pytest

from generator.notation.reader import read
from generator.notation.score import Score
from generator.notation.structure import play_order
from generator.rendering.performance.arrangement import arrange
from generator.rendering.performance.played_bars import played_bars
from generator.rendering.sheet.engraving import engrave
from generator.rendering.sheet.music21_score import note_id
from generator.rendering.sheet.musicxml import write_musicxml
from generator.rendering.style import PLAIN, Style
from generator.rendering.time_map import write_time_map
from tests.generator.rendering.tunes import ALL, JIG, REELS


@dataclass
class Struck:
    onset: Fraction
    bar: int
    note: int


def _struck(score: Score) -> list[Struck]:
    """The onset of every note in playing order, in strict time."""
    found, onset = [], Fraction(0)
    for bar in play_order(score.bars, score.order):
        for number, note in enumerate(score.bars[bar].notes):
            if note.pitches:
                found.append(Struck(onset, bar, number))
            onset += note.duration
    return found


def _map(score: Score, sounds: Sequence[Struck] | None = None, delay_ms: float = 0) -> list[dict[str, int]]:
    found: list[dict[str, int]] = json.loads(write_time_map(score, sounds or _struck(score), [], delay_ms=delay_ms))["notes"]
    return found


def _groups(score: Score) -> dict[str, str]:
    """Id → class of the elements in the sheet's SVG."""
    root = ElementTree.fromstring(engrave(score, write_musicxml(score)))
    ids = [(element.get("id", ""), element.get("class", "")) for element in root.iter() if element.get("id")]
    assert len(dict(ids)) == len(ids), "an id occurs twice"
    return dict(ids)


LONG = "X:1\nT:Long\nM:4/4\nL:1/8\nK:C\n[CEG]5 {d}c3-|c5 z3|(3[CE]DE [Gc]9/2 z3/2|z8|~C8|\n"


@pytest.mark.parametrize("text", [*ALL.values(), LONG])
def test_every_sounding_note_is_a_group_in_the_sheet(text: str) -> None:
    score = read(text)
    groups = _groups(score)
    for entry in _map(score):
        note = score.bars[entry["bar"]].notes[entry["note"]]
        assert groups[note_id(entry["bar"], entry["note"])] == ("chord" if len(note.pitches) > 1 else "note")


def test_rests_have_ids_and_so_has_each_tied_piece_of_a_note() -> None:
    groups = _groups(read(LONG))
    named = {name: kind for name, kind in groups.items() if re.fullmatch(r"b\d+n[\d-]+", name)}
    assert named == {
        "b0n0": "chord", "b0n0-1": "chord", "b0n1": "note", "b1n0": "note", "b1n0-1": "note", "b1n1": "rest",
        "b2n0": "chord", "b2n1": "note", "b2n2": "note", "b2n3": "chord", "b2n3-1": "chord", "b2n4": "rest",
        "b3n0": "mRest", "b4n0": "note",
    }  # fmt: skip


def test_repeats_and_endings_are_played_out_with_the_times_of_the_recording() -> None:
    entries = _map(read(JIG))
    assert entries == sorted(entries, key=lambda entry: entry["onset_ms"])
    bars = [bar for bar, following in zip(entries, [*entries[1:], {"bar": -1}], strict=True) if bar["bar"] != following["bar"]]
    assert [entry["bar"] for entry in bars] == [*range(9), *range(1, 8), 9, *range(10, 18), *range(10, 17), 18]
    # 112 dotted quarters a minute: an eighth lasts 60,000 / 336 ms.
    assert [entry["onset_ms"] for entry in entries[:4]] == [0, 179, 714, 893]


def test_an_ornamented_note_and_a_chord_have_one_entry_each() -> None:
    score = read("X:1\nM:4/4\nL:1/4\nQ:1/4=60\nK:C\n~C [EG] C C|\n")
    roll = [Struck(Fraction(fortieths, 40), 0, 0) for fortieths in (0, 3, 6)]
    others = [Struck(Fraction(quarter, 4), 0, quarter) for quarter in (3, 1, 1, 2)]
    assert _map(score, [*roll, *others], delay_ms=20) == [
        {"onset_ms": 20 + 1000 * note, "bar": 0, "note": note} for note in range(4)
    ]


def test_an_onset_before_the_start_becomes_zero() -> None:
    score = read("X:1\nM:4/4\nL:1/4\nQ:1/4=60\nK:C\nC D\n")
    entries = _map(score, [Struck(Fraction(-1, 400), 0, 0), Struck(Fraction(1, 4), 0, 1)])
    assert [entry["onset_ms"] for entry in entries] == [0, 1000]


def test_every_playing_of_a_bar_lights_the_same_notes() -> None:
    for tune in (JIG, REELS[0]):
        score = read(tune)
        melody = arrange(score, Style("fiddle", times=2, seed=2))[0].sounds
        entries = json.loads(write_time_map(score, melody, []))["notes"]
        written = json.loads(write_time_map(score, arrange(score, replace(PLAIN, times=2))[0].sounds, []))["notes"]
        assert [(entry["bar"], entry["note"]) for entry in entries] == [(entry["bar"], entry["note"]) for entry in written]
        late = [abs(entry["onset_ms"] - exact["onset_ms"]) for entry, exact in zip(entries, written, strict=True)]
        assert max(late) < 60


def test_bars_and_beats_are_played_out_in_strict_time() -> None:
    score = read("X:1\nM:6/8\nL:1/8\nQ:3/8=60\nK:D\nA|:d2d f2a|d3 f2:|\n")
    found = json.loads(write_time_map(score, [], played_bars(score), delay_ms=25))["bars"]
    assert [bar["bar"] for bar in found] == [0, 1, 2, 1, 2]
    assert found[0] == {"bar": 0, "number": 0, "onset_ms": 25, "end_ms": 358, "beats_ms": []}  # a pick-up between two beats
    assert found[1] == {"bar": 1, "number": 1, "onset_ms": 358, "end_ms": 2358, "beats_ms": [358, 1358]}
    assert [bar["beats_ms"][0] for bar in found[1:]] == [bar["onset_ms"] for bar in found[1:]]


def test_written_notes_have_the_pitches_that_sound_and_the_chords_of_the_backing() -> None:
    score = read("X:1\nM:4/4\nL:1/4\nK:G clef=treble+8\nG2 z [GB]|D2 G2|\n")
    found = json.loads(write_time_map(score, [], []))["written"]
    assert [(note["bar"], note["note"], note["pitches"]) for note in found] == [
        (0, 0, [79]), (0, 1, []), (0, 2, [79, 83]), (1, 0, [74]), (1, 1, [79]),
    ]  # fmt: skip
    assert found[0]["chord"] == "G"
