"""Data for ranking candidates: `python -m training.ranking_data`, two or three minutes on two cores.

Training writes three files beside the weights. `novelty.npz`: the melodies of all tunes of the corpus, from all splits.
`forms.json`: the forms of the training tunes. `ranking.json`: the critic, which is fitted to tell training tunes from tunes that
the model composes for their headers. What the judge of `tunesmith evaluate` sees, held-out tunes, has no part in it.
"""

from __future__ import annotations

import argparse
import statistics
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from generator.composer import form_table, novelty, ranking
from generator.composer.candidates import ComposedTune
from generator.composer.composer import Composer, ComposingError
from generator.composer.idiom import Idiom
from generator.composer.measures import pitches
from generator.composer.music import music_of
from generator.composer.novelty import Novelty
from generator.composer.ranking import OTHERS, Critic, Trait, grouped_traits
from generator.composer.weights import SHIPPED, Weights, load_weights
from generator.request import RequestError, TuneRequest
from training.corpus.corpus import Corpus, Entry, score_of
from training.form_data import form_table_of
from training.regression import Regression
from training.titles.blocklist import is_offensive

HEADERS = 3_000  # training tunes at most whose headers are composed for; more of them told no more
TUNES = 2  # composed for each header
SEED = 8_000_000  # of the first tune; `tunesmith evaluate` composes with other seeds
SLOTS = 64  # tunes composed at once
ENOUGH = 30  # real and composed tunes of a rhythm for weights of its own
PRIOR_TUNES = 20  # like all tunes, which are added to those of a rhythm
NO_SURPRISE = 1e9, 1.0  # nothing is too surprising
RUNS = 40  # quantiles of the shared runs that are kept

Array = NDArray[np.float64]


def write_ranking_data(corpus: Corpus, trained_on: Corpus, folder: Path) -> None:
    """Writes the files for a model into the folder of its weights.

    corpus: the tunes that must not be copied. trained_on: the part of them that the model was trained on.
    """
    scores = {entry.id: score_of(entry) for entry in corpus.entries}
    known = (("" if is_offensive(entry.title) else entry.title, pitches(scores[entry.id])) for entry in corpus.entries)
    Novelty.of(known).save(folder / novelty.FILE)
    training, held_out = trained_on.split("train"), trained_on.split("validation")
    form_table_of(training).save(folder / form_table.FILE)
    earlier = Novelty.of((entry.title, pitches(scores[entry.id])) for entry in corpus.split("train"))
    runs = sorted(float(found.notes) for found in earlier.closest([pitches(scores[entry.id]) for entry in held_out]))
    Critic({}, Idiom({}, {}, {}), NO_SURPRISE, ()).save(folder / ranking.FILE)  # without a ranking until there is a critic
    composed = compose(load_weights(folder), training)
    kept = [runs[round(step / RUNS * (len(runs) - 1))] for step in range(RUNS + 1)] if runs else []
    fit_critic(training, composed, kept).save(folder / ranking.FILE)


def compose(weights: Weights, entries: Sequence[Entry]) -> list[tuple[ComposedTune, Entry]]:
    """Tunes for the headers of training tunes, each the first candidate, so that no ranking has a part in them."""
    chosen = np.random.default_rng(SEED).permutation(len(entries))[:HEADERS]
    composer = Composer(weights, slots=SLOTS)
    waiting = []
    try:
        for number, index in enumerate(chosen.repeat(TUNES), SEED):
            entry = entries[int(index)]
            try:
                request = TuneRequest.check(rhythm=entry.rhythm, key=entry.key, metre=entry.metre, seed=number, candidates=1)
            except RequestError:
                continue  # a jig in 3/4, which some collections have, cannot be asked for
            waiting.append((composer.submit(request), entry))
        found = []
        for future, entry in waiting:
            try:
                found.append((future.result(), entry))
            except ComposingError:
                continue  # all candidates were copies
        return found
    finally:
        composer.close()


