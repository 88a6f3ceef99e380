"""Measures whether a model of some collections composes in their style.

    .venv/bin/python -m tests.benchmarks.style --model generator/weights/aird

Two n-gram models are the judges: one of the collections' training tunes, one of all other training tunes. A tune is classified
as in the collections' style if the first needs fewer bits for it than the second. The threshold is where equally many
validation tunes of both sides are misclassified. Classified are real test tunes of both sides, and what the default model
and the given model compose for the metres and keys of all test tunes, one candidate each. Reads data/corpus.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from generator.composer.composer import Composer
from generator.composer.weights import SHIPPED, load_weights
from generator.notation.tokens import VOCABULARY
from generator.request import TuneRequest
from training.baselines.ngram import NGram
from training.batches import Example
from training.corpus.corpus import Corpus, Entry
from training.dataset import example_of

HEADER = 3


class Judges:
    """Classifies tunes by two n-gram models."""

    def __init__(self, these: Corpus, others: Corpus) -> None:
        self._models = []
        for side in (these, others):
            training, validation = ([example_of(entry) for entry in side.split(name)] for name in ("train", "validation"))
            self._models.append(NGram(training, validation, len(VOCABULARY)))
        sides = [self._lead([example_of(entry) for entry in side.split("validation")]) for side in (these, others)]
        thresholds = np.sort(np.concatenate(sides))
        wrong = [abs(np.mean(sides[0] < threshold) - np.mean(sides[1] >= threshold)) for threshold in thresholds]
        self._threshold = thresholds[int(np.argmin(wrong))]

    def _lead(self, tunes: Sequence[Example]) -> NDArray[np.float64]:
        """How many bits per token fewer the first model needs than the second for each tune: (tunes,)."""
        first, second = (model.token_bits(tunes) for model in self._models)
        return np.array([float((other[HEADER:] - own[HEADER:]).mean()) for own, other in zip(first, second, strict=True)])

    def share(self, tunes: Sequence[Example]) -> float:
        """The share of the tunes that are classified as in the collections' style."""
        return float(np.mean(self._lead(tunes) >= self._threshold))


def compose(folder: Path, entries: Sequence[Entry], seed: int) -> list[Example]:
    """A tune of the model in a folder for the metre and key of each entry."""
    composer = Composer(load_weights(folder))
    try:
        requests = [
            TuneRequest.check(seed=seed + index, metre=entry.metre, key=entry.key, candidates=1)
            for index, entry in enumerate(entries)
        ]
        return [Example.of(tune.tokens) for tune in composer.compose(requests)]
    finally:
        composer.close()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.style", description=__doc__)
    parser.add_argument("--corpus", type=Path, default=Path("data/corpus/corpus.jsonl"))
    parser.add_argument("--model", type=Path, required=True, help="folder of a model that was trained on some collections")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    corpus = Corpus.load(options.corpus)
    card = load_weights(options.model).card
    these = corpus.of(card["training"]["collections"])
    inside = {entry.id for entry in these.entries}
    others = Corpus([entry for entry in corpus.entries if entry.id not in inside])
    judges = Judges(these, others)
    test = corpus.split("test")
    for name, tunes in (
        ("real tunes of these collections", [example_of(entry) for entry in these.split("test")]),
        ("real tunes of the others", [example_of(entry) for entry in others.split("test")]),
        ("the default model", compose(SHIPPED, test, options.seed)),
        (card["name"], compose(options.model, test, options.seed)),
    ):
        print(f"{judges.share(tunes):6.1%} of {len(tunes):4} in their style: {name}", flush=True)


if __name__ == "__main__":
    main()
