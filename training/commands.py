"""What `tunesmith train` does, without its command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import tensorflow as tf

from training.config import TrainConfig
from training.corpus.collect import collect, write_corpus
from training.export import export_model
from training.run_folder import read_log
from training.strategy import StrategyName, is_chief, open_strategy
from training.tracking import Comet
from training.train import train


def train_and_export(
    config: TrainConfig,
    *,
    data_dir: Path,
    run: Path,
    target: Path,
    extra: Path | None,
    echo: Callable[[str], None],
    verbose: int,
    strategy: StrategyName | None = None,
) -> None:
    """Builds the corpus, trains, and exports the model into the folder `target`. A baseline is not exported.

    Of several workers only the first writes files and prints. Raises ValueError and SourceError.
    """
    distribution = open_strategy(strategy)  # first: workers must connect before TensorFlow computes anything
    if not (chief := is_chief(distribution)):
        verbose = 0
        echo = _ignore
    echo("Reading the collections…")
    corpus = collect(data_dir / "corpus", extra=extra, echo=echo)
    manifest = corpus.manifest()
    if chief:
        write_corpus(corpus, data_dir / "corpus")
    echo(f"{manifest['tunes']:,} tunes in {manifest['families']:,} families, {manifest['tokens']:,} tokens.")
    comet = Comet.from_environment(run, config, echo) if chief else None
    try:
        model = train(
            config, corpus, run, verbose=verbose, strategy=distribution, on_epoch_end=comet.log_epoch if comet else None
        )
    except tf.errors.OpError as error:
        if strategy != "multiworker":
            raise
        message = f"Lost a worker ({type(error).__name__}). Restart all workers to resume from the last complete epoch."
        raise ValueError(message) from error
    if not chief:
        return
    card = None if config.is_baseline else export_model(config, model, corpus, run, target)
    if comet:
        comet.end(card)
    if card is None:
        best_loss = min(row["val_loss"] for row in read_log(run))
        echo(f"Validation loss: {best_loss:.4f} nats per token. The weights are in {run}.")
        return
    echo(f"Test tunes: {card['loss']['test_bits_per_note']} bits per note. The model is in {target}.")


def _ignore(_: str) -> None:
    pass
