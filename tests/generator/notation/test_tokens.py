"""Encoding and decoding tokens, in every key."""

from __future__ import annotations

import random
from fractions import Fraction
from itertools import pairwise

import pytest

from generator.notation.keys import Key, Mode, transpose_tonic
from generator.notation.metres import Metre
from generator.notation.reader import read
from generator.notation.score import Bar, Note, Pitch, Score, Tuplet
from generator.notation.structure import illegal_bars
from generator.notation.tokens import (
    DEGREES,
    DURATIONS,
    ELSEWHERE,
    INDEX,
    MODES,
    ON_TONIC,
    PAD,
    REST,
    TIE,
    TRIPLETS,
    VOCABULARY,
    NotEncodable,
    bars_per_part,
    cadence_class,
    decode,
    encode,
    is_melody,
    is_pitch,
    pitch_parts,
    tonic_pitch,
)
from generator.notation.writer import write

TUNES = {
    "jig": "R:jig\nM:6/8\nL:1/8\nK:D\n|:A|DFA d2f|^g3 d2:|\n|:A|B3 _B3|1 A3 A2:|2 A3 D2||\n",
    "reel": "R:reel\nM:C|\nL:1/8\nK:Ador\n|:A2cA eAcA|(3GAB dB e4-|e2dB A4:|\n|:a4 z4|g8|1 e2d2c2B2:|2 A8|]\n",
    "waltz": "M:3/4\nL:1/8\nK:Gmix\nG2 B2 d2|f3 g a2||\n|:g6-|g6:|\n",
    "slip jig": "R:slip jig\nM:9/8\nL:1/8\nK:Em\n|:EFG B3 e2d|B2A G>FE D3:|\n",
    "polka": "R:polka\nM:2/4\nL:1/16\nK:G\nG4B2d2|gfed (3B2A2G2:|\n",
}


@pytest.mark.parametrize("name", TUNES)
def test_decoded_tokens_encode_to_the_same_tokens(name: str) -> None:
    score = read(TUNES[name])
    tokens = encode(score)
    assert score.metre is not None
    again = decode(tokens, score.key, score.metre)
    assert encode(again) == tokens
    assert illegal_bars(again) == illegal_bars(score) == []
    assert encode(read(write(again))) == tokens


def test_the_tokens_of_a_tune() -> None:
    assert " ".join(encode(read(TUNES["jig"]))) == (
        "<start> R:jig M:6/8 K:major |: up24 /24 4 | 0 2 4 /48 7 /24 9 | /72 10^ /48 7 :| "
        "|: up24 /24 4 | /72 5 5_ [1 4 /48 4 :| [2 /72 4 /48 0 || <end>"
    )


def test_a_tie_is_a_token() -> None:
    assert " ".join(encode(read(TUNES["waltz"]))) == (
        "<start> R:? M:3/4 K:mixolydian [| /48 0 2 4 | /72 6 /24 7 /48 8 || |: /144 7 - | 7 :| <end>"
    )


@pytest.mark.parametrize("name", TUNES)
@pytest.mark.parametrize("steps", range(1, 12))
def test_a_transposed_tune_has_the_same_tokens(name: str, steps: int) -> None:
    """The tune moves by `steps` semitones, within the octave of the new tonic, and keeps its alterations."""
    score = read(TUNES[name])
    key = Key(transpose_tonic(score.key.pitch_class + steps, score.key.mode), score.key.mode)
    by = tonic_pitch(key).staff - tonic_pitch(score.key).staff

    def moved(note: Note) -> Note:
        pitches = []
        for pitch in note.pitches:
            natural = Pitch.at(pitch.staff + by)
            pitches.append(
                Pitch.at(pitch.staff + by, key.signature[natural.letter] + pitch.alter - score.key.signature[pitch.letter])
            )
        return Note(tuple(pitches), note.duration, note.tie, note.tuplet)

    bars = tuple(Bar(tuple(map(moved, bar.notes)), bar.repeat_start, bar.repeat_end, bar.endings, bar.line) for bar in score.bars)
    transposed = Score(bars, key, score.metre, rhythm=score.rhythm)
    before = [note.melody.midi for note in score.notes() if note.melody]
    after = [note.melody.midi for note in transposed.notes() if note.melody]
    assert len({(high - low) for low, high in zip(before, after, strict=True)}) == 1
    assert encode(transposed) == encode(score)


