"""Measures whether ranking helps: a blind comparison of the best of several candidates with the first one.

    .venv/bin/python -m tests.benchmarks.ranking [--requests 200] [--candidates 8] [--seed 0] [--json FILE]

The requests are the headers of real test tunes. For each, several candidates are composed with seeds of their own, and two of
them are judged: the first, which would be returned without ranking, and the one with the highest score. The judges get them
in random order. A judge measures how far each tune is from what it should be; the closer one wins. If the first candidate
also has the highest score, there is nothing to compare, and the request is excluded from the sign test. Then all tunes of
both sides and as many real test tunes are measured as in `tunesmith evaluate`. Reads data/corpus.
"""

import argparse
import json
import math
import random
import statistics
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras

from generator.composer.candidates import ComposedTune
from generator.composer.composer import Composer
from generator.composer.measures import bars_of, ends_on_tonic, in_scale, layout_of, melody, pitches, recall
from generator.composer.novelty import NEAR_COPY, Novelty
from generator.composer.ranking import Critic, best
from generator.composer.returns import outline_of
from generator.composer.weights import load_weights
from generator.notation.score import Score
from generator.notation.writer import write
from generator.request import TuneRequest
from training.baselines.ngram import NGram
from training.baselines.tokenizers import make_tokenizer
from training.batches import Example
from training.corpus.corpus import Corpus, Entry, score_of
from training.evaluation.columns import Column, measure_columns
from training.evaluation.distributions import HISTOGRAMS, divergence, histograms, sum_histograms
from training.evaluation.evaluate import model_of_weights
from training.evaluation.metrics import fits_key
from training.evaluation.prompts import choose_prompts
from training.evaluation.reference import Reference
from training.evaluation.rhythm_classifier import NAMES
from training.likelihood import bits_per_note, token_bits_of
from training.ranking_data import bits_per_token

SLOTS = 64
PLANTED = 1000
NGRAM_FORM = "folk_rnn"
# The measures of `tunesmith evaluate` that are reported.
REPORTED = (
    "ends_on_tonic", "key", "notes_in_scale", "rhythm", "rhythm_same", "fiddle", "whistle", "run_13", "run_17", "run_33",
    "run_median", "recall_notes", "recall_bars", "endings_alike", "notes", *(f"jsd_{kind}_ratio" for kind in HISTOGRAMS),
)  # fmt: skip


@dataclass(frozen=True)
class Tune:
    """What a judge gets."""

    score: Score
    entry: Entry  # the tune as the baselines read it
    requested: Entry  # the real tune whose header was requested


Measure = Callable[[Tune], float | None]  # how far off, at best 0; None if it does not apply


def compose(requested: Sequence[Entry], candidates: int, seed: int) -> list[list[ComposedTune]]:
    """Several candidates for each header."""
    composer = Composer(load_weights(), slots=SLOTS)
    try:
        futures = [
            [
                composer.submit(TuneRequest.check(rhythm=entry.rhythm, key=entry.key, metre=entry.metre, seed=seed + number))
                for number in range(index * candidates, (index + 1) * candidates)
            ]
            for index, entry in enumerate(requested)
        ]
        return [[future.result() for future in row] for row in futures]
    finally:
        composer.close()


