"""What `tunesmith train` does, without the command line around it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import tensorflow as tf

from training.config import TrainConfig
from training.corpus.collect import collect, write_corpus
from training.run import rows_of
from training.strategy import Name, is_chief, named
from training.tracking import Comet
from training.train import ship, train


def train_and_ship(
    config: TrainConfig,
    *,
    data_dir: Path,
    run: Path,
    target: Path,
    extra: Path | None,
    echo: Callable[[str], None],
    verbose: int,
    strategy: Name | None = None,
) -> None:
    """Builds the corpus and trains; a model of our own tokens is written into `target`, a baseline's weights stay in `run`.

    Of several workers the first writes and speaks. Raises ValueError and SourceError.
    """
    chosen = named(strategy)  # first: several workers find each other before anything is computed
    if not (chief := is_chief(chosen)):
        verbose = 0
        echo = _silent
    echo("Reading the collections…")
    corpus = collect(data_dir / "corpus", extra=extra, echo=echo)
    manifest = corpus.manifest()
    if chief:
        write_corpus(corpus, data_dir / "corpus")
    echo(f"{manifest['tunes']:,} tunes in {manifest['families']:,} families, {manifest['tokens']:,} tokens.")
    comet = Comet.wished(run, config, echo) if chief else None
    try:
        model = train(config, corpus, run, verbose=verbose, strategy=chosen, each_epoch=comet.epoch if comet else None)
    except tf.errors.OpError as error:
        if strategy != "multiworker":
            raise
        sentence = (
            f"A worker is gone ({type(error).__name__}). Start all of them again: the run goes on from its last whole epoch."
        )
        raise ValueError(sentence) from error
    if not chief:
        return
    card = ship(config, model, corpus, run, target) if config.tokens == "tunesmith" else None
    if comet:
        comet.end(card)
    if card is None:
        echo(
            f"{min(row['val_loss'] for row in rows_of(run)):.4f} nats a token on the validation tunes. The weights are in {run}."
        )
        return
    echo(f"{card['loss']['test_bits_per_note']} bits a note on the test tunes. The model is in {target}.")


def _silent(_: str) -> None:
    pass