def test_the_vocabulary_has_no_duplicates_and_holds_every_encoded_token() -> None:
    assert len(set(VOCABULARY)) == len(VOCABULARY) == len(INDEX)
    assert VOCABULARY[0] == PAD
    for text in TUNES.values():
        assert set(encode(read(text))) <= set(VOCABULARY)


def test_pitch_tokens_are_recognized() -> None:
    pitches = [token for token in VOCABULARY if is_pitch(token)]
    assert len(pitches) == 1 + 3 * len(DEGREES)
    assert REST in pitches
    assert TIE not in pitches
    assert [pitch_parts(token) for token in ("-10_", "0", "17^")] == [(-10, -1), (0, 0), (17, 1)]


def test_melody_tokens_are_the_pitch_tokens_without_the_rest() -> None:
    melody = {token for token in VOCABULARY if is_melody(token)}
    assert melody == {token for token in VOCABULARY if is_pitch(token)} - {REST}


@pytest.mark.parametrize(
    ("text", "bars"),
    [
        ("|: /72 0 1 [1 2 3 :| [2 2 0 || [| 4 || |: 0 0 :| <end>", [2, 1, 1]),
        ("|: /72 0 1 [1 2 3", [2]),
        ("|: up24 /24 4 | /72 0 0 | 0 /48 0 :|", [2]),
        ("|: up24 /24 4", [0]),
        ("|: up24 /24 4 | /72 0 0 [1 0 0 | 0 /48 0 :| [2 /72 0 0 |", [3]),
        ("", []),
    ],
)
def test_bars_are_counted_without_pick_ups_and_second_endings(text: str, bars: list[int]) -> None:
    assert bars_per_part(["<start>", "R:jig", "M:6/8", "K:major", *text.split()]) == bars


@pytest.mark.parametrize(
    ("text", "cadence"),
    [("2 0", ON_TONIC), ("7", ON_TONIC), ("-7 :| <end>", ON_TONIC), ("0 z :|", ON_TONIC), ("0 - |", ON_TONIC)]
    + [(ends, ELSEWHERE) for ends in ("0 2", "0^", "0_", "-1", "z", "", "7_ ||")],
)
def test_the_cadence_is_on_the_tonic_in_any_octave_or_elsewhere(text: str, cadence: int) -> None:
    assert cadence_class(["<start>", "R:jig", "M:6/8", "K:major", "|:", "/24", *text.split()]) == cadence


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("M:6/8\nK:D\nDFA dfa|[K:G]GBd gfd|", "a change of key or metre"),
        ("M:6/8\nK:D\nDFA dfa|[M:9/8]GBd gfd gfd|", "a change of key or metre"),
        ("M:5/4\nK:D\nD10|", "the metre 5/4"),
        ("M:none\nK:D\nD10|", "a free metre"),
        ("M:4/4\nK:Dlyd\nD8|", "the key D lydian"),
        ("M:4/4\nK:D ^g\nD8|", "the key D major with ^g"),
        ("M:4/4\nL:1/8\nK:D\nD6|D8|D8|", "a pick-up of 3/4"),
        ("M:4/4\nL:1/8\nK:D\nD8|D7|D8|", "a bar of 7/8 instead of 1"),
        ("M:4/4\nL:1/8\nK:D\nD8|D9|D8|", "a bar of 9/8 instead of 1"),
        ("M:4/4\nL:1/8\nK:D\nD9/8D7/8D6|", "a note of 9/64"),
        ("M:4/4\nL:1/8\nK:D\n(5DDDDDD6|", "a tuplet other than a plain triplet"),
        ("M:4/4\nL:1/8\nK:D\n(3D2DDD4|", "an uneven triplet"),
        ("M:4/4\nL:1/8\nK:D\nD4(3DD|", "an unfinished triplet"),
        ("M:4/4\nL:1/8\nK:D\n^^D8|", "the note D##4 in D major"),
        ("M:4/4\nL:1/8\nK:D\nd''''8|", "the note D9 in D major"),
        ("M:4/4\nL:1/8\nK:D\n|:D8|1D8:|2D8:|3D8|]", "a part that is played more than twice"),
        ("M:4/4\nL:1/8\nK:D\n|:D8::|", "a part that is played more than twice"),
    ],
)
def test_the_error_names_what_has_no_tokens(text: str, what: str) -> None:
    with pytest.raises(NotEncodable) as caught:
        encode(read(text))
    assert str(caught.value) == what