def fit_critic(entries: Sequence[Entry], composed: Sequence[tuple[ComposedTune, Entry]], shared_runs: Sequence[float]) -> Critic:
    """Fits the critic to real tunes and to tunes that were composed for the headers of some of them.

    shared_runs: see Critic. Without composed tunes it scores the novelty alone.
    """
    real = [(score, music_of(score)) for score in map(score_of, entries)]
    idiom = Idiom.of(real)
    headers = {entry.id for _, entry in composed}
    rows = [
        (grouped_traits(score, idiom, music=music, counted=True), entry)
        for (score, music), entry in zip(real, entries, strict=True)
        if entry.id in headers
    ]
    told = len(rows)
    rows += [(grouped_traits(tune.score, idiom), entry) for tune, entry in composed]
    if not rows:
        return Critic({}, idiom, NO_SURPRISE, shared_runs)
    flat = [{name: value for group in groups.values() for name, value in group.items()} for groups, _ in rows]
    names, values = list(flat[0]), np.array([list(row.values()) for row in flat])  # (tunes, traits)
    rhythms = np.array([entry.rhythm for _, entry in rows])
    usual = {
        rhythm: _usual(values[:told], rhythms[:told] == rhythm)
        for rhythm in (OTHERS, *sorted({*rhythms[:told].tolist()} - {OTHERS}))
    }
    of_each = np.array([usual[rhythm] for rhythm in rhythms])  # (tunes, 2, traits)
    standard = (values - of_each[:, 0]) / np.where(of_each[:, 1], of_each[:, 1], 1.0)
    target = (np.arange(len(rows)) < told).astype(float)
    folds = np.array([zlib.crc32(entry.family.encode()) for _, entry in rows])
    fitted = Regression.fit(standard, target, folds)
    traits = {OTHERS: _traits(names, usual[OTHERS], fitted)}
    for rhythm in sorted(usual.keys() - {OTHERS}):
        own = rhythms == rhythm
        enough = min(own[:told].sum(), own[told:].sum()) >= ENOUGH
        of_rhythm = Regression.fit(standard[own], target[own], folds[own], fitted) if enough else fitted
        traits[rhythm] = _traits(names, usual[rhythm], of_rhythm)
    bits = [tune.bits_per_token for tune, _ in composed]
    surprise = _short(float(np.quantile(bits, 0.9))), _short(max(statistics.pstdev(bits), 1e-3))
    return Critic(traits, idiom, surprise, shared_runs)


def _traits(names: Sequence[str], usual: Array, fitted: Regression) -> dict[str, Trait]:
    """The traits of a rhythm. usual: see _usual. The regression has standardized once more: real and composed tunes together."""
    (mean, deviation), (weights, distance_weights) = usual, np.split(fitted.weights[:-1], 2)
    columns = mean + fitted.mean * deviation, fitted.deviation * deviation, weights, distance_weights
    return {name: Trait(*map(_short, row)) for name, row in zip(names, np.stack(columns, 1), strict=True)}


def _usual(values: Array, chosen: NDArray[np.bool_]) -> Array:
    """(2, traits): means and standard deviations over the chosen tunes and PRIOR_TUNES like all of them."""
    mean, variance = values.mean(0), values.var(0)
    total = chosen.sum() + PRIOR_TUNES
    own = (values[chosen].sum(0) + PRIOR_TUNES * mean) / total
    squares = ((values[chosen] - own) ** 2).sum(0) + PRIOR_TUNES * (variance + (mean - own) ** 2)
    return np.stack([own, np.sqrt(squares / total)])


def _short(value: float) -> float:
    return float(f"{value:.4g}")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m training.ranking_data", description=__doc__)
    parser.add_argument("--corpus", type=Path, default=Path("data/corpus/corpus.jsonl"))
    parser.add_argument("--model", type=Path, default=SHIPPED, help="folder with the weights; the files are written there")
    options = parser.parse_args()
    corpus = Corpus.load(options.corpus)
    trained_on = corpus.of(load_weights(options.model).card["training"].get("collections", ()))
    write_ranking_data(corpus, trained_on, options.model)


if __name__ == "__main__":
    main()
