"""What an evaluation's figures say, in sentences: each is chosen by the size and the sign of what it states."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from training.evaluation.results import GRAMMAR, RAW, REAL, Cell, Evaluation, fewer_bits, shown

Rows = Sequence[Mapping[str, float]]  # of log.csv
BETTER: dict[str, Literal["high", "low", "real"]] = {
    "abc2midi": "high", "bars_legal": "high", "repeats_resolve": "high", "metre": "high", "key": "high", "rhythm": "high",
    "ends_on_tonic": "real", "aabb": "real", "parts_of_8": "real", "fiddle": "real", "recall_notes": "real",
    "recall_bars": "real", "endings_alike": "real", "notes": "real", "run_17": "low", "jsd_pitch_class": "low",
    "jsd_interval": "low", "jsd_bar_rhythm": "low", "jsd_contour": "low",
}  # fmt: skip
SAID = {  # what holds of a share of the tunes, by the passage that says it
    "Well made": {
        "bars_legal": "Every bar is legal",
        "abc2midi": "abc2midi finds no fault",
        "repeats_resolve": "Repeats and endings resolve",
    },
    "Form": {
        "ends_on_tonic": "The last note is the tonic",
        "aabb": "Where a dance was asked for, the form is AABB in eight bars",
    },
    "As asked": {
        "metre": "The metre is the one asked for",
        "key": "The key is the one asked for, as written and as heard,",
        "rhythm": "The rhythm is consistent with the one asked for",
    },
    "New": {
        "run_17": "A run of 17 notes or more stands in a training tune too",
        "run_33": "One of 33 notes or more does",
    },
}
_DOWN_OR_UP = {"-": "down", "0": "level", "+": "up"}
_GAP = 0.15  # of the validation loss: more than this between training and validation is worth a word
_NAMED = 8  # measures: more are counted only
_NEAR = 1.3  # floors: so far is about as near as real tunes
_FEW = 20  # tunes: of fewer no rhythm is said to be the worst


@dataclass(frozen=True, slots=True)
class Passage:
    title: str
    sentences: Sequence[str]


def discussion(found: Evaluation, model: str, rows: Rows) -> list[Passage]:
    """Passages on what differs; of what was not measured nothing is said."""
    passages = [Passage("Likelihood", [*_likelihood(found, model), *_training(rows)])]
    for title, measures in SAID.items():
        sentences = [sentence for measure, holds in measures.items() for sentence in _shares(found, measure, holds)]
        if title == "As asked":
            sentences += _rhythms(found)
        if title == "New":
            sentences += _novelty(found)
        passages.append(Passage(title, sentences))
    passages.append(Passage("Like real tunes", _likeness(found)))
    passages.append(Passage("Repetition and size", _repetition(found)))
    passages.append(Passage("Against the baselines, measure by measure", _baselines(found)))
    return [passage for passage in passages if passage.sentences]


def _likelihood(found: Evaluation, model: str) -> list[str]:
    own = found.cell("bits_per_note_test", found.ours)
    if own is None:
        return []
    sentences = [f"{model} needs {own.mean:.3f} bits for a note of the test tunes."]
    for baseline in found.baselines:
        cell, saved = found.cell("bits_per_note_test", baseline), fewer_bits(found, baseline)
        if cell is None or saved is None:
            continue
        name = found.columns[baseline]
        if abs(saved) < 0.001:
            sentences.append(f"{name} needs as many ({cell.mean:.3f}).")
        elif saved > 0:
            sentences.append(f"{name} needs {cell.mean:.3f}: ours needs {100 * saved:.1f}\u00a0% fewer.")
        else:
            sentences.append(
                f"{name} needs {cell.mean:.3f}: ours needs {-100 * saved:.1f}\u00a0% more, so {name} foretells real tunes better."
            )
    return sentences


def _training(rows: Rows) -> list[str]:
    if not rows:
        return []
    best = min(rows, key=lambda row: row["val_loss"])
    loss, held_out = best["loss"], best["val_loss"]
    sentences = [
        f"Its validation loss was lowest in epoch {int(best['epoch']) + 1} of {len(rows)}: {held_out:.3f} nats a token, with a"
        f" training loss (taken during the epoch, with dropout) of {loss:.3f}."
    ]
    if best is rows[-1]:
        sentences.append("That was the last epoch, so it was still falling when training ended.")
    if held_out - loss > _GAP * held_out:
        sentences.append(
            "The gap between the two says that it has learnt things of the training tunes that do not hold for others."
        )
    return sentences


def _shares(found: Evaluation, measure: str, holds: str) -> list[str]:
    """One sentence on a share of our tunes, raw and as people hear them, and of real ones."""
    own, raw, real = (found.cell(measure, column) for column in (found.ours, RAW, REAL))
    if own is None:
        return []
    sentence = f"{holds} in {shown(own.mean, 'share')} of our tunes"
    if raw and found.ours == GRAMMAR:
        sentence += f" (raw: {shown(raw.mean, 'share')})"
    if real is None:
        return [f"{sentence}."]
    points = 100 * (own.mean - real.mean)
    if abs(points) < 0.05:
        return [f"{sentence}, as in real test tunes."]
    judged = "a clear difference" if found.differ(measure, own, real) else "which may be chance"
    way = "more" if points > 0 else "fewer"
    return [f"{sentence} and in {shown(real.mean, 'share')} of real test tunes: {abs(points):.1f} points {way}, {judged}."]


def _rhythms(found: Evaluation) -> list[str]:
    judge = found.classifier
    sentences = []
    if "accuracy" in judge and "consistent" in judge and found.cell("rhythm", found.ours):
        sentences.append(
            f"The classifier that judges rhythms names the right one for {shown(judge['accuracy']['test'], 'share')} of real test"
            f" tunes, and finds {shown(judge['consistent']['test'], 'share')} of them consistent with theirs."
        )
    by_rhythm = judge.get("by_column", {}).get(found.ours, {})
    shares = {name: row["consistent"] / row["tunes"] for name, row in by_rhythm.items() if row["tunes"] >= _FEW}
    if len(shares) > 1:
        worst = min(shares, key=lambda name: shares[name])
        row = by_rhythm[worst]
        if row["consistent"] < row["tunes"]:
            sentences.append(f"The least often heard as what it should be is the {worst}: {row['consistent']} of {row['tunes']}.")
    return sentences


def _novelty(found: Evaluation) -> list[str]:
    own, real = found.cell("run_median", found.ours), found.cell("run_median", REAL)
    sentences = []
    if own and real:
        sentences.append(
            f"The median of the longest shared runs is {own.mean:.1f} notes for ours and {real.mean:.1f} for real test tunes,"
            " which are of other families than the training tunes."
        )
    longest, distinct = found.cell("run_longest", found.ours), found.cell("distinct", found.ours)
    if longest:
        sentences.append(f"The longest of all has {longest.mean:.0f} notes, as a mean over the seeds.")
    if distinct:
        same = (
            "No two of our tunes are the same"
            if distinct.mean == 1
            else f"{shown(distinct.mean, 'share')} of our tunes are distinct"
        )
        sentences.append(f"{same}.")
    return sentences


def _likeness(found: Evaluation) -> list[str]:
    names = {"pitch_class": "pitch classes", "interval": "intervals", "bar_rhythm": "bar rhythms", "contour": "contours"}
    floors = {kind: cell.mean for kind in names if (cell := found.cell(f"jsd_{kind}_floors", found.ours))}
    sentences = []
    if floors:
        listed = ", ".join(f"{names[kind]} {floor:.2f}" for kind, floor in floors.items())
        sentences.append(f"Distance of our tunes from training tunes, as multiples of that of real test tunes: {listed}.")
        worst = max(floors, key=lambda kind: floors[kind])
        if floors[worst] <= 1:
            sentences.append("In none of these are they further from the training tunes than real ones.")
        elif floors[worst] <= _NEAR:
            sentences.append("In all of these they are about as near to the training tunes as real ones.")
        else:
            sentences.append(f"They are furthest from real tunes in their {names[worst]}.")
    for kind in floors:
        sentences += _classes(found, kind, names[kind])
    return sentences


def _classes(found: Evaluation, kind: str, name: str) -> list[str]:
    """The one class whose share differs most from real tunes'."""
    given = found.distributions.get(kind, {})
    own, real = (given.get("columns", {}).get(column) for column in (found.ours, REAL))
    if not own or not real:
        return []
    at = max(range(len(own)), key=lambda index: abs(own[index] - real[index]))
    what = class_name(kind, str(given["classes"][at]))
    figures = f"{shown(own[at], 'share')} of ours against {shown(real[at], 'share')} of real tunes’"
    return [f"Of the {name} the share of {what} differs most: {figures}."]


