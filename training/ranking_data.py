"""Data for ranking candidates, measured on the corpus: `python -m training.ranking_data`, about two minutes on one core.

Training writes three files beside the weights. `novelty.npz`: the melodies of all tunes of the corpus, from all splits.
`ranking.json`: statistics of the training tunes, and how surprising they are to the model. `forms.json`: their forms.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from generator.composer import form_table, novelty, ranking
from generator.composer.measures import pitches
from generator.composer.novelty import Novelty
from generator.composer.weights import SHIPPED, load_weights
from training.batches import Example
from training.corpus.corpus import Corpus, score_of
from training.dataset import example_of
from training.form_data import form_table_of
from training.likelihood import TokenBits, token_bits_of
from training.titles.blocklist import is_offensive

HEADER_TOKENS = 3  # after <start>


def bits_per_token(examples: list[Example], token_bits: TokenBits) -> list[float]:
    """The mean bits per token after the header, for each tune."""
    return [float(bits[HEADER_TOKENS:].mean()) for bits in token_bits(examples)]


def write_ranking_data(corpus: Corpus, trained_on: Corpus, token_bits: TokenBits, folder: Path) -> None:
    """Writes the files for a model into the folder of its weights.

    corpus: the tunes that must not be copied. trained_on: the part of them that the model was trained on.
    """
    scores = {entry.id: score_of(entry) for entry in corpus.entries}
    known = (("" if is_offensive(entry.title) else entry.title, pitches(scores[entry.id])) for entry in corpus.entries)
    Novelty.of(known).save(folder / novelty.FILE)
    training, held_out = trained_on.split("train"), trained_on.split("validation")
    bits = bits_per_token([example_of(entry) for entry in training], token_bits)
    earlier = Novelty.of((entry.title, pitches(scores[entry.id])) for entry in corpus.split("train"))
    runs = [float(found.notes) for found in earlier.closest([pitches(scores[entry.id]) for entry in held_out])]
    ranking.Critic.of([scores[entry.id] for entry in training], bits, runs).save(folder / ranking.FILE)
    form_table_of(training).save(folder / form_table.FILE)


def main() -> None:
    from training.evaluation.evaluate import model_of_weights

    parser = argparse.ArgumentParser(prog="python -m training.ranking_data", description=__doc__)
    parser.add_argument("--corpus", type=Path, default=Path("data/corpus/corpus.jsonl"))
    parser.add_argument("--model", type=Path, default=SHIPPED, help="folder with the weights; the files are written there")
    options = parser.parse_args()
    weights = load_weights(options.model)
    corpus = Corpus.load(options.corpus)
    trained_on = corpus.of(weights.card["training"].get("collections", ()))
    write_ranking_data(corpus, trained_on, token_bits_of(model_of_weights(weights).network), options.model)


if __name__ == "__main__":
    main()
