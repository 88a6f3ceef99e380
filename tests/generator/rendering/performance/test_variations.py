"""Variations of the melody when a part comes again."""

from fractions import Fraction

from generator.notation.reader import read
from generator.rendering.performance.arrangement import arrange
from generator.rendering.performance.melody import Sound, perform
from generator.rendering.performance.played_bars import played_bars
from generator.rendering.performance.variations import vary
from generator.rendering.style import Style
from tests.generator.rendering.tunes import JIG, REELS


def varied(body: str, *, seed: int, metre: str = "4/4") -> list[Sound]:
    score = read(f"X:1\nM:{metre}\nL:1/8\nK:G\n{body}\n")
    bars = played_bars(score)
    return vary(score, bars, perform(score, bars), seed)


def perform_once(body: str, *, metre: str) -> list[Sound]:
    score = read(f"X:1\nM:{metre}\nL:1/8\nK:G\n{body}\n")
    return perform(score, played_bars(score)[:1])


def ways(body: str, *, metre: str = "4/4") -> set[tuple[tuple[float, int], ...]]:
    """The ways in which a tune of one bar is played when it comes again: onsets in quavers, and pitches."""
    found = set()
    for seed in range(40):
        sounds = varied(body, seed=seed, metre=metre)
        half = len(perform_once(body, metre=metre))
        start = sounds[half].onset
        found.add(tuple((round(float(8 * (sound.onset - start)), 2), sound.pitch) for sound in sounds[half:]))
    return found


def test_a_third_is_filled_and_a_long_note_struck_again() -> None:
    assert ways("|:G2B2 d4:|") == {
        ((0, 67), (2, 71), (4, 74)),
        ((0, 67), (1, 69), (2, 71), (4, 74)),
        ((0, 67), (2, 71), (3, 72), (4, 74)),
    }
    assert ((0, 67), (1, 67), (2, 74), (4, 74)) in ways("|:G2d2 d4:|")


def test_two_quavers_a_third_apart_become_a_triplet() -> None:
    assert ways("|:GBd4z2:|") == {
        ((0, 67), (1, 71), (2, 74)),
        ((0, 67), (0.67, 69), (1.33, 71), (2, 74)),
    }


def test_there_are_no_triplets_in_a_jig() -> None:
    assert len(ways("|:GBd g3:|", metre="6/8")) == 1


def test_a_part_is_played_as_written_the_first_time() -> None:
    for reel in REELS:
        score = read(reel)
        bars = played_bars(score)
        written = perform(score, bars)
        first = [bar for bar in bars if not bar.pass_index]
        for seed in range(5):
            played = vary(score, bars, written, seed)
            assert played != written
            for bar in first:
                assert [each for each in played if bar.onset <= each.onset < bar.end] == [
                    each for each in written if bar.onset <= each.onset < bar.end
                ]


def test_the_second_time_differs_from_the_first() -> None:
    for tune in (*REELS, JIG):
        score = read(tune)
        for seed in range(5):
            melody = arrange(score, Style("fiddle", times=2, seed=seed))[0].sounds
            half = played_bars(score)[-1].end
            first = [(sound.pitch, sound.bar, sound.note) for sound in melody if sound.onset < half - Fraction(1, 64)]
            second = [(sound.pitch, sound.bar, sound.note) for sound in melody[len(first) :]]
            assert first != second
            notes = [list(dict.fromkeys(each[1:] for each in time)) for time in (first, second)]
            assert set(notes[0]) >= set(notes[1]), "the second time has notes of its own"
