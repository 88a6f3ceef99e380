"""Describes an evaluation in sentences. Each sentence is chosen by the size and the sign of a difference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from training.evaluation.metric_labels import format_value
from training.evaluation.results import GRAMMAR, RAW, REAL, Cell, Evaluation

Rows = Sequence[Mapping[str, float]]  # of log.csv
BETTER: dict[str, Literal["high", "low", "real"]] = {  # which values of a metric are better; "real": those near real tunes
    "abc2midi": "high", "bars_legal": "high", "repeats_resolve": "high", "metre": "high", "key": "high", "rhythm": "high",
    "ends_on_tonic": "real", "form_distance": "low", "last_bar_alike": "real", "last_two_bars_alike": "real",
    "cadence_known": "real", "half_bars_common": "real", "fiddle": "real", "recall_notes": "real", "recall_bars": "real",
    "endings_alike": "real", "notes": "real", "run_17": "low",
    "jsd_pitch_class": "low", "jsd_interval": "low", "jsd_bar_rhythm": "low", "jsd_contour": "low",
}  # fmt: skip
STATEMENTS = {  # passage → metric → what is true for a share of the tunes
    "Well-formed": {
        "bars_legal": "All bars are complete",
        "abc2midi": "abc2midi reports no problem",
        "repeats_resolve": "Repeats and endings match",
    },
    "Form": {
        "ends_on_tonic": "The last note is the tonic",
        "last_bar_alike": "The first two parts end with the same bar",
    },
    "As requested": {
        "metre": "The metre is the requested one",
        "key": "The key is the requested one, as written and as heard,",
        "rhythm": "The rhythm is consistent with the requested one",
    },
    "Originality": {
        "run_17": "A sequence of 17 notes or more is shared with a training tune",
        "run_33": "A sequence of 33 notes or more is shared",
    },
}
HISTOGRAM_NAMES = {
    "pitch_class": "pitch classes", "interval": "intervals", "bar_rhythm": "bar rhythms", "contour": "contours",
}  # fmt: skip
OVERFITTING_GAP = 0.15  # of the validation loss; a larger gap to the training loss is mentioned
_DIRECTIONS = {"-": "down", "0": "level", "+": "up"}
_MAX_LISTED = 8  # metrics; more are only counted
_NEAR = 1.3  # times the divergence of real tunes: about as near as these
_MIN_TUNES = 20  # for a rhythm to be mentioned as the worst


@dataclass(frozen=True, slots=True)
class Passage:
    title: str
    sentences: Sequence[str]


def discussion(evaluation: Evaluation, model: str, rows: Rows) -> list[Passage]:
    """The passages of the discussion. What was not measured is not mentioned."""
    passages = [Passage("Likelihood", [*_likelihood(evaluation, model), *_training(rows)])]
    for title, statements in STATEMENTS.items():
        sentences = [sentence for metric, statement in statements.items() for sentence in _share(evaluation, metric, statement)]
        if title == "As requested":
            sentences += _rhythms(evaluation)
        if title == "Originality":
            sentences += _originality(evaluation)
        passages.append(Passage(title, sentences))
    passages.append(Passage("Similarity to real tunes", _similarity(evaluation)))
    passages.append(Passage("Repetition and size", _repetition(evaluation)))
    passages.append(Passage("Comparison with the baselines", _baselines(evaluation)))
    return [passage for passage in passages if passage.sentences]


def _likelihood(evaluation: Evaluation, model: str) -> list[str]:
    own = evaluation.cell("bits_per_note_test", evaluation.ours)
    if own is None:
        return []
    sentences = [f"{model} needs {own.mean:.3f} bits per note on the test tunes."]
    for baseline in evaluation.baselines:
        cell, saving = evaluation.cell("bits_per_note_test", baseline), evaluation.fewer_bits(baseline)
        if cell is None or saving is None:
            continue
        name = evaluation.columns[baseline]
        if abs(saving) < 0.001:
            sentences.append(f"{name} needs as many ({cell.mean:.3f}).")
        elif saving > 0:
            sentences.append(f"{name} needs {cell.mean:.3f}: ours needs {100 * saving:.1f}\u00a0% fewer.")
        else:
            sentences.append(
                f"{name} needs {cell.mean:.3f}: ours needs {-100 * saving:.1f}\u00a0% more, so {name} predicts real tunes better."
            )
    return sentences


def _training(rows: Rows) -> list[str]:
    if not rows:
        return []
    best = min(rows, key=lambda row: row["val_loss"])
    loss, val_loss = best["loss"], best["val_loss"]
    sentences = [
        f"The validation loss was lowest in epoch {int(best['epoch']) + 1} of {len(rows)}: {val_loss:.3f} nats per token, with a"
        f" training loss (measured during the epoch, with dropout) of {loss:.3f}."
    ]
    if best is rows[-1]:
        sentences.append("That was the last epoch: the loss was still falling when training stopped.")
    if val_loss - loss > OVERFITTING_GAP * val_loss:
        sentences.append("The gap between the two is a sign of overfitting.")
    return sentences


def _share(evaluation: Evaluation, metric: str, statement: str) -> list[str]:
    """A sentence on a share of our tunes, with and without the grammar, compared with real tunes."""
    own, raw, real = (evaluation.cell(metric, column) for column in (evaluation.ours, RAW, REAL))
    if own is None:
        return []
    sentence = f"{statement} in {format_value(own.mean, 'share')} of our tunes"
    if raw and evaluation.ours == GRAMMAR:
        sentence += f" (raw: {format_value(raw.mean, 'share')})"
    if real is None:
        return [f"{sentence}."]
    points = 100 * (own.mean - real.mean)
    if abs(points) < 0.05:
        return [f"{sentence}, as in real test tunes."]
    significance = "a clear difference" if evaluation.differ(metric, own, real) else "which may be chance"
    direction = "more" if points > 0 else "fewer"
    real_share = format_value(real.mean, "share")
    return [f"{sentence} and in {real_share} of real test tunes: {abs(points):.1f} points {direction}, {significance}."]


def _rhythms(evaluation: Evaluation) -> list[str]:
    classifier = evaluation.classifier
    sentences = []
    if "accuracy" in classifier and "consistent" in classifier and evaluation.cell("rhythm", evaluation.ours):
        sentences.append(
            f"The rhythm classifier is right for {format_value(classifier['accuracy']['test'], 'share')} of real test tunes, and"
            f" finds {format_value(classifier['consistent']['test'], 'share')} of them consistent with their rhythm."
        )
    by_rhythm = classifier.get("by_column", {}).get(evaluation.ours, {})
    shares = {name: row["consistent"] / row["tunes"] for name, row in by_rhythm.items() if row["tunes"] >= _MIN_TUNES}
    if len(shares) > 1:
        worst = min(shares, key=shares.__getitem__)
        row = by_rhythm[worst]
        if row["consistent"] < row["tunes"]:
            sentences.append(f"The rhythm that is consistent least often is the {worst}: {row['consistent']} of {row['tunes']}.")
    return sentences


def _originality(evaluation: Evaluation) -> list[str]:
    own, real = evaluation.cell("run_median", evaluation.ours), evaluation.cell("run_median", REAL)
    sentences = []
    if own and real:
        sentences.append(
            f"The median of the longest shared sequences is {own.mean:.1f} notes for our tunes and {real.mean:.1f} for real test"
            " tunes, which are of other families than the training tunes."
        )
    longest, distinct = evaluation.cell("run_longest", evaluation.ours), evaluation.cell("distinct", evaluation.ours)
    if longest:
        sentences.append(f"The longest of all has {longest.mean:.0f} notes, averaged over the seeds.")
    if distinct:
        share = format_value(distinct.mean, "share")
        sentences.append("All of our tunes are distinct." if distinct.mean == 1 else f"{share} of our tunes are distinct.")
    return sentences


def _similarity(evaluation: Evaluation) -> list[str]:
    ratios = {kind: cell.mean for kind in HISTOGRAM_NAMES if (cell := evaluation.cell(f"jsd_{kind}_ratio", evaluation.ours))}
    sentences = []
    if ratios:
        listed = ", ".join(f"{HISTOGRAM_NAMES[kind]} {ratio:.2f}" for kind, ratio in ratios.items())
        sentences.append(f"Divergence of our tunes from training tunes, relative to that of real test tunes: {listed}.")
        worst = max(ratios, key=ratios.__getitem__)
        if ratios[worst] <= 1:
            sentences.append("Ours are never further from the training tunes than real tunes are.")
        elif ratios[worst] <= _NEAR:
            sentences.append("In all of these, ours are about as near to the training tunes as real tunes are.")
        else:
            sentences.append(f"Ours are furthest from real tunes in their {HISTOGRAM_NAMES[worst]}.")
    return sentences + [sentence for kind in ratios for sentence in _largest_difference(evaluation, kind)]


def _largest_difference(evaluation: Evaluation, kind: str) -> list[str]:
    """The class of a histogram whose share differs most from that of real tunes."""
    histogram = evaluation.distributions.get(kind, {})
    own, real = (histogram.get("columns", {}).get(column) for column in (evaluation.ours, REAL))
    if not own or not real:
        return []
    index = max(range(len(own)), key=lambda index: abs(own[index] - real[index]))
    name = class_name(kind, str(histogram["classes"][index]))
    shares = f"{format_value(own[index], 'share')} in ours, {format_value(real[index], 'share')} in real tunes"
    return [f"Of the {HISTOGRAM_NAMES[kind]}, the share of {name} differs most: {shares}."]


def class_name(kind: str, name: str) -> str:
    """A class of a histogram in words."""
    if kind == "pitch_class":
        return "the tonic" if name == "0" else f"the note {name} semitone{'s' * (name != '1')} above the tonic"
    if kind == "interval":
        return "repeated notes" if name == "0" else f"steps of {name.replace('-', '−')} semitones"
    if kind == "contour":
        return "“" + ", ".join(_DIRECTIONS[step] for step in name) + "”"
    return "all rarer ones" if name == "other" else f"“{name}”"


def _repetition(evaluation: Evaluation) -> list[str]:
    sentences = []
    statements = {
        "recall_notes": ("of the notes of bars 5 to 8 also occur at the same position of bars 1 to 4", "share"),
        "endings_alike": ("of the notes of the second part’s bars 5 to 8 also occur there in the first part", "share"),
        "bars": ("bars", "number"),
        "notes": ("notes", "number"),
    }
    for metric, (statement, kind) in statements.items():
        own, real = evaluation.cell(metric, evaluation.ours), evaluation.cell(metric, REAL)
        if own is None or real is None:
            continue
        own_text, real_text, difference = (
            format_value(own.mean, kind), format_value(real.mean, kind), _difference(evaluation, metric, own, real),
        )  # fmt: skip
        if kind == "share":
            sentences.append(f"{own_text} {statement} in ours, {real_text} in real test tunes: {difference}.")
        else:
            sentences.append(f"Our tunes have {own_text} {statement} on average, real ones {real_text}: {difference}.")
    return sentences


def _difference(evaluation: Evaluation, metric: str, own: Cell, real: Cell) -> str:
    differ = evaluation.differ(metric, own, real)
    if differ is None:
        return "with one seed, this may be chance"
    return f"a clear difference, ours {'more' if own.mean > real.mean else 'less'}" if differ else "no clear difference"


def _baselines(evaluation: Evaluation) -> list[str]:
    """In how many metrics ours is clearly better or worse than each baseline; raw samples are compared if there are any."""
    ours = RAW if RAW in evaluation.columns else evaluation.ours
    if ours is None or not evaluation.baselines:
        return []
    sentences = ["All models are sampled without the grammar." if ours == RAW else "Ours uses the grammar, the baselines don't."]
    for baseline in evaluation.baselines:
        better: list[str] = []
        worse: list[str] = []
        compared = 0
        for metric, direction in BETTER.items():
            own, other, real = (evaluation.cell(metric, column) for column in (ours, baseline, REAL))
            if own is None or other is None or (direction == "real" and real is None):
                continue
            compared += 1
            gain = own.mean - other.mean if direction == "high" else other.mean - own.mean
            if direction == "real" and real:
                gain = abs(other.mean - real.mean) - abs(own.mean - real.mean)
            if gain and evaluation.differ(metric, own, other):
                (better if gain > 0 else worse).append(evaluation.labels[metric].label)
        if compared:
            sentences.append(
                f"Compared with {evaluation.columns[baseline]}, ours is clearly better in {_counted(better)} and clearly worse in"
                f" {_counted(worse)} of {compared} metrics."
            )
    return sentences if len(sentences) > 1 else []


def _counted(names: Sequence[str]) -> str:
    return f"{len(names)} ({'; '.join(names)})" if 0 < len(names) <= _MAX_LISTED else str(len(names)) if names else "none"