def class_name(kind: str, name: str) -> str:
    """A class of a distribution in words."""
    if kind == "pitch_class":
        return "the tonic" if name == "0" else f"the note {name} semitone{'s' * (name != '1')} above the tonic"
    if kind == "interval":
        return "repeated notes" if name == "0" else f"steps of {name.replace('-', '−')} semitones"
    if kind == "contour":
        return "“" + ", ".join(_DOWN_OR_UP[step] for step in name) + "”"
    return "all rarer ones" if name == "other" else f"“{name}”"


def _repetition(found: Evaluation) -> list[str]:
    sentences = []
    said = {
        "recall_notes": ("of the notes of bars 5 to 8 stand at the same place in bars 1 to 4", "share"),
        "endings_alike": ("of the notes of the second part’s bars 5 to 8 stand at the same place in the first part’s", "share"),
        "bars": ("bars", "number"),
        "notes": ("notes", "number"),
    }
    for measure, (what, kind) in said.items():
        own, real = found.cell(measure, found.ours), found.cell(measure, REAL)
        if own is None or real is None:
            continue
        figures = shown(own.mean, kind), shown(real.mean, kind)
        if kind == "share":
            sentences.append(
                f"{figures[0]} {what} in ours, {figures[1]} in real test tunes: {_difference(found, measure, own, real)}."
            )
        else:
            sentences.append(
                f"A tune of ours has {figures[0]} {what} on the average, a real one {figures[1]}:"
                f" {_difference(found, measure, own, real)}."
            )
    return sentences


