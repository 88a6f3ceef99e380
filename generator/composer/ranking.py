"""Ranking: chooses the candidate that could best pass for a real tune.

The critic is a logistic regression that was fitted to tell real training tunes from tunes that the model composed for the same
headers (see training.ranking_data). Its score is the logarithm of the odds that a tune is real, up to a constant: the sum of what
each trait adds. A trait counts by how far it is from the mean of its rhythm, and in which direction: too much and too little can
both cost. Each rhythm with enough tunes has weights of its own, near those of all tunes.

    melody      intervals, degrees of the scale, chromatic notes and how they go on, range
    lengths     note lengths, triplets, rests, how many different rhythms the bars have
    repetition  how much comes again after 1, 2, 4 or 8 bars and in the other part, also on other degrees
    form        parts, what they begin and end with, whether their last bars are the same, how much the second one lifts
    idiom       how common the half-bars, bar rhythms and cadences are in the rhythm
    plan        how many bars return, or not, against the outline that was drawn from real tunes
    surprise    how many more bits per token the model needs than for nine in ten of its own tunes at the usual temperature: the
                regression knows those alone, and would take the wildest tune of a wild request for the most real
    novelty     the longest run of notes that a known tune shares, against those that real tunes share with others. Up to their
                median it is 0. From NEAR_COPY notes on, a candidate is a copy and never chosen.

An earlier ranking chose the most typical candidate. It made tunes easier to tell from real ones: real tunes are not all typical.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, astuple, dataclass
from pathlib import Path

from generator.composer.idiom import Idiom
from generator.composer.music import Music, music_of
from generator.composer.novelty import NEAR_COPY, Closest
from generator.composer.traits import Group, traits_of
from generator.composer.weights import SHIPPED, WeightsError
from generator.notation.score import Score

FILE = "ranking.json"
# The scores that make up the total.
SCORE_NAMES = ("melody", "lengths", "repetition", "form", "idiom", "plan", "surprise", "novelty")
MOST_DEVIATIONS = 4.0  # a trait further from the mean counts like this: one odd trait does not outweigh all others
RAREST = 0.01  # lower bound of a share
SURPRISE_COST = 2.0  # for each standard deviation
PLAN_COST = 0.5  # for each bar
CADENCE_COST = 2.0  # if no part ends with a cadence that training tunes have; else for the share of parts
OTHERS = ""  # the key of what holds for rhythms without an entry of their own


@dataclass(frozen=True, slots=True)
class Trait:
    """What a trait adds to the score of a tune."""

    mean: float
    deviation: float  # standard deviation; 0: it does not vary and adds nothing
    weight: float  # of the deviations from the mean
    distance_weight: float  # of their absolute value

    def score(self, value: float) -> float:
        if not self.deviation:
            return 0.0
        deviations = min(max((value - self.mean) / self.deviation, -MOST_DEVIATIONS), MOST_DEVIATIONS)
        return self.weight * deviations + self.distance_weight * abs(deviations)


@dataclass(frozen=True, slots=True)
class Critic:
    """Scores candidates. It never changes, so threads can share it."""

    traits: Mapping[str, Mapping[str, Trait]]  # rhythm or OTHERS → name → trait
    idiom: Idiom
    surprise: tuple[float, float]  # bits per token that nine in ten composed tunes do not exceed, and their standard deviation
    shared_runs: Sequence[float]  # notes that real tunes share with other real tunes, sorted; empty: novelty is not scored

    @classmethod
    def load(cls, path: Path | None = None) -> Critic:
        """Reads what `save` wrote, by default the shipped file. Raises WeightsError."""
        path = path or SHIPPED / FILE
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            traits = {rhythm: {name: Trait(*row) for name, row in rows.items()} for rhythm, rows in content["traits"].items()}
            highest, deviation = content["surprise"]
            return cls(traits, Idiom(**content["idiom"]), (highest, deviation), content["shared_runs"])
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise WeightsError(
                f"The critic in {path} cannot be read ({error!r}). Restore it with git, or make it for your own model with "
                "`python -m training.ranking_data`."
            ) from error

    def save(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        traits = {rhythm: {name: astuple(trait) for name, trait in rows.items()} for rhythm, rows in self.traits.items()}
        path.write_text(json.dumps({**asdict(self), "traits": traits}, ensure_ascii=False) + "\n", encoding="utf-8")

    def scores(self, score: Score, bits_per_token: float, closest: Closest, unplanned: int = 0) -> dict[str, float]:
        """The scores of SCORE_NAMES and their sum as `total`.

        bits_per_token: the model's for the tokens after the header, without the grammar's mask; closest: see Novelty;
        unplanned: see returns.unplanned_returns.
        """
        traits = self.traits.get(score.rhythm) or self.traits.get(OTHERS, {})
        grouped = grouped_traits(score, self.idiom)
        scores = {
            group: sum(traits[name].score(value) for name, value in values.items() if name in traits)
            for group, values in grouped.items()
        }
        scores["idiom"] -= CADENCE_COST * (1 - grouped["idiom"]["cadences common"])
        scores["plan"] = -PLAN_COST * unplanned
        highest, deviation = self.surprise
        scores["surprise"] = -SURPRISE_COST * max(bits_per_token - highest, 0.0) / deviation
        scores["novelty"] = self._novelty(closest.notes)
        return {**scores, "total": sum(scores.values())}

    def _novelty(self, run: int) -> float:
        """The logarithm of twice the share of real tunes that share as long a run; 0 up to the median."""
        if not self.shared_runs or run <= self.shared_runs[len(self.shared_runs) // 2]:
            return 0.0
        longer = sum(other > run for other in self.shared_runs) + sum(other == run for other in self.shared_runs) / 2
        return math.log(max(min(2 * longer / len(self.shared_runs), 1.0), RAREST))


def grouped_traits(score: Score, idiom: Idiom, *, music: Music | None = None, counted: bool = False) -> dict[str, Group]:
    """Those of SCORE_NAMES that are sums of traits → trait → value. counted: whether the idiom counts the tune itself."""
    music = music or music_of(score)
    return {**traits_of(music), "idiom": idiom.traits(score, music, counted=counted)}


def best(totals: Sequence[float], closest: Sequence[Closest]) -> int | None:
    """The index of the highest total among the candidates that are no copies of known tunes; None if all are."""
    originals = [index for index, found in enumerate(closest) if found.notes < NEAR_COPY]
    return max(originals, key=totals.__getitem__, default=None)
