"""What the corpus is like, in figures: `describe` counts, `summary` says it in lines for a person."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from generator.notation.keys import LETTERS, SEMITONES, Key
from generator.notation.score import Bar, Score
from generator.notation.structure import Part, parts
from training.corpus.corpus import Corpus, collection_of, score_of

SHOWN = 8  # of the most frequent of a kind, in the summary
DANCES = ("reel", "jig", "slip jig", "hornpipe", "polka", "slide")


def describe(corpus: Corpus) -> dict[str, Any]:
    """Counts of tunes by every kind, their forms, ranges and lengths. A few seconds for all collections."""
    scores = [(entry, score_of(entry)) for entry in corpus.entries]
    laid_out = [(entry, score, _parts(score)) for entry, score in scores]
    used = Counter(collection_of(entry.id) for entry in corpus.entries)
    looked_at = Counter(collection_of(judged.id) for judged in corpus.verdicts)
    pitches = [[pitch.midi for note in score.notes() if (pitch := note.melody)] for _, score in scores]
    dances = [found for entry, _, found in laid_out if entry.rhythm in DANCES]
    return {
        "tunes": len(corpus.entries),
        "families": len({entry.family for entry in corpus.entries}),
        "tokens": sum(len(entry.tokens) for entry in corpus.entries),
        "notes": sum(map(len, pitches)),
        "split": _counts(entry.split for entry in corpus.entries),
        "verdicts": _counts(judged.verdict for judged in corpus.verdicts),
        "repairs": corpus.reasons("repaired"),
        "rejections": corpus.reasons("rejected"),
        "collections": {name: {"tunes": used[name], "of": looked_at[name]} for name in looked_at},
        "rhythms": _counts(entry.rhythm or "unknown" for entry in corpus.entries),
        "modes": _counts(str(Key.parse(entry.key).mode) for entry in corpus.entries),
        "keys": _counts(entry.key for entry in corpus.entries),
        "metres": _counts(entry.metre for entry in corpus.entries),
        "tunes_a_family": _counts(Counter(entry.family for entry in corpus.entries).values()),
        "forms": _counts(_form(found) for _, _, found in laid_out),
        "bars_a_part": _counts(_bars(part, score) for _, score, found in laid_out for part in found),
        "aabb_among_dances": round(sum(_form(found) == "AABB" for found in dances) / max(1, len(dances)), 4),
        "range": {
            "lowest": _spread([min(tune) for tune in pitches if tune]),
            "highest": _spread([max(tune) for tune in pitches if tune]),
            "semitones": _spread([max(tune) - min(tune) for tune in pitches if tune]),
        },
        "lengths": {
            "tokens": _spread([len(entry.tokens) for entry in corpus.entries]),
            "notes": _spread(list(map(len, pitches))),
            "bars": _spread([len(score.bars) for _, score in scores]),
        },
    }


def summary(figures: Mapping[str, Any]) -> str:
    """The figures in lines for a person."""
    tunes = figures["tunes"]

    def listed(name: str, of: int = tunes) -> str:
        rows = list(figures[name].items())
        text = ", ".join(f"{kind} {count:,} ({count / max(1, of):.0%})" for kind, count in rows[:SHOWN])
        return text + (f" and {len(rows) - SHOWN} more kinds" if len(rows) > SHOWN else "")

    def plain(name: str) -> list[str]:
        return [f"    {count:>6,}  {reason}" for reason, count in figures[name].items()]

    pitch, length = figures["range"], figures["lengths"]
    looked_at = sum(figures["verdicts"].values())
    part_count = sum(figures["bars_a_part"].values())
    return "\n".join(
        [
            f"{tunes:,} tunes in {figures['families']:,} families, {figures['notes']:,} notes, {figures['tokens']:,} tokens.",
            f"Split: {listed('split')}; no family is on two sides.",
            f"Verdicts on {looked_at:,} tunes: {listed('verdicts', looked_at)}.",
            "  Repaired:",
            *plain("repairs"),
            "  Rejected:",
            *plain("rejections"),
            "Collections:",
            *(f"    {row['tunes']:>6,} of {row['of']:,}  {name}" for name, row in figures["collections"].items()),
            f"Rhythms: {listed('rhythms')}.",
            f"Modes: {listed('modes')}.",
            f"Keys: {listed('keys')}.",
            f"Metres: {listed('metres')}.",
            f"Forms: {listed('forms')}; of dance tunes {figures['aabb_among_dances']:.0%} are AABB.",
            f"Bars a part: {listed('bars_a_part', part_count)}.",
            f"Lowest note: {_range(pitch['lowest'], _named)}; highest: {_range(pitch['highest'], _named)}.",
            f"Notes a tune: {_range(length['notes'])}; bars: {_range(length['bars'])}; tokens: {_range(length['tokens'])}.",
        ]
    )


def _counts(kinds: Iterable[Any]) -> dict[Any, int]:
    """How often each kind occurs, the most frequent first; of equals the smaller first, so that two builds agree."""
    return dict(sorted(Counter(kinds).items(), key=lambda row: (-row[1], row[0])))


def _parts(score: Score) -> list[Part]:
    """The tune's parts without a pick-up that stands as one of its own."""
    return [part for part in parts(score) if part.first or len(part.body) > 1 or not _short(part.body[0], score)]


def _short(bar: Bar, score: Score) -> bool:
    return score.metre is not None and bar.duration < score.metre.bar


def _form(found: Sequence[Part]) -> str:
    """The order of the parts as they are played, such as AABB: the same bars have the same letter."""
    letters: dict[tuple[Any, ...], str] = {}
    form = ""
    for part in found:
        music = tuple(
            tuple((note.melody, note.duration) for note in bar.notes) for bar in (*part.body, *part.first, *part.second)
        )
        letter = letters.setdefault(music, chr(ord("A") + min(len(letters), 25)))
        form += letter * (2 if part.repeated else 1)
    return form if len(form) <= 12 else f"{len(letters)} parts"


def _bars(part: Part, score: Score) -> int:
    """The part's bars on one pass, without its pick-up."""
    return len(part.body) + len(part.first) - (len(part.body) > 1 and _short(part.body[0], score))


def _spread(values: Sequence[int]) -> dict[str, float]:
    """The smallest, the greatest, and what 5, 50 and 95 of a hundred do not exceed."""
    if not values:
        return dict.fromkeys(("least", "p5", "median", "p95", "most"), 0)
    ordered = sorted(values)
    place = {name: ordered[round(Fraction(share, 100) * (len(ordered) - 1))] for name, share in (("p5", 5), ("p95", 95))}
    return {
        "least": ordered[0],
        "p5": place["p5"],
        "median": statistics.median(ordered),
        "p95": place["p95"],
        "most": ordered[-1],
    }


def _range(spread: Mapping[str, float], text: Any = "{:,.0f}".format) -> str:
    return f"{text(spread['median'])} (nine in ten {text(spread['p5'])} to {text(spread['p95'])})"


def _named(midi: float) -> str:
    """A MIDI number as a note with its octave: 62 is D4."""
    octave, semitone = divmod(round(midi), 12)
    letter = max((letter for letter in LETTERS if SEMITONES[letter] <= semitone), key=SEMITONES.__getitem__)
    return f"{letter}{'#' if SEMITONES[letter] < semitone else ''}{octave - 1}"