def measures(corpus: Corpus, reference: Reference, known: Novelty) -> dict[str, tuple[str, Measure]]:
    """The judges by name, each with “seen” if ranking uses the same trait, else “unseen”."""
    tokenizer = make_tokenizer(NGRAM_FORM, corpus.split("train"))
    training, held_out = ([tokenizer.example(entry) for entry in corpus.split(side)] for side in ("train", "validation"))
    ngram = NGram(training, held_out, len(tokenizer.vocabulary))
    real = {entry.id: score_of(entry) for entry in corpus.split("test")}

    def surprise(entry: Entry) -> float:
        return bits_per_note(tokenizer, [entry], ngram.token_bits)

    medians = {rhythm: statistics.median(surprise(entry) for entry in alike) for rhythm, alike in _by_rhythm(corpus).items()}
    made_up = {
        rhythm: sum_histograms(histograms(real[entry.id]) for entry in alike) for rhythm, alike in _by_rhythm(corpus).items()
    }
    recalls = {
        rhythm: statistics.median([value for entry in alike if (value := _recall(real[entry.id])) is not None] or [0.5])
        for rhythm, alike in _by_rhythm(corpus).items()
    }

    def rhythm(tune: Tune) -> float | None:
        if tune.requested.rhythm not in NAMES:
            return None
        return 1 - float(reference.classifier.ratios([tune.score], [tune.requested.rhythm])[0])

    def consistent(tune: Tune) -> float | None:
        off = rhythm(tune)
        return None if off is None else float(1 - off < reference.classifier.threshold)

    def apart(kind: str) -> Measure:
        return lambda tune: divergence(histograms(tune.score)[kind], made_up[tune.requested.rhythm][kind])

    def recalling(tune: Tune) -> float | None:
        own = _recall(tune.score)
        return None if own is None else abs(own - recalls[tune.requested.rhythm])

    def outside(tune: Tune) -> float:
        inside, notes = in_scale(melody(tune.score), tune.score.key)
        return 1 - inside / notes

    return {
        "rhythm classifier: how unlikely the requested rhythm is": ("seen", rhythm),
        "rhythm classifier: not consistent with the requested rhythm": ("seen", consistent),
        "n-gram model: bits per note, distance from real tunes' median": (
            "unseen", lambda tune: abs(surprise(tune.entry) - medians[tune.requested.rhythm])),
        "n-gram model: bits per note": ("unseen", lambda tune: surprise(tune.entry)),
        **{
            f"divergence from real test tunes of the rhythm, {kind.replace('_', ' ')}": (
                "seen" if kind == "bar_rhythm" else "unseen", apart(kind)) for kind in HISTOGRAMS
        },
        "another scale fits better than the key's": (
            "unseen", lambda tune: float(not fits_key(melody(tune.score), tune.score.key))),
        "bars 5-8 recall 1-4, distance from real test tunes' median": ("seen", recalling),
        "does not end on the tonic": ("seen", lambda tune: float(not ends_on_tonic(tune.score))),
        "notes outside the scale": ("seen", outside),
        "longest run shared with a known tune": ("seen", lambda tune: float(known.closest([pitches(tune.score)])[0].notes)),
    }  # fmt: skip


def _by_rhythm(corpus: Corpus) -> dict[str, list[Entry]]:
    found: dict[str, list[Entry]] = {}
    for entry in corpus.split("test"):
        found.setdefault(entry.rhythm, []).append(entry)
    return found


def _recall(score: Score) -> float | None:
    ratios = [recall(part, score.metre) for part in layout_of(score) or () if bars_of(part, score.metre) >= 8]
    notes = sum(total for _, total in ratios)
    return sum(count for count, _ in ratios) / notes if notes else None


def sign_test(wins: int, losses: int) -> float:
    """The probability of a difference at least as large by chance (two-sided)."""
    total = wins + losses
    tail = sum(math.comb(total, count) for count in range(min(wins, losses) + 1))
    return min(1.0, float(2 * tail / 2**total))


def compared(pairs: Sequence[tuple[Tune, Tune]], judges: dict[str, tuple[str, Measure]], seed: int) -> dict[str, Any]:
    """For each judge, how often the second of a pair wins, ties or loses. The judges get the pairs in random order."""
    rng = random.Random(seed)
    found = {}
    for name, (seen, measure) in judges.items():
        wins = ties = losses = 0
        sides: list[list[float]] = [[], []]
        for pair in pairs:
            swapped = rng.random() < 0.5
            left, right = (measure(tune) for tune in (reversed(pair) if swapped else pair))
            if left is None or right is None:
                continue
            first, second = (right, left) if swapped else (left, right)
            sides[0].append(first)
            sides[1].append(second)
            wins, ties, losses = wins + (second < first), ties + (second == first), losses + (second > first)
        found[name] = {
            "judge": seen, "wins": wins, "ties": ties, "losses": losses, "p": sign_test(wins, losses),
            "mean_single": statistics.fmean(sides[0]), "mean_ranked": statistics.fmean(sides[1]),
        }  # fmt: skip
    return found


def planted(corpus: Corpus, known: Novelty, composed: Sequence[Sequence[int]], seed: int) -> dict[str, int]:
    """Plants runs of known tunes in other keys into candidates, and counts how many of them are recognised as copies."""
    rng = random.Random(seed)
    tunes = [pitches(score_of(entry)) for entry in rng.sample(corpus.entries, min(PLANTED, len(corpus.entries)))]
    copies = []
    for known_one in tunes:
        if len(known_one) >= NEAR_COPY:
            start = rng.randint(0, len(known_one) - NEAR_COPY)
            stretch, up = known_one[start : start + rng.randint(NEAR_COPY, len(known_one))], rng.randint(-6, 6)
            host = rng.choice(composed)
            at = rng.randrange(len(host))
            copies.append([*host[:at], *(pitch + up for pitch in stretch), *host[at:]])
    return {"copies": len(copies), "rejected": sum(found.notes >= NEAR_COPY for found in known.closest(copies))}


