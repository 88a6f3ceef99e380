"""From what was written in several rows to the one tune that is handed out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from generator.composer import novelty, ranking
from generator.composer.batch import Written
from generator.composer.measures import pitches
from generator.composer.novelty import Closest, Novelty
from generator.composer.plan import Plan
from generator.composer.ranking import Judge
from generator.composer.titles import title_for
from generator.composer.weights import SHIPPED, Weights
from generator.notation import tokens as t
from generator.notation.metres import Metre
from generator.notation.score import Note, Pitch, Score
from generator.notation.tempo import at_relative_tempo, usual_tempo


@dataclass(frozen=True, slots=True)
class ComposedTune:
    score: Score
    tokens: tuple[str, ...]
    bits_per_token: float  # how surprising the model finds what it wrote after the header, the grammar left aside
    scores: Mapping[str, float]  # what it was chosen by: see ranking
    closest: Closest  # among known tunes


class Choice:
    """Knows real tunes, and so which candidate to take. One for all threads: nothing in it changes."""

    def __init__(self, weights: Weights) -> None:
        beside = [weights.folder / name for name in (novelty.FILE, ranking.FILE)]
        known, alike = (path if path.exists() else SHIPPED / path.name for path in beside)
        self._novelty, self._judge = Novelty.load(known), Judge.load(alike)

    def best(self, plan: Plan, candidates: Sequence[Written]) -> ComposedTune | None:
        """The best of the candidates, the same for the same ones; None where all of them are copies of known tunes."""
        scores = [_score(plan, written) for written in candidates]
        given = pitches(plan.opening) if plan.opening else []
        melodies = [pitches(score) for score in scores]
        closest = self._novelty.closest(melodies, given)
        judged = [
            self._judge.scores(score, written.bits_per_token, near)
            for score, written, near in zip(scores, candidates, closest, strict=True)
        ]
        # A variation that came out as what it varies is the last to be taken.
        totals = [parts["total"] if notes != given else -math.inf for parts, notes in zip(judged, melodies, strict=True)]
        index = ranking.best(totals, closest)
        if index is None:
            return None
        score, written = scores[index], candidates[index]
        title = plan.request.title or title_for(score.rhythm, plan.request.seed, written.tokens)
        named = replace(score, title=title)
        return ComposedTune(named, written.tokens, written.bits_per_token, judged[index], closest[index])


def _score(plan: Plan, written: Written) -> Score:
    named = next(token[2:] for token in written.tokens if token.startswith("M:"))
    metre = plan.metre or Metre.parse(named)
    assert metre is not None
    score = _moved(t.decode(written.tokens, written.key, metre), written.octave)
    rhythm = plan.request.rhythm or score.rhythm
    if plan.opening and plan.request.mode != "vary":
        score = _with_opening(score, plan.opening)
    return at_relative_tempo(replace(score, rhythm=rhythm, tempo=usual_tempo(rhythm, metre)), plan.request.tempo)


def _moved(score: Score, octave: int) -> Score:
    """The score some octaves higher or lower; `octave` in semitones."""
    if octave == 0:
        return score
    by = octave // 12

    def moved(note: Note) -> Note:
        return replace(note, pitches=tuple(Pitch(p.letter, p.octave + by, p.alter) for p in note.pitches))

    return replace(score, bars=tuple(replace(bar, notes=tuple(map(moved, bar.notes))) for bar in score.bars))


def _with_opening(score: Score, opening: Score) -> Score:
    """The score with the opening's own notes in its first bars: ornaments and chords that the tokens do not carry."""
    given = list(opening.notes())
    after = next(islice(score.notes(), len(given), None), None)
    if given[-1].tie and not (after and set(given[-1].pitches) <= set(after.pitches)):
        given[-1] = replace(given[-1], tie=False)  # what it was tied to did not come
    bars = []
    for bar in score.bars:
        own, given = given[: len(bar.notes)], given[len(bar.notes) :]
        bars.append(replace(bar, notes=(*own, *bar.notes[len(own) :])))
    return replace(score, bars=tuple(bars))
