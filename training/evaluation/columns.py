"""Measures the columns of an evaluation: sets of tunes from different sources, by the same metrics, over several seeds."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from generator.composer.measures import Ratio, intervals, melody, pitches
from generator.notation.score import Score
from training.baselines.tokenizers import Header
from training.corpus.corpus import Entry
from training.evaluation.by_rhythm import idiom_of, measure_by_rhythm
from training.evaluation.distributions import (
    BAR_RHYTHMS,
    CONTOURS,
    HISTOGRAMS,
    MAX_INTERVAL,
    Histogram,
    divergence,
    histograms,
    proportions,
    sum_histograms,
)
from training.evaluation.judge.judge import OVERALL, Verdict
from training.evaluation.metric_labels import METRICS
from training.evaluation.metrics import abc2midi_accepts, measure_tune, read_or_none
from training.evaluation.reference import Reference
from training.evaluation.rhythm_classifier import RhythmClassifier

RUN_LENGTHS = (13, 17, 33)  # notes shared in sequence with a training tune
RUN_CLASSES = {"≤8": 8, "9–12": 12, "13–16": 16, "17–24": 24, "25–32": 32, "≥33": 1_000}  # label → maximum

Track = Callable[[str, Sequence[Any]], AbstractContextManager[Any]]  # (label, items) → the items with a progress bar


@dataclass(frozen=True, slots=True)
class Column:
    """Tunes of one source as ABC texts: for each seed, one for each prompt."""

    name: str
    label: str
    texts: Sequence[Sequence[str]]
    bits: Mapping[str, float] = field(default_factory=dict)  # split → bits per note
    own_bits: Sequence[float] = ()  # for each seed, bits per token of its own tunes
    more_texts: Sequence[str] = ()  # further tunes, for the figures by rhythm and the judge


@dataclass(slots=True)
class _SeedResult:
    """The metrics of a column for one seed."""

    metrics: dict[str, float]
    histograms: dict[str, Histogram]
    runs: list[int]  # notes of each tune's longest sequence shared with a training tune
    rhythms: dict[str, Counter[str]]  # requested rhythm → numbers of tunes, most likely, consistent


def measure_columns(
    columns: Sequence[Column],
    prompts: Sequence[Sequence[Entry]],
    reference: Reference,
    *,
    more_prompts: Sequence[Entry] = (),
    verdicts: Mapping[str, Verdict] | None = None,
    program: str | None,
    track: Track,
) -> dict[str, Any]:
    """All metrics of all columns.

    prompts: for each seed, the real tunes whose headers were requested; more_prompts: those of `Column.more_texts`.
    verdicts: the judge's on columns. program: path of abc2midi, if installed.
    The first column must be the real tunes: other divergences are given relative to theirs.
    """
    results: dict[str, list[_SeedResult]] = {column.name: [] for column in columns}
    samples = [reference.histogram_samples(entries, seed) for seed, entries in enumerate(prompts)]
    with track("Measuring tunes", [(column, seed) for seed in range(len(prompts)) for column in columns]) as rounds:
        for column, seed in rounds:
            results[column.name].append(_measure(column.texts[seed], prompts[seed], reference, samples[seed], program))
    metrics: dict[str, dict[str, Any]] = {name: {} for name in METRICS}
    for column in columns:
        for split, bits in column.bits.items():
            metrics[f"bits_per_note_{split}"][column.name] = _summarize([bits])
        if column.own_bits:
            metrics["own_bits_per_token"][column.name] = _summarize(column.own_bits)
        seeds = results[column.name]
        for name in {name for result in seeds for name in result.metrics}:
            metrics[name][column.name] = _summarize([result.metrics[name] for result in seeds if name in result.metrics])
        for name in HISTOGRAMS:
            own, real = metrics[f"jsd_{name}"][column.name], metrics[f"jsd_{name}"][columns[0].name]
            if not all(real["per_seed"]):
                continue  # the real tunes don't differ from the training tunes at all
            ratios = _summarize([value / real_value for value, real_value in zip(own["per_seed"], real["per_seed"], strict=True)])
            metrics[f"jsd_{name}_ratio"][column.name] = ratios | {"mean": _rounded(own["mean"] / real["mean"])}
    by_rhythm = measure_by_rhythm(
        {column.name: _with_rhythms(column, [*prompts, more_prompts]) for column in columns}, reference.common
    )
    for name in ("form_distance", "form_distance_by_chance"):
        for column in columns:
            values = [row[column.name] for row in by_rhythm.get(name, {}).values() if column.name in row]
            if values:
                metrics[name][column.name] = _summarize([statistics.fmean(values)])
    for name, verdict in (verdicts or {}).items():
        for kind, areas in (("judge", verdict.both), ("judge_features", verdict.features), ("judge_network", verdict.network)):
            if areas:
                found = areas[OVERALL]
                metrics[kind][name] = _summarize([found.value]) | {"sd": _rounded((found.high - found.low) / 3.92)}
        for rhythm, found in verdict.both.items():
            if rhythm != OVERALL:
                by_rhythm.setdefault("judge", {}).setdefault(rhythm, {})[name] = _rounded(found.value)
    return {
        "columns": [column.name for column in columns],
        "column_labels": {column.name: column.label for column in columns},
        "metrics": {name: row for name, row in metrics.items() if row},
        "labels": {name: asdict(METRICS[name]) for name, row in metrics.items() if row},
        "distributions": _distributions(results, samples),
        "classifier": _classifier(reference, results),
        "by_rhythm": by_rhythm,
        "judge": {name: asdict(verdict) for name, verdict in (verdicts or {}).items()},
    }


def _with_rhythms(column: Column, prompts: Sequence[Sequence[Entry]]) -> list[tuple[str, Score]]:
    """The readable tunes of a column with the rhythms that were requested, each tune once."""
    texts = [*column.texts, column.more_texts]
    pairs = [
        (entry.rhythm, text)
        for entries, own in zip(prompts, texts, strict=True)
        for entry, text in zip(entries, own, strict=False)  # there are no real tunes for the last of the further prompts
    ]
    return [(rhythm, score) for rhythm, text in dict.fromkeys(pairs) if (score := read_or_none(text))]


def _measure(
    texts: Sequence[str],
    prompts: Sequence[Entry],
    reference: Reference,
    samples: Sequence[Mapping[str, Histogram]],
    program: str | None,
) -> _SeedResult:
    scores = [read_or_none(text) for text in texts]
    sums: dict[str, list[float]] = {}
    for score, entry in zip(scores, prompts, strict=True):
        for name, ratio in measure_tune(score, Header.of(entry)).items():
            _add(sums, name, ratio)
    for accepted in abc2midi_accepts(texts, program) if program else ():
        _add(sums, "abc2midi", (accepted, 1))
    for score, entry in zip(scores, prompts, strict=True):
        for name, ratio in (idiom_of(score, entry.rhythm, reference.common) if score else {}).items():
            _add(sums, name, ratio)
    read = [score for score in scores if score]
    rhythms = _measure_rhythms(scores, prompts, reference.classifier, sums)
    metrics = {name: amount / total for name, (amount, total) in sums.items() if total}
    melodies = [intervals(melody(score)) for score in read]
    runs = [closest.notes for closest in reference.known.closest([pitches(score) for score in read])]
    if runs:
        metrics |= {f"run_{length}": sum(run >= length for run in runs) / len(runs) for length in RUN_LENGTHS}
        metrics |= {"run_median": float(statistics.median(runs)), "run_longest": float(max(runs))}
        distinct = {(tuple(m), tuple(note.duration for note in score.notes())) for m, score in zip(melodies, read, strict=True)}
        metrics["distinct"] = len(distinct) / len(read)
    own = sum_histograms(histograms(score) for score in read)
    for name in HISTOGRAMS:
        metrics[f"jsd_{name}"] = statistics.fmean(divergence(own[name], sample[name]) for sample in samples)
    return _SeedResult(metrics, own, runs, rhythms)


def _measure_rhythms(
    scores: Sequence[Score | None], prompts: Sequence[Entry], classifier: RhythmClassifier, sums: dict[str, list[float]]
) -> dict[str, Counter[str]]:
    found: dict[str, Counter[str]] = {}
    requested = [(score, entry.rhythm) for score, entry in zip(scores, prompts, strict=True) if entry.rhythm]
    read = [(score, rhythm) for score, rhythm in requested if score]
    ratios = iter(classifier.ratios([score for score, _ in read], [rhythm for _, rhythm in read]) if read else ())
    for score, rhythm in requested:
        ratio = float(next(ratios)) if score else 0.0
        same, consistent = ratio == 1, ratio >= classifier.threshold
        _add(sums, "rhythm_same", (same, 1))
        _add(sums, "rhythm", (consistent, 1))
        found.setdefault(rhythm, Counter(tunes=0, same=0, consistent=0)).update(tunes=1, same=same, consistent=consistent)
    return found


def _add(sums: dict[str, list[float]], name: str, ratio: Ratio) -> None:
    row = sums.setdefault(name, [0.0, 0.0])
    row[0] += ratio[0]
    row[1] += ratio[1]


def _rounded(value: float) -> float:
    return float(f"{value:.6g}")


def _summarize(values: Sequence[float]) -> dict[str, Any]:
    """Mean and standard deviation over the seeds; no deviation for a single value."""
    return {
        "mean": _rounded(statistics.fmean(values)),
        "sd": _rounded(statistics.stdev(values)) if len(values) > 1 else None,
        "per_seed": [_rounded(value) for value in values],
    }


def _distributions(
    results: Mapping[str, Sequence[_SeedResult]], samples: Sequence[Sequence[Mapping[str, Histogram]]]
) -> dict[str, Any]:
    """For each histogram, its classes and the proportions of each column; and the lengths of shared sequences."""
    totals = {"training": sum_histograms(sample for of_seed in samples for sample in of_seed)}
    totals |= {name: sum_histograms(result.histograms for result in seeds) for name, seeds in results.items()}
    by_frequency = sorted(totals["training"]["bar_rhythm"].items(), key=lambda item: (-item[1], item[0]))
    classes: dict[str, list[Any]] = {
        "pitch_class": list(range(12)),
        "interval": list(range(-MAX_INTERVAL, MAX_INTERVAL + 1)),
        "bar_rhythm": [name for name, _ in by_frequency[:BAR_RHYTHMS]],
        "contour": CONTOURS,
    }
    found: dict[str, Any] = {}
    for kind, label in HISTOGRAMS.items():
        rows = {name: [_rounded(share) for share in proportions(total[kind], classes[kind])] for name, total in totals.items()}
        names = [str(name) for name in classes[kind]]
        if kind == "interval":
            names[0], names[-1] = f"≤{names[0]}", f"≥{names[-1]}"
        if kind == "bar_rhythm":
            names, rows = [*names, "other"], {name: [*row, _rounded(max(0.0, 1 - sum(row)))] for name, row in rows.items()}
        found[kind] = {"label": label, "classes": names, "columns": rows}
    limits = [-1, *RUN_CLASSES.values()]
    counts = {
        name: np.histogram([run for result in seeds for run in result.runs], bins=[limit + 0.5 for limit in limits])[0]
        for name, seeds in results.items()
    }
    rows = {name: [_rounded(share) for share in row / max(row.sum(), 1)] for name, row in counts.items()}
    label = "notes of the longest sequence shared with a training tune"
    found["longest_run"] = {"label": label, "classes": list(RUN_CLASSES), "columns": rows}
    return found


def _classifier(reference: Reference, results: Mapping[str, Sequence[_SeedResult]]) -> dict[str, Any]:
    """How reliable the rhythm classifier is, and its verdicts on each column by rhythm."""
    reports = reference.classifier_reports
    by_column = {}
    for name, seeds in results.items():
        total: dict[str, Counter[str]] = {}
        for result in seeds:
            for rhythm, counts in result.rhythms.items():
                total.setdefault(rhythm, Counter(tunes=0, same=0, consistent=0)).update(counts)
        by_column[name] = {rhythm: dict(total[rhythm]) for rhythm in reports["test"]["by_rhythm"] if rhythm in total}
    figures = ("tunes", "accuracy", "consistent", "false_acceptance")
    return {
        **{name: {split: report[name] for split, report in reports.items()} for name in figures},
        "threshold": _rounded(reference.classifier.threshold),
        "by_rhythm": reports["test"]["by_rhythm"],
        "confusion": reports["test"]["confusion"],
        "by_column": by_column,
    }
