"""The metrics of an evaluation: group, unit, label and description of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from training.evaluation.distributions import HISTOGRAMS

Kind = Literal["share", "number", "bits", "divergence", "ratio", "fraction"]


@dataclass(frozen=True, slots=True)
class Label:
    group: str
    kind: Kind
    label: str
    description: str


METRICS = {
    "judge": Label(
        "Told from real tunes", "fraction", "judge, both classifiers",
        "The probability that the judge takes a composed tune rather than a real one for composed: 0.5 if it cannot tell, 1 if it"
        " always can.",
    ),
    "judge_features": Label(
        "Told from real tunes", "fraction", "… by features", "The same for the regression on features alone."
    ),
    "judge_network": Label("Told from real tunes", "fraction", "… by notes", "The same for the LSTM over the notes alone."),
    "bits_per_note_test": Label(
        "Likelihood", "bits", "bits per note, test",
        "Bits that the model needs for a test tune after its header, including the end, divided by the notes.",
    ),
    "bits_per_note_validation": Label("Likelihood", "bits", "bits per note, validation", "The same for the validation tunes."),
    "readable": Label("Well-formed", "share", "readable", "Tunes that our ABC reader can read; others fail all metrics."),
    "abc2midi": Label("Well-formed", "share", "accepted by abc2midi", "Tunes that abc2midi converts without any warning."),
    "bars_legal": Label(
        "Well-formed", "share", "all bars complete",
        "Tunes whose bars all have the right length, where a pick-up and the last bar of a part complete each other.",
    ),
    "legal_bars": Label("Well-formed", "share", "complete bars", "Bars of the right length, of all bars of readable tunes."),
    "repeats_resolve": Label(
        "Well-formed", "share", "repeats and endings match",
        "Tunes in which each |: has its :|, and each first ending its second.",
    ),
    "ends_on_tonic": Label("Form", "share", "ends on the tonic", "Tunes whose last note, as played, is the tonic in any octave."),
    "form_distance": Label(
        "Form", "fraction", "forms, distance from real",
        "Total variation distance of the tunes' forms (bars of each part, repeats, shared last bars) from those of the training"
        " tunes of the rhythm, 0 to 1: the mean of the rhythms.",
    ),
    "form_distance_by_chance": Label(
        "Form", "fraction", "… by chance",
        "The same for as many training tunes drawn at random: what a perfect composer would have.",
    ),
    "last_bar_alike": Label(
        "Idiom", "share", "A and B end with the same bar",
        "Tunes whose first two parts have the same last bar, of those with two.",
    ),
    "last_two_bars_alike": Label("Idiom", "share", "… the same two bars", "The same for the last two bars."),
    "cadence_known": Label(
        "Idiom", "share", "cadences known",
        "Parts whose last four notes, as degrees and lengths, also end at least five training parts.",
    ),
    "cadence_7_1": Label("Idiom", "share", "close 7→1", "Parts whose last two notes rise from the seventh degree to the tonic."),
    "half_bars_common": Label(
        "Idiom", "share", "half-bars common",
        "Half-bars (beats in compound metres, bars in 3/4) that at least seven training tunes of the rhythm have, relative to the"
        " tonic.",
    ),
    "strathspey_plain": Label("Idiom", "share", "strathspeys, plain bars", "Full bars of strathspeys in quavers alone."),
    "strathspey_snaps": Label(
        "Idiom", "share", "strathspeys, bars with a snap",
        "Full bars of strathspeys with a semiquaver and a dotted quaver on a beat.",
    ),
    "hornpipe_triplets": Label(
        "Idiom", "share", "hornpipes, notes in triplets", "Notes of hornpipes that are in triplets."
    ),
    "metre": Label(
        "As requested", "share", "metre as requested",
        "Tunes in the requested metre in which at least nine of ten bars are complete.",
    ),
    "key_written": Label("As requested", "share", "key as requested, written", "Tunes whose K: field is the requested key."),
    "key": Label(
        "As requested", "share", "key as requested, heard",
        "The same, if in addition no other diatonic scale contains 2% more of the notes than the key's own.",
    ),
    "notes_in_scale": Label("As requested", "share", "notes in the scale", "Notes in the scale of the requested key."),
    "rhythm": Label(
        "As requested", "share", "rhythm as requested",
        "Tunes that the rhythm classifier finds consistent with the requested rhythm, as 95% of real validation tunes are.",
    ),
    "rhythm_same": Label(
        "As requested", "share", "requested rhythm most likely",
        "Tunes for which the classifier's most likely rhythm is the requested one.",
    ),
    "fiddle": Label("Playable", "share", "on a fiddle", "Tunes within G3 to B5, the first position."),
    "whistle": Label("Playable", "share", "on a D whistle", "Tunes within D4 to B5 as written; it sounds an octave higher."),
    "run_13": Label(
        "Originality", "share", "shares 13 notes or more",
        "Tunes that share a sequence of at least 13 notes with a training tune, in any key.",
    ),
    "run_17": Label("Originality", "share", "shares 17 notes or more", "The same for 17 notes."),
    "run_33": Label("Originality", "share", "shares 33 notes or more", "The same for 33 notes."),
    "run_median": Label(
        "Originality", "number", "longest shared sequence, median", "Notes of a tune's longest such sequence: the median tune."
    ),
    "run_longest": Label(
        "Originality", "number", "longest shared sequence, maximum", "Notes of the longest such sequence of all tunes."
    ),
    "distinct": Label("Originality", "share", "distinct tunes", "Different melodies, regardless of key, of all readable tunes."),
    **{
        f"jsd_{name}": Label(
            "Similarity to real tunes", "divergence", f"divergence, {name.replace('_', ' ')}",
            f"Jensen-Shannon divergence in bits from as many training tunes of the same rhythms and modes: {description}.",
        )
        for name, description in HISTOGRAMS.items()
    },
    **{
        f"jsd_{name}_ratio": Label(
            "Similarity to real tunes", "ratio", f"… relative to real tunes, {name.replace('_', ' ')}",
            "The divergence divided by that of the real test tunes, which is due to chance alone.",
        )
        for name in HISTOGRAMS
    },
    "recall_notes": Label(
        "Repetition", "share", "bars 5–8 repeat 1–4, notes",
        "Notes of bars 5 to 8 of a part that also occur at the same position of bars 1 to 4.",
    ),
    "recall_bars": Label("Repetition", "share", "bars 5–8 repeat 1–4, bars", "Bars 5 to 8 of a part that equal bars 1 to 4."),
    "endings_alike": Label(
        "Repetition", "share", "B part ends like A part",
        "Notes of bars 5 to 8 of the second part that also occur at the same position of the first part.",
    ),
    "bars": Label("Size", "number", "bars", "Bars of a tune as written, without pick-ups and second endings."),
    "notes": Label("Size", "number", "notes", "Notes of a tune as written."),
    "own_bits_per_token": Label(
        "Size", "bits", "bits per token of own tunes",
        "How surprising a model finds the tunes that it composes with the grammar."
    ),
}  # fmt: skip


def format_value(value: float, kind: str) -> str:
    """A value with the decimals and the unit of its kind."""
    if kind == "share":
        return f"{100 * value:.1f}\u00a0%"
    return f"{value:.{ {'number': 1, 'bits': 3, 'divergence': 5, 'ratio': 2, 'fraction': 2}[kind] }f}"