def compare(corpus: Corpus, requests: int, candidates: int, seed: int) -> dict[str, Any]:
    keras.mixed_precision.set_global_policy("float32")
    requested = choose_prompts(corpus.split("test"), seed, requests)
    rows = compose(requested, candidates, seed * requests * candidates)
    known, critic = Novelty.load(), Critic.load()
    model = token_bits_of(model_of_weights(load_weights()).network)
    flat = [tune for row in rows for tune in row]
    bits = bits_per_token([Example.of(tune.tokens, tune.score.key, outline_of(tune.tokens)) for tune in flat], model)
    melodies = [pitches(tune.score) for tune in flat]
    closest = known.closest(melodies)
    scores = [critic.scores(tune.score, bit, near) for tune, bit, near in zip(flat, bits, closest, strict=True)]
    chosen, totals = [], []
    for start in range(0, len(flat), candidates):
        own = slice(start, start + candidates)
        chosen.append(best([found["total"] for found in scores[own]], closest[own]))
        totals.append([round(found["total"], 3) for found in scores[own]])

    def tune(index: int, number: int) -> Tune:
        made, header = rows[index][number], requested[index]
        key, metre = made.score.key.abc, str(made.score.metre)
        entry = Entry(f"{index}:{number}", made.score.title, header.rhythm, key, metre, "", "test", list(made.tokens))
        return Tune(made.score, entry, header)

    print("Training the judges on the training tunes…", flush=True)
    reference = Reference(corpus)
    judges = measures(corpus, reference, known)
    pairs = [(tune(index, 0), tune(index, number)) for index, number in enumerate(chosen) if number]
    texts = {
        "real": [write(score_of(entry)) for entry in requested],
        "single": [write(row[0].score) for row in rows],
        "ranked": [write(row[number or 0].score) for row, number in zip(rows, chosen, strict=True)],
    }
    columns = [Column(name, name, [abc]) for name, abc in texts.items()]
    measured = measure_columns(columns, [requested], reference, program=None, track=lambda _, steps: nullcontext(steps))
    evaluation = measured["metrics"]
    return {
        "requests": requests, "candidates": candidates, "seed": seed, "model": str(load_weights().card["name"]),
        "near_copies": sum(found.notes >= NEAR_COPY for found in closest),
        "planted": planted(corpus, known, melodies, seed),
        "first_was_best": sum(number == 0 for number in chosen),
        "none_left": sum(number is None for number in chosen),
        "compared": len(pairs),
        "judges": compared(pairs, judges, seed),
        "evaluation": {
            name: {column: cell["mean"] for column, cell in evaluation[name].items()} for name in REPORTED if name in evaluation
        },
        "totals": totals,
    }  # fmt: skip


def table(found: dict[str, Any]) -> str:
    lines = [
        f"{found['requests']} requests with {found['candidates']} candidates: the first was the best for "
        f"{found['first_was_best']}, {found['compared']} are compared; {found['near_copies']} near-copies.",
        f"{found['planted']['rejected']} of {found['planted']['copies']} planted near-copies were rejected.",
        "",
        f"{'how far off':<64}{'':>8}{'wins':>6}{'ties':>6}{'losses':>8}{'p':>9}{'single':>10}{'ranked':>10}",
    ]
    for name, row in found["judges"].items():
        lines.append(
            f"{name:<64}{row['judge']:>8}{row['wins']:>6}{row['ties']:>6}{row['losses']:>8}{row['p']:>9.2g}"
            f"{row['mean_single']:>10.4f}{row['mean_ranked']:>10.4f}"
        )
    lines += ["", f"{'measures of `tunesmith evaluate`':<64}{'real':>10}{'single':>10}{'ranked':>10}"]
    for name, cells in found["evaluation"].items():
        lines.append(f"{name:<64}" + "".join(f"{cells[column]:>10.4f}" for column in ("real", "single", "ranked")))
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.ranking", description=__doc__)
    parser.add_argument("--requests", type=int, default=200)
    parser.add_argument("--candidates", type=int, default=8)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--corpus", type=Path, default=Path("data/corpus/corpus.jsonl"))
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    found = compare(Corpus.load(options.corpus), options.requests, options.candidates, options.seed)
    if options.json:
        options.json.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(table(found))


if __name__ == "__main__":
    main()
