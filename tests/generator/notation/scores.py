"""Hypothesis strategies for scores that the writer can write."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from hypothesis import strategies as st

from generator.notation.keys import Key
from generator.notation.metres import Metre
from generator.notation.score import Bar, Note, Pitch, Score, Tuplet

KEYS = [Key.parse(text) for text in ("C", "D", "Bb", "F#m", "Ador", "Emix", "Abm", "C#", "Cb", "D ^g", "G exp _b ^c", "Dphr")]
METRES = [Metre(4, 4), Metre(2, 2), Metre(6, 8), Metre(9, 8), Metre(3, 4), Metre(2, 4)]
TUPLETS = [(3, 2, 3), (2, 3, 2), (4, 3, 4), (5, 4, 5), (6, 2, 6), (3, 2, 2), (3, 4, 3), (7, 8, 7)]

pitches = st.builds(Pitch.at, st.integers(21, 48), st.integers(-2, 2))
lengths = st.one_of(
    st.sampled_from([Fraction(1, 16), Fraction(1, 8), Fraction(3, 16), Fraction(1, 4), Fraction(1, 2)]),
    st.builds(Fraction, st.integers(1, 64), st.just(64)),
)


@st.composite
def notes(draw: st.DrawFn) -> Note:
    chord = draw(st.lists(pitches, max_size=3, unique=True)) if draw(st.integers(0, 4)) == 0 else [draw(pitches)]
    decorations = draw(st.lists(st.sampled_from(["roll", "staccato", "trill", "upbow", "accent", "fermata"]), max_size=2))
    plain = Note(
        tuple(sorted(chord, key=lambda pitch: (pitch.midi, pitch.staff))), draw(lengths), tie=bool(chord) and draw(st.booleans())
    )
    if draw(st.integers(0, 3)):
        return plain
    return replace(
        plain,
        grace=tuple(draw(st.lists(pitches, max_size=3))),
        decorations=tuple(decorations),
        invisible=not chord and draw(st.booleans()),
        chord_symbol=draw(st.sampled_from([None, "G", "Am7", "D/F#"])),
        slurs_open=draw(st.integers(0, 2)),
        slurs_close=draw(st.integers(0, 2)),
    )


@st.composite
def runs(draw: st.DrawFn) -> list[Note]:
    """One note, a broken pair, or a tuplet."""
    kind = draw(st.sampled_from(["note", "note", "pair", "tuplet"]))
    if kind == "note":
        return [draw(notes())]
    if kind == "pair":
        whole = draw(st.sampled_from([Fraction(1, 4), Fraction(1, 8), Fraction(1, 16)]))
        share = draw(st.sampled_from([Fraction(1, 4), Fraction(3, 4), Fraction(1, 8)]))
        first, second = draw(notes()), draw(notes())
        return [replace(first, duration=whole * share), replace(second, duration=whole * (1 - share))]
    actual, normal, size = draw(st.sampled_from(TUPLETS))
    members = [draw(notes()) for _ in range(size)]
    return [
        replace(note, duration=note.duration * normal / actual, tuplet=Tuplet(actual, normal, index, size))
        for index, note in enumerate(members)
    ]


@st.composite
def scores(draw: st.DrawFn) -> Score:
    order = draw(st.sampled_from(["", "", "AB", "ABA"]))
    key, metre = draw(st.sampled_from(KEYS)), draw(st.sampled_from([None, *METRES]))
    first_key, first_metre = key, metre
    bars: list[Bar] = []
    for index in range(draw(st.integers(1, 6))):
        new_key = draw(st.sampled_from(KEYS)) if index and draw(st.integers(0, 4)) == 0 else key
        new_metre = draw(st.sampled_from([None, *METRES])) if index and draw(st.integers(0, 4)) == 0 else metre
        content = [note for run in draw(st.lists(runs(), min_size=1, max_size=5)) for note in run]
        bars.append(
            Bar(
                tuple(content),
                repeat_start=draw(st.booleans()),
                repeat_end=draw(st.integers(0, 2)),
                endings=tuple(sorted(draw(st.sets(st.integers(1, 9), max_size=3)))) if draw(st.integers(0, 2)) == 0 else (),
                line=draw(st.sampled_from(["|", "|", "||", "|]"])),
                key=new_key if new_key != key else None,
                metre=new_metre if new_metre != metre else None,
                free=new_metre is None and metre is not None,
                part=draw(st.sampled_from(["", "", "A", "B2"])),
            )
        )
        key, metre = new_key, new_metre
    return Score(
        tuple(bars),
        first_key,
        first_metre,
        unit=draw(st.sampled_from([Fraction(1, 4), Fraction(1, 8), Fraction(1, 16)])),
        title=draw(st.sampled_from(["", "The Slow Lane", "100% Wool", "Éirígh! 3 | 4"])),
        order=order,
        rhythm=draw(st.sampled_from(["", "reel", "slip jig"])),
        tempo=draw(st.sampled_from([None, (Fraction(3, 8), 112), (Fraction(1, 4), 72)])),
        reference=draw(st.integers(1, 999)),
    )
