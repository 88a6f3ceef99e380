"""Columns of tunes held against the same yardstick: every measure of each, over several seeds."""

from __future__ import annotations

import random
import statistics
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from generator.composer.measures import Ratio, intervals, melody, pitches
from generator.composer.novelty import Novelty
from generator.notation.score import Score
from training.baselines.forms import Header
from training.corpus.corpus import Corpus, Entry, score_of
from training.evaluation.distributions import (
    BAR_RHYTHMS,
    CONTOURS,
    KINDS,
    WIDEST,
    Histogram,
    alike,
    divergence,
    histograms,
    kind_of,
    shares,
    together,
)
from training.evaluation.measures import abc2midi_passes, judge, understood
from training.evaluation.rhythms import RhythmJudge, judgeable, validated
from training.evaluation.table import MEASURES

DRAWS = 20  # sets of training tunes that the divergences are taken from, and averaged over
RUNS = (13, 17, 33)  # notes of a run that is shared with a training tune
RUN_CLASSES = {"≤8": 8, "9–12": 12, "13–16": 16, "17–24": 24, "25–32": 32, "≥33": 1_000}

Track = Callable[[str, Sequence[Any]], AbstractContextManager[Any]]  # shows how far a loop has come


@dataclass(frozen=True, slots=True)
class Column:
    """Tunes from one source, as ABC, for each seed as many as there are headers."""

    name: str
    label: str
    texts: Sequence[Sequence[str]]
    bits: Mapping[str, float] = field(default_factory=dict)  # per note, by the split's name
    own_bits: Sequence[float] = ()  # per token, for each seed


class Yardstick:
    """What is learnt once from the corpus: known melodies, the rhythms' classifier, the training tunes' make-up."""

    def __init__(self, corpus: Corpus) -> None:
        scores = {split: [score_of(entry) for entry in corpus.split(split)] for split in ("train", "validation", "test")}
        named = {split: [score for score in found if judgeable(score)] for split, found in scores.items()}
        if not all(named.values()):
            raise ValueError("The corpus has too few tunes whose rhythm is known.")
        self.rhythms = RhythmJudge.fit(named["train"], named["validation"])
        self.classifier = {split: validated(self.rhythms, found) for split, found in named.items()}
        self.known = Novelty.of((score.title, pitches(score)) for score in scores["train"])
        self.kinds = [_kind(entry) for entry in corpus.split("train")]
        self.made_up = [histograms(score) for score in scores["train"]]

    def references(self, asked: Sequence[Entry], seed: int) -> list[dict[str, Histogram]]:
        """Sets of training tunes of the kinds of those asked for, as many."""
        wanted = [_kind(entry) for entry in asked]
        draws = [alike(wanted, self.kinds, random.Random(f"{seed} {draw}")) for draw in range(DRAWS)]
        return [together(self.made_up[index] for index in chosen) for chosen in draws]


def _kind(entry: Entry) -> tuple[str, str, str]:
    return kind_of(entry.rhythm, entry.metre, entry.key)


@dataclass(slots=True)
class _Judged:
    """A column's figures for one seed."""

    figures: dict[str, float]
    made_up: dict[str, Histogram]
    runs: list[int]
    rhythms: dict[str, Counter[str]]  # rhythm → how many were asked for, the same, consistent


def _judge(
    texts: Sequence[str],
    asked: Sequence[Entry],
    yardstick: Yardstick,
    references: Sequence[Mapping[str, Histogram]],
    program: str | None,
) -> _Judged:
    scores = [understood(text) for text in texts]
    sums: dict[str, list[float]] = {}
    for score, entry in zip(scores, asked, strict=True):
        for name, ratio in judge(score, Header.of(entry)).items():
            _add(sums, name, ratio)
    for passed in abc2midi_passes(texts, program) if program else ():
        _add(sums, "abc2midi", (passed, 1))
    read = [score for score in scores if score]
    rhythms = _rhythms(scores, asked, yardstick.rhythms, sums)
    figures = {name: much / of for name, (much, of) in sums.items() if of}
    melodies = [intervals(melody(score)) for score in read]
    runs = [closest.notes for closest in yardstick.known.closest([pitches(score) for score in read])]
    if runs:
        figures |= {f"run_{least}": sum(run >= least for run in runs) / len(runs) for least in RUNS}
        figures |= {"run_median": float(statistics.median(runs)), "run_longest": float(max(runs))}
        different = {(tuple(m), tuple(note.duration for note in score.notes())) for m, score in zip(melodies, read, strict=True)}
        figures["distinct"] = len(different) / len(read)
    made_up = together(histograms(score) for score in read)
    for kind in KINDS:
        figures[f"jsd_{kind}"] = statistics.fmean(divergence(made_up[kind], reference[kind]) for reference in references)
    return _Judged(figures, made_up, runs, rhythms)


def _rhythms(
    scores: Sequence[Score | None], asked: Sequence[Entry], rhythms: RhythmJudge, sums: dict[str, list[float]]
) -> dict[str, Counter[str]]:
    found: dict[str, Counter[str]] = {}
    wanted = [(score, entry.rhythm) for score, entry in zip(scores, asked, strict=True) if entry.rhythm]
    read = [(score, rhythm) for score, rhythm in wanted if score]
    ratios = iter(rhythms.ratios([score for score, _ in read], [rhythm for _, rhythm in read]) if read else ())
    for score, rhythm in wanted:
        ratio = float(next(ratios)) if score else 0.0
        same, consistent = ratio == 1, ratio >= rhythms.threshold
        _add(sums, "rhythm_same", (same, 1))
        _add(sums, "rhythm", (consistent, 1))
        found.setdefault(rhythm, Counter(tunes=0, same=0, consistent=0)).update(tunes=1, same=same, consistent=consistent)
    return found


