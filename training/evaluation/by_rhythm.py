"""Idiom by rhythm: what is common in a jig is rare in a reel, so both are counted for each rhythm alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from generator.composer.measures import Ratio, melody
from generator.notation.metres import RHYTHMS
from generator.notation.score import Score
from training.evaluation.common import CommonMusic
from training.evaluation.idiom import closes_7_1, last_bars_alike, plain_quaver_bars, snap_bars, triplet_notes
from training.evaluation.metrics import in_range

ENOUGH = 10  # tunes of a column for its figures in a rhythm


def idiom_of(score: Score, rhythm: str, common: CommonMusic) -> dict[str, Ratio]:
    """The measures of a tune's idiom. rhythm: the one that was asked for or printed; empty if none was."""
    none = 0.0, 0.0
    strathspey = rhythm == "strathspey"
    return {
        "last_bar_alike": last_bars_alike(score, 1),
        "last_two_bars_alike": last_bars_alike(score, 2),
        "cadence_known": common.known_cadences(score),
        "cadence_7_1": closes_7_1(score),
        "half_bars_common": common.common_half_bars(score, rhythm),
        "strathspey_plain": plain_quaver_bars(score) if strathspey else none,
        "strathspey_snaps": snap_bars(score) if strathspey else none,
        "hornpipe_triplets": triplet_notes(score) if rhythm == "hornpipe" else none,
    }


def measure_by_rhythm(columns: Mapping[str, Sequence[tuple[str, Score]]], common: CommonMusic) -> dict[str, Any]:
    """Measure → rhythm → column → value, where a column has ENOUGH tunes of the rhythm; and how many it has, as `tunes`.

    columns: the readable tunes of each column, with their rhythm.
    """
    found: dict[str, dict[str, dict[str, float]]] = {}

    def add(measure: str, rhythm: str, column: str, value: float) -> None:
        found.setdefault(measure, {}).setdefault(rhythm, {})[column] = float(f"{value:.4g}")

    for rhythm in RHYTHMS:
        for column, all_tunes in columns.items():
            tunes = [score for name, score in all_tunes if name == rhythm]
            if len(tunes) < ENOUGH:
                continue
            add("tunes", rhythm, column, len(tunes))
            ratios = [idiom_of(score, rhythm, common) for score in tunes]
            for measure in ratios[0]:
                amount, total = (sum(ratio[measure][side] for ratio in ratios) for side in (0, 1))
                if total:
                    add(measure, rhythm, column, amount / total)
            add("whistle", rhythm, column, sum(in_range(melody(score), "whistle") for score in tunes) / len(tunes))
            distance, chance = common.form_distance(tunes, rhythm), common.form_distance_by_chance(len(tunes), rhythm)
            if distance is not None and chance is not None:
                add("form_distance", rhythm, column, distance)
                add("form_distance_by_chance", rhythm, column, chance)
    return found
