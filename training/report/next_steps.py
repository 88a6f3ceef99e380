"""Suggests what to try next. Each suggestion follows from a value of the evaluation."""

from __future__ import annotations

from training.evaluation.results import REAL, Evaluation
from training.report.discussion import HISTOGRAM_NAMES, OVERFITTING_GAP, Rows


def next_steps(evaluation: Evaluation, rows: Rows) -> list[str]:
    ours = evaluation.ours
    steps = []
    if rows:
        best = min(rows, key=lambda row: row["val_loss"])
        if best is rows[-1]:
            steps.append("Train longer: the validation loss was still falling in the last epoch.")
        if best["val_loss"] - best["loss"] > OVERFITTING_GAP * best["val_loss"]:
            steps.append(
                "Add tunes (tunesmith train --abc FOLDER), increase dropout or use a smaller model: the loss is"
                f" {best['loss']:.3f} on training tunes and {best['val_loss']:.3f} on validation tunes."
            )
    for baseline in evaluation.baselines:
        saving = evaluation.fewer_bits(baseline)
        if saving is not None and saving < 0:
            steps.append(f"Find out why {evaluation.columns[baseline]} predicts better: it needs fewer bits per note than ours.")
    own, real = evaluation.cell("rhythm", ours), evaluation.cell("rhythm", REAL)
    if own and real and own.mean < real.mean and evaluation.differ("rhythm", own, real):
        steps.append(
            "Add tunes of rare rhythms, or sample them more often in training: ours match their rhythm less often than"
            " real tunes."
        )
    own, real = evaluation.cell("recall_notes", ours), evaluation.cell("recall_notes", REAL)
    if own and real and evaluation.differ("recall_notes", own, real):
        change, amount = ("larger", "less") if own.mean < real.mean else ("smaller", "more")
        steps.append(
            f"Try a {change} recall_width, the width of the features of earlier bars: our parts repeat their first bars {amount}"
            " than real ones."
        )
    own, real = evaluation.cell("run_17", ours), evaluation.cell("run_17", REAL)
    if own and real and own.mean > real.mean and evaluation.differ("run_17", own, real):
        steps.append("Reject candidates that share long sequences with training tunes: ours share more than real tunes.")
    ratios = [cell.mean for kind in HISTOGRAM_NAMES if (cell := evaluation.cell(f"jsd_{kind}_ratio", ours))]
    if ratios and max(ratios) > 2:
        steps.append("Evaluate at other temperatures (tunesmith evaluate --temperature 1.1), which change the distributions.")
    steps.append(
        "Listen. No metric says whether a tune is good: give players composed and real tunes without names, and count which"
        " of them they would play again."
    )
    return steps
