"""Whether a model of some collections writes like them.

    .venv/bin/python -m tests.benchmarks.style --model generator/weights/aird

Two n-gram models are the judges, one of the collections' training tunes and one of all others. A tune is taken for one of the
collections' where the first is less surprised than the second; the border lies where as many validation tunes of the one
side as of the other are told wrong. Told are real test tunes of both sides, and what the usual and the asked model compose
for the metres and keys of all test tunes, one candidate each. Reads data/corpus.
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
    def __init__(self, these: Corpus, others: Corpus) -> None:
        self._two = [
            NGram(*([example_of(e) for e in side.split(split)] for split in ("train", "validation")), len(VOCABULARY))
            for side in (these, others)
        ]
        sides = [self._lead([example_of(entry) for entry in side.split("validation")]) for side in (these, others)]
        borders = np.sort(np.concatenate(sides))
        wrong = [abs(np.mean(sides[0] < border) - np.mean(sides[1] >= border)) for border in borders]
        self._border = borders[int(np.argmin(wrong))]

    def _lead(self, tunes: Sequence[Example]) -> NDArray[np.float64]:
        """(tunes,): by how many bits a token the first is less surprised by each."""
        mine, theirs = (judge.judge(tunes) for judge in self._two)
        return np.array([float((b[HEADER:] - a[HEADER:]).mean()) for a, b in zip(mine, theirs, strict=True)])

    def share(self, tunes: Sequence[Example]) -> float:
        """How many of the tunes are taken for the collections'."""
        return float(np.mean(self._lead(tunes) >= self._border))


def composed(folder: Path, asked: Sequence[Entry], seed: int) -> list[Example]:
    composer = Composer(load_weights(folder))
    try:
        wishes = [
            TuneRequest.check(seed=seed + at, metre=entry.metre, key=entry.key, candidates=1) for at, entry in enumerate(asked)
        ]
        return [Example.of(tune.tokens) for tune in composer.compose(wishes)]
    finally:
        composer.close()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.style", description=__doc__)
    parser.add_argument("--corpus", type=Path, default=Path("data/corpus/corpus.jsonl"))
    parser.add_argument("--model", type=Path, required=True, help="the folder of a model that was trained on some collections")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    corpus = Corpus.load(options.corpus)
    card = load_weights(options.model).card
    these = corpus.of(card["training"]["collections"])
    inside = {entry.id for entry in these.entries}
    others = Corpus([entry for entry in corpus.entries if entry.id not in inside])
    judges = Judges(these, others)
    asked = corpus.split("test")
    for name, tunes in (
        ("real tunes of these collections", [example_of(entry) for entry in these.split("test")]),
        ("real tunes of the others", [example_of(entry) for entry in others.split("test")]),
        ("the usual model", composed(SHIPPED, asked, options.seed)),
        (card["name"], composed(options.model, asked, options.seed)),
    ):
        print(f"{judges.share(tunes):6.1%} of {len(tunes):4} taken for theirs: {name}", flush=True)


if __name__ == "__main__":
    main()