def _add(sums: dict[str, list[float]], name: str, ratio: Ratio) -> None:
    row = sums.setdefault(name, [0.0, 0.0])
    row[0] += ratio[0]
    row[1] += ratio[1]


def judge_columns(
    columns: Sequence[Column], asked: Sequence[Sequence[Entry]], yardstick: Yardstick, *, program: str | None, track: Track
) -> dict[str, Any]:
    """Every measure of every column; `asked` are the real tunes whose headers were asked for, for each seed.

    The column of real tunes must be the first: it is the floor of the divergences.
    """
    judged: dict[str, list[_Judged]] = {column.name: [] for column in columns}
    references = [yardstick.references(entries, seed) for seed, entries in enumerate(asked)]
    with track("Measuring the tunes", [(column, seed) for seed in range(len(asked)) for column in columns]) as rounds:
        for column, seed in rounds:
            judged[column.name].append(_judge(column.texts[seed], asked[seed], yardstick, references[seed], program))
    measures: dict[str, dict[str, Any]] = {name: {} for name in MEASURES}
    for column in columns:
        for split, bits in column.bits.items():
            measures[f"bits_per_note_{split}"][column.name] = _spread([bits])
        if column.own_bits:
            measures["own_bits_per_token"][column.name] = _spread(column.own_bits)
        for name in {name for one in judged[column.name] for name in one.figures}:
            measures[name][column.name] = _spread([one.figures[name] for one in judged[column.name] if name in one.figures])
        for kind in KINDS:
            own, floor = measures[f"jsd_{kind}"][column.name], measures[f"jsd_{kind}"][columns[0].name]
            if not all(floor["per_seed"]):
                continue  # real tunes are all alike in this
            ratios = _spread([mine / least for mine, least in zip(own["per_seed"], floor["per_seed"], strict=True)])
            measures[f"jsd_{kind}_floors"][column.name] = ratios | {"mean": _rounded(own["mean"] / floor["mean"])}
    return {
        "columns": [column.name for column in columns],
        "column_labels": {column.name: column.label for column in columns},
        "measures": {name: row for name, row in measures.items() if row},
        "labels": {name: asdict(MEASURES[name]) for name, row in measures.items() if row},
        "distributions": _distributions(judged, references),
        "classifier": _classifier(yardstick, judged),
    }


def _rounded(value: float) -> float:
    return float(f"{value:.6g}")


def _spread(values: Sequence[float]) -> dict[str, Any]:
    """The mean over the seeds and how far they spread; no spread for a single value."""
    return {
        "mean": _rounded(statistics.fmean(values)),
        "sd": _rounded(statistics.stdev(values)) if len(values) > 1 else None,
        "per_seed": [_rounded(value) for value in values],
    }


def _distributions(
    judged: Mapping[str, Sequence[_Judged]], references: Sequence[Sequence[Mapping[str, Histogram]]]
) -> dict[str, Any]:
    made_up = {"training": together(one for draws in references for one in draws)}
    made_up |= {name: together(one.made_up for one in seeds) for name, seeds in judged.items()}
    commonest = [name for name, _ in sorted(made_up["training"]["bar_rhythm"].items(), key=lambda item: (-item[1], item[0]))]
    classes: dict[str, list[Any]] = {
        "pitch_class": list(range(12)),
        "interval": list(range(-WIDEST, WIDEST + 1)),
        "bar_rhythm": commonest[:BAR_RHYTHMS],
        "contour": CONTOURS,
    }
    found: dict[str, Any] = {}
    for kind, label in KINDS.items():
        rows = {name: [_rounded(share) for share in shares(all_of[kind], classes[kind])] for name, all_of in made_up.items()}
        names = [str(name) for name in classes[kind]]
        if kind == "interval":
            names[0], names[-1] = f"≤{names[0]}", f"≥{names[-1]}"
        if kind == "bar_rhythm":
            names, rows = [*names, "other"], {name: [*row, _rounded(max(0.0, 1 - sum(row)))] for name, row in rows.items()}
        found[kind] = {"label": label, "classes": names, "columns": rows}
    limits = [0, *RUN_CLASSES.values()]
    counts = {name: np.histogram([run for one in seeds for run in one.runs], bins=[limit + 0.5 for limit in [-1, *limits[1:]]])[0]
              for name, seeds in judged.items()}  # fmt: skip
    rows = {name: [_rounded(share) for share in row / max(row.sum(), 1)] for name, row in counts.items()}
    found["longest_run"] = {
        "label": "notes of the longest run shared with a training tune", "classes": list(RUN_CLASSES), "columns": rows,
    }  # fmt: skip
    return found


def _classifier(yardstick: Yardstick, judged: Mapping[str, Sequence[_Judged]]) -> dict[str, Any]:
    found = yardstick.classifier
    by_column = {}
    for name, seeds in judged.items():
        total: dict[str, Counter[str]] = {}
        for one in seeds:
            for rhythm, counts in one.rhythms.items():
                total.setdefault(rhythm, Counter(tunes=0, same=0, consistent=0)).update(counts)
        by_column[name] = {rhythm: dict(total[rhythm]) for rhythm in found["test"]["by_rhythm"] if rhythm in total}
    return {
        **{
            name: {split: found[split][name] for split in found}
            for name in ("tunes", "accuracy", "consistent", "false_acceptance")
        },
        "threshold": _rounded(yardstick.rhythms.threshold),
        "by_rhythm": found["test"]["by_rhythm"],
        "confusion": found["test"]["confusion"],
        "by_column": by_column,
    }
