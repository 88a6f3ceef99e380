"""Infers the rhythm of a tune (reel, jig …) and normalizes how its metre is written."""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction

from generator.notation.metres import RHYTHMS, Metre, rhythm_named
from generator.notation.score import Score
from training.corpus.sources import RawTune


def normalize_rhythm(tune: RawTune, score: Score) -> Score:
    """The score with its rhythm. Reels and hornpipes in 2/4 are rewritten in 4/4, as is usual."""
    rhythm = infer_rhythm(tune, score)
    score = replace(score, rhythm=rhythm)
    return double_lengths(score) if _is_in_two_four(rhythm, score) else score


def infer_rhythm(tune: RawTune, score: Score) -> str:
    """The rhythm from `R:`, the collection's own marks, the title or the metre; empty if none of them tells."""
    named = rhythm_named(score.rhythm) if score.rhythm else None
    if named is None and (mark := re.search(r"id:\s*\w+-([a-z]+)-\d", tune.text)):
        named = rhythm_named({"slipjig": "slip jig", "ocarolan": "air"}.get(mark[1], mark[1]))
    if named is None:
        words = score.title.lower()
        names = sorted([*RHYTHMS, "quick step", "quickstep", "slipjig", "lament"], key=len, reverse=True)
        named = next((rhythm_named(name) for name in names if re.search(rf"\b{name}\b", words)), None)
    if named is None and tune.collection == "oneills1850":
        named = rhythm_named(_oneill_rhythm(score.reference, score.metre))
    if named is None and score.metre == Metre(9, 8):
        named = RHYTHMS["slip jig"]
    if named is None or score.metre is None:
        return ""
    fits = any(score.metre.bar == each.bar for each in named.metres) or _is_in_two_four(named.name, score)
    return named.name if fits else ""


def _is_in_two_four(rhythm: str, score: Score) -> bool:
    """Whether a reel or hornpipe is written in 2/4, as in old books, with notes half as long."""
    return rhythm in ("reel", "hornpipe") and score.metre == Metre(2, 4)


def _oneill_rhythm(number: int, metre: Metre | None) -> str:
    """The rhythm of the section of O'Neill's book that contains tune number `number`."""
    if metre == Metre(9, 8):
        return "slip jig"
    sections = ((650, "air"), (1115, "jig"), (1175, ""), (1555, "reel"), (1799, "hornpipe"), (1850, "march"))
    return next((name for last, name in sections if number <= last), "")


def double_lengths(score: Score) -> Score:
    """Doubles the note lengths, 2/4 becoming 4/4."""
    bars = tuple(replace(bar, notes=tuple(replace(note, duration=note.duration * 2) for note in bar.notes)) for bar in score.bars)
    return replace(score, bars=bars, metre=Metre(4, 4), unit=Fraction(1, 8))