def _difference(found: Evaluation, measure: str, own: Cell, real: Cell) -> str:
    differ = found.differ(measure, own, real)
    if differ is None:
        return "measured once, so that chance cannot be told"
    return f"a clear difference, ours {'more' if own.mean > real.mean else 'less'}" if differ else "no clear difference"


def _baselines(found: Evaluation) -> list[str]:
    """Counts the measures in which ours is clearly better or worse than each baseline, all of them sampled raw where that is
    measured."""
    ours = RAW if RAW in found.columns else found.ours
    if ours is None or not found.baselines:
        return []
    sentences = [
        "All are sampled in the same way, without the grammar." if ours == RAW else "Ours has the grammar, the baselines not."
    ]
    for baseline in found.baselines:
        better: list[str] = []
        worse: list[str] = []
        compared = 0
        for measure, wanted in BETTER.items():
            one, other, real = (found.cell(measure, column) for column in (ours, baseline, REAL))
            if one is None or other is None or (wanted == "real" and real is None):
                continue
            compared += 1
            gain = one.mean - other.mean if wanted == "high" else other.mean - one.mean
            if wanted == "real" and real:
                gain = abs(other.mean - real.mean) - abs(one.mean - real.mean)
            if gain and found.differ(measure, one, other):
                (better if gain > 0 else worse).append(found.labels[measure].label)
        if compared:
            sentences.append(
                f"Against {found.columns[baseline]}, ours is clearly better in {_counted(better)} and clearly worse in"
                f" {_counted(worse)} of the {compared} measures compared."
            )
    return sentences if len(sentences) > 1 else []


def _counted(names: Sequence[str]) -> str:
    return f"{len(names)} ({'; '.join(names)})" if 0 < len(names) <= _NAMED else str(len(names)) if names else "none"


def next_steps(found: Evaluation, rows: Rows) -> list[str]:
    """What may be tried, each because of a figure, and what no figure tells."""
    steps = []
    if rows:
        best = min(rows, key=lambda row: row["val_loss"])
        if best is rows[-1]:
            steps.append("Train longer: the validation loss was still falling in the last epoch.")
        if best["val_loss"] - best["loss"] > _GAP * best["val_loss"]:
            steps.append(
                f"More tunes (tunesmith train --abc FOLDER), more dropout or a smaller model: the loss"
                f" is {best['loss']:.3f} on training tunes, {best['val_loss']:.3f} on others."
            )
    for baseline in found.baselines:
        saved = fewer_bits(found, baseline)
        if saved is not None and saved < 0:
            steps.append(f"Find out what {found.columns[baseline]} knows that ours does not: it needs fewer bits for a note.")
    if (own := found.cell("rhythm", found.ours)) and (real := found.cell("rhythm", REAL)) and _below(found, "rhythm", own, real):
        steps.append(
            "More tunes of the rare rhythms, or drawing them more often in training: ours keep theirs less well than"
            " real tunes do."
        )
    own, real = found.cell("recall_notes", found.ours), found.cell("recall_notes", REAL)
    if own and real and found.differ("recall_notes", own, real):
        width, way = ("wider", "less") if own.mean < real.mean else ("narrower", "more")
        steps.append(
            f"Try {width} inputs of what stood in earlier bars ([model] recall): our parts recall their first bars {way}"
            " than real ones."
        )
    own, real = found.cell("run_17", found.ours), found.cell("run_17", REAL)
    if own and real and own.mean > real.mean and found.differ("run_17", own, real):
        steps.append(
            "Have the composer pass over candidates that share long runs with training tunes: ours share more than real ones."
        )
    floors = [cell.mean for kind in ("pitch_class", "interval", "bar_rhythm", "contour")
              if (cell := found.cell(f"jsd_{kind}_floors", found.ours))]  # fmt: skip
    if floors and max(floors) > 2:
        steps.append("Measure at other temperatures (tunesmith evaluate --temperature 1.1): they move what tunes are made of.")
    steps.append(
        "Listen. No figure here says whether a tune is good: give players composed and real tunes without names, and count which"
        " they would play again."
    )
    return steps


def _below(found: Evaluation, measure: str, own: Cell, real: Cell) -> bool:
    return own.mean < real.mean and bool(found.differ(measure, own, real))
