"""What candidates are ranked by, measured on the corpus: `python -m training.ranking`, about two minutes on one core.

Training does it beside the weights. `novelty.npz` holds the melodies of all tunes of the corpus, whatever side of the split
they are on; `ranking.json` what the training tunes are like, and how surprising the model finds them.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from generator.composer import novelty, ranking
from generator.composer.measures import pitches
from generator.composer.novelty import Novelty
from generator.composer.weights import SHIPPED, load_weights
from generator.notation.keys import Key
from generator.notation.tokens import bars_per_part, cadence_class
from training.baselines.forms import Judge, judge_of
from training.corpus.corpus import Corpus, score_of
from training.dataset import Example
from training.titles.blocklist import is_offensive

HEADER = 3  # tokens that are told, besides <start>


def bits_per_token(training_titles: list[Example], judge: Judge) -> list[float]:
    """Of each tune the mean bits of the tokens after the header."""
    return [float(bits[HEADER:].mean()) for bits in judge(training_titles)]


def write(known: Corpus, learned_from: Corpus, judge: Judge, folder: Path) -> None:
    """Writes both files for a model, by its judge, into the folder of its weights.

    `known` are the tunes of which none is to be copied, `learned_from` those among them that the model learned from.
    """
    scores = {entry.id: score_of(entry) for entry in known.entries}
    shown = (("" if is_offensive(entry.title) else entry.title, pitches(scores[entry.id])) for entry in known.entries)
    Novelty.of(shown).save(folder / novelty.FILE)
    learned = learned_from.split("train")
    training_titles = [
        Example.of(entry.tokens, Key.parse(entry.key), bars_per_part(entry.tokens), cadence_class(entry.tokens))
        for entry in learned
    ]
    bits = bits_per_token(training_titles, judge)
    ranking.Judge.of([scores[entry.id] for entry in learned], bits).save(folder / ranking.FILE)


def main() -> None:
    from training.evaluation.evaluate import model_of_weights

    parser = argparse.ArgumentParser(prog="python -m training.ranking", description=__doc__)
    parser.add_argument("--corpus", type=Path, default=Path("data/corpus/corpus.jsonl"))
    parser.add_argument("--model", type=Path, default=SHIPPED, help="the folder with the weights, where the files are written")
    options = parser.parse_args()
    weights = load_weights(options.model)
    corpus = Corpus.load(options.corpus)
    learned_from = corpus.of(weights.card["training"].get("collections", ()))
    write(corpus, learned_from, judge_of(model_of_weights(weights).network), options.model)


if __name__ == "__main__":
    main()
