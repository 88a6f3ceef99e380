"""Turns the candidates for a request into the one tune that is returned."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from generator.composer import novelty, ranking
from generator.composer.batch import Candidate
from generator.composer.measures import pitches
from generator.composer.novelty import Closest, Novelty
from generator.composer.plan import Plan
from generator.composer.ranking import Critic
from generator.composer.returns import unplanned_returns
from generator.composer.titles import title_for
from generator.composer.weights import SHIPPED, Weights
from generator.notation.metres import Metre
from generator.notation.score import Note, Pitch, Score
from generator.notation.tempo import at_relative_tempo, usual_tempo
from generator.notation.tokens import decode


@dataclass(frozen=True, slots=True)
class ComposedTune:
    """A finished tune."""

    score: Score
    tokens: tuple[str, ...]
    bits_per_token: float  # see batch.Candidate
    scores: Mapping[str, float]  # by ranking.SCORE_NAMES, and `total`
    closest: Closest  # the closest known tune


@dataclass(frozen=True, slots=True)
class Draft:
    """How far a request is. Its score is made only if somebody wants to see it."""

    bars: int  # of the slowest candidate
    plan: Plan
    first: Candidate | None = None  # the first candidate, as far as it is written

    def score(self) -> Score | None:
        return _score(self.plan, self.first) if self.first else None


class Chooser:
    """Chooses the candidate that could best pass for a real tune. It never changes, so threads can share it."""

    def __init__(self, weights: Weights) -> None:
        """Reads the files for novelty and ranking beside the weights, or else the shipped ones. Raises WeightsError."""
        paths = [weights.folder / name for name in (novelty.FILE, ranking.FILE)]
        known, distributions = (path if path.exists() else SHIPPED / path.name for path in paths)
        self._novelty, self._critic = Novelty.load(known), Critic.load(distributions)

    def best(self, plan: Plan, candidates: Sequence[Candidate]) -> ComposedTune | None:
        """The best candidate, always the same one for the same candidates; None if all are copies of known tunes."""
        scores = [_score(plan, candidate) for candidate in candidates]
        given = pitches(plan.opening) if plan.opening else []
        melodies = [pitches(score) for score in scores]
        closest = self._novelty.closest(melodies, given)
        judged = [
            self._critic.scores(score, candidate.bits_per_token, near, unplanned_returns(plan.returns, candidate.tokens))
            for score, candidate, near in zip(scores, candidates, closest, strict=True)
        ]
        # A variation that equals the tune that it varies is chosen last.
        totals = [parts["total"] if notes != given else -math.inf for parts, notes in zip(judged, melodies, strict=True)]
        index = ranking.best(totals, closest)
        if index is None:
            return None
        score, candidate = scores[index], candidates[index]
        title = plan.request.title or title_for(score.rhythm, plan.request.seed, candidate.tokens)
        named = replace(score, title=title)
        return ComposedTune(named, candidate.tokens, candidate.bits_per_token, judged[index], closest[index])


def _score(plan: Plan, candidate: Candidate) -> Score:
    named = next(token[2:] for token in candidate.tokens if token.startswith("M:"))
    metre = plan.metre or Metre.parse(named)
    assert metre is not None
    score = _moved(decode(candidate.tokens, candidate.key, metre), candidate.octave)
    rhythm = plan.request.rhythm or score.rhythm
    if plan.opening and plan.request.mode != "vary":
        score = _with_opening(score, plan.opening)
    elif plan.opening:
        score = _with_kept_bars(score, plan.opening, plan.request.kept_bars)
    return at_relative_tempo(replace(score, rhythm=rhythm, tempo=usual_tempo(rhythm, metre)), plan.request.tempo)


def _moved(score: Score, octave: int) -> Score:
    """The score moved by octaves. octave: in semitones"""
    if octave == 0:
        return score
    octaves = octave // 12

    def moved(note: Note) -> Note:
        return replace(note, pitches=tuple(Pitch(pitch.letter, pitch.octave + octaves, pitch.alter) for pitch in note.pitches))

    return replace(score, bars=tuple(replace(bar, notes=tuple(map(moved, bar.notes))) for bar in score.bars))


def _with_opening(score: Score, opening: Score) -> Score:
    """The score with the notes of the opening in its first bars: tokens do not carry their ornaments and chords."""
    given = list(opening.notes())
    after = next(islice(score.notes(), len(given), None), None)
    if given[-1].tie and not (after and set(given[-1].pitches) <= set(after.pitches)):
        given[-1] = replace(given[-1], tie=False)  # the note that it was tied to was not composed
    bars = []
    for bar in score.bars:
        own, given = given[: len(bar.notes)], given[len(bar.notes) :]
        bars.append(replace(bar, notes=(*own, *bar.notes[len(own) :])))
    return replace(score, bars=tuple(bars))


def _with_kept_bars(score: Score, opening: Score, kept: Collection[int]) -> Score:
    """The score with the notes of the opening in the bars that are kept, except ties and slurs into other bars."""
    bars = list(score.bars)
    for number in kept:
        if number > len(bars):  # not written yet
            break
        notes = list(opening.bars[number - 1].notes)
        if sum(note.slurs_open - note.slurs_close for note in notes):
            notes = [replace(note, slurs_open=0, slurs_close=0) for note in notes]
        written = bars[number - 1].notes
        if notes[-1].tie and not written[-1].tie:
            notes[-1] = replace(notes[-1], tie=False)
        bars[number - 1] = replace(bars[number - 1], notes=tuple(notes[: len(written)]))
    return replace(score, bars=tuple(bars))
