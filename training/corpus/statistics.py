"""Statistics of the corpus: `describe` computes them, `summary` formats them as text."""

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

MAX_SHOWN = 8  # the most frequent values shown per line of the summary
DANCES = ("reel", "jig", "slip jig", "hornpipe", "polka", "slide")


def describe(corpus: Corpus) -> dict[str, Any]:
    """Counts by split, verdict, collection, rhythm, mode, key, metre and form; ranges and lengths. Takes a few seconds."""
    scores = [(entry, score_of(entry)) for entry in corpus.entries]
    with_parts = [(entry, score, _parts(score)) for entry, score in scores]
    used = Counter(collection_of(entry.id) for entry in corpus.entries)
    total = Counter(collection_of(verdict.id) for verdict in corpus.verdicts)
    pitches = [[pitch.midi for note in score.notes() if (pitch := note.melody)] for _, score in scores]
    dances = [found for entry, _, found in with_parts if entry.rhythm in DANCES]
    return {
        "tunes": len(corpus.entries),
        "families": len({entry.family for entry in corpus.entries}),
        "tokens": sum(len(entry.tokens) for entry in corpus.entries),
        "notes": sum(map(len, pitches)),
        "split": _counts(entry.split for entry in corpus.entries),
        "verdicts": _counts(verdict.verdict for verdict in corpus.verdicts),
        "repairs": corpus.reasons("repaired"),
        "rejections": corpus.reasons("rejected"),
        "collections": {name: {"used": used[name], "total": total[name]} for name in total},
        "rhythms": _counts(entry.rhythm or "unknown" for entry in corpus.entries),
        "modes": _counts(str(Key.parse(entry.key).mode) for entry in corpus.entries),
        "keys": _counts(entry.key for entry in corpus.entries),
        "metres": _counts(entry.metre for entry in corpus.entries),
        "tunes_per_family": _counts(Counter(entry.family for entry in corpus.entries).values()),
        "forms": _counts(_form(found) for _, _, found in with_parts),
        "bars_per_part": _counts(_bars(part, score) for _, score, found in with_parts for part in found),
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
    """Formats the statistics as lines of text."""
    tunes = figures["tunes"]

    def listed(name: str, total: int = tunes) -> str:
        rows = list(figures[name].items())
        text = ", ".join(f"{kind} {count:,} ({count / max(1, total):.0%})" for kind, count in rows[:MAX_SHOWN])
        return text + (f" and {len(rows) - MAX_SHOWN} more" if len(rows) > MAX_SHOWN else "")

    def reasons(name: str) -> list[str]:
        return [f"    {count:>6,}  {reason}" for reason, count in figures[name].items()]

    pitch, length = figures["range"], figures["lengths"]
    total = sum(figures["verdicts"].values())
    part_count = sum(figures["bars_per_part"].values())
    return "\n".join(
        [
            f"{tunes:,} tunes in {figures['families']:,} families, {figures['notes']:,} notes, {figures['tokens']:,} tokens.",
            f"Split: {listed('split')}; no family is in two splits.",
            f"Verdicts on {total:,} tunes: {listed('verdicts', total)}.",
            "  Repaired:",
            *reasons("repairs"),
            "  Rejected:",
            *reasons("rejections"),
            "Collections:",
            *(f"    {row['used']:>6,} of {row['total']:,}  {name}" for name, row in figures["collections"].items()),
            f"Rhythms: {listed('rhythms')}.",
            f"Modes: {listed('modes')}.",
            f"Keys: {listed('keys')}.",
            f"Metres: {listed('metres')}.",
            f"Forms: {listed('forms')}; of the dances, {figures['aabb_among_dances']:.0%} are AABB.",
            f"Bars per part: {listed('bars_per_part', part_count)}.",
            f"Lowest note: {_range(pitch['lowest'], _note_name)}; highest: {_range(pitch['highest'], _note_name)}.",
            f"Notes per tune: {_range(length['notes'])}; bars: {_range(length['bars'])}; tokens: {_range(length['tokens'])}.",
        ]
    )


def _counts(kinds: Iterable[Any]) -> dict[Any, int]:
    """How often each value occurs, the most frequent first; ties in order of the values, so that two builds agree."""
    return dict(sorted(Counter(kinds).items(), key=lambda row: (-row[1], row[0])))


def _parts(score: Score) -> list[Part]:
    """The tune's parts; a pick-up that is a part of its own doesn't count."""
    return [part for part in parts(score) if part.first or len(part.body) > 1 or not _is_incomplete(part.body[0], score)]


def _is_incomplete(bar: Bar, score: Score) -> bool:
    return score.metre is not None and bar.duration < score.metre.bar


def _form(found: Sequence[Part]) -> str:
    """The form as played, such as AABB: parts with the same bars have the same letter."""
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
    """Number of bars of one pass through a part, without the pick-up."""
    return len(part.body) + len(part.first) - (len(part.body) > 1 and _is_incomplete(part.body[0], score))


def _spread(values: Sequence[int]) -> dict[str, float]:
    """Minimum, maximum, median, and the 5th and 95th percentile."""
    if not values:
        return dict.fromkeys(("min", "p5", "median", "p95", "max"), 0)
    ordered = sorted(values)
    percentiles = {name: ordered[round(Fraction(share, 100) * (len(ordered) - 1))] for name, share in (("p5", 5), ("p95", 95))}
    return {
        "min": ordered[0],
        "p5": percentiles["p5"],
        "median": statistics.median(ordered),
        "p95": percentiles["p95"],
        "max": ordered[-1],
    }


def _range(spread: Mapping[str, float], text: Any = "{:,.0f}".format) -> str:
    return f"{text(spread['median'])} (90% from {text(spread['p5'])} to {text(spread['p95'])})"


def _note_name(midi: float) -> str:
    """Note name with octave of a MIDI number: 62 is D4."""
    octave, semitone = divmod(round(midi), 12)
    letter = max((letter for letter in LETTERS if SEMITONES[letter] <= semitone), key=SEMITONES.__getitem__)
    return f"{letter}{'#' if SEMITONES[letter] < semitone else ''}{octave - 1}"
