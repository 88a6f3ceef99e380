"""Exports a trained model: weights, card and the data for ranking candidates, in the form that the composer loads."""

from __future__ import annotations

import math
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import keras

from generator.composer.weights import save_weights
from training.baselines.tokenizers import make_tokenizer
from training.config import TrainConfig
from training.corpus.corpus import Corpus
from training.dataset import example_of, training_entries
from training.likelihood import bits_per_note, token_bits_of
from training.ranking_data import write_ranking_data
from training.run_folder import read_log


def export_model(config: TrainConfig, model: keras.Model, corpus: Corpus, run: Path, target: Path) -> dict[str, Any]:
    """Writes the model of a finished run into the folder `target`; returns its card."""
    trained_on = corpus.of(config.collections)
    log = read_log(run)
    best = min(log, key=lambda row: row["val_loss"])
    tokenizer = make_tokenizer("tunesmith", ())
    token_bits = token_bits_of(model)
    card = {
        "name": config.name,
        "description": config.description,
        "date": datetime.now(UTC).date().isoformat(),
        "model": asdict(config.model),
        "parameters": model.count_params(),
        "data": trained_on.manifest(),
        "training": {
            **{name: value for name, value in asdict(config).items() if name not in ("name", "description", "model")},
            "epochs_run": len(log),
            "best_epoch": int(best["epoch"]) + 1,
            "steps_per_epoch": math.ceil(len(training_entries(trained_on)) / config.batch_size),
        },
        "loss": {
            "train_nats_per_token": round(best["loss"], 4),
            "validation_nats_per_token": round(best["val_loss"], 4),
            "validation_accuracy": round(best["val_accuracy"], 4),
            **{
                f"{split}_bits_per_note{name}": round(bits_per_note(tokenizer, trained_on.split(split), token_bits, told), 4)
                for split in ("validation", "test")
                for name, told in (("", None), ("_told_the_form", example_of))
            },
        },
    }
    save_weights(model, card, target)
    write_ranking_data(corpus, trained_on, target)
    return card