def random_tune(rng: random.Random) -> list[str]:
    """Tokens of a random tune, made without the composer's grammar."""
    bar = rng.choice([96, 144, 192, 216, 288])
    metre = {96: "2/4", 144: "6/8", 192: "4/4", 216: "9/8", 288: "12/8"}[bar]
    tokens = ["<start>", rng.choice(["R:?", "R:reel", "R:slip jig"]), f"M:{metre}", f"K:{rng.choice(MODES)}"]
    held = 0
    pitch = "z"

    def fill(ticks: int) -> list[str]:
        nonlocal held, pitch
        written = []
        while ticks:
            fitting = [d for d in DURATIONS if d <= ticks] + [d for d in TRIPLETS if 3 * d <= ticks]
            duration = rng.choice(fitting)
            written += [f"/{duration}"] if duration != held else []
            held = duration
            for _ in range(3 if duration in TRIPLETS else 1):
                pitch = f"{rng.choice(DEGREES)}{rng.choice(['', '', '', '^', '_'])}" if rng.random() > 0.1 else "z"
                written.append(pitch)
                ticks -= duration
        return written

    for _ in range(rng.randint(1, 3)):
        repeated = rng.random() < 0.8
        pick_up = rng.choice([0, 0, 12, 24, 48])
        tokens += ["|:" if repeated else "[|"]
        if pick_up:
            tokens += [f"up{pick_up}", *fill(pick_up), "|"]
        for _ in range(rng.randint(1, 4)):
            tokens += [*fill(bar), "|"]
        if repeated and rng.random() < 0.5:
            tokens[-1:] = ["[1", *fill(bar - pick_up), ":|", "[2", *fill(bar), "||"]
        else:
            tokens += [*fill(bar - pick_up), ":|" if repeated else "||"]
    return [*tokens, "<end>"]


@pytest.mark.parametrize("seed", range(60))
def test_random_tokens_survive_decoding_writing_and_reading(seed: int) -> None:
    tokens = random_tune(random.Random(seed))
    mode = Mode(tokens[3][2:])
    key = Key(transpose_tonic(seed, mode), mode)
    metre = Metre.parse(tokens[2][2:])
    assert metre is not None
    score = decode(tokens, key, metre)
    assert encode(score) == tokens
    assert encode(read(write(score))) == tokens


def test_unfinished_tokens_are_decoded_to_their_end() -> None:
    score = decode(["<start>", "R:jig", "M:6/8", "K:major", "|:", "/24", "0", "2"], Key("D"), Metre(6, 8))
    assert [str(note.melody) for note in score.notes()] == ["D4", "F#4"]
    assert score.bars[0].duration == Fraction(1, 4)


def test_decoded_triplets_number_their_notes() -> None:
    score = decode(
        ["<start>", "R:?", "M:2/4", "K:major", "|:", "/16", "0", "1", "2", "3", "4", "5", ":|", "<end>"], Key("C"), Metre(2, 4)
    )
    assert [note.tuplet for note in score.notes()] == [Tuplet(3, 2, index, 3) for index in (0, 1, 2, 0, 1, 2)]
    assert all(low.duration == high.duration == Fraction(1, 12) for low, high in pairwise(score.notes()))
