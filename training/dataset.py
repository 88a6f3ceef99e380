"""From a corpus to training and validation batches, for our model and for the baselines."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from generator.composer.returns import outline_of
from generator.notation.keys import Key
from generator.notation.structure import illegal_bars
from generator.notation.tokens import cadence_class
from training.baselines.tokenizers import make_tokenizer
from training.baselines.windows import Windows
from training.batches import Batches, BatchSource, Example
from training.config import TrainConfig
from training.corpus.corpus import Corpus, Entry, score_of

THIN = 100  # training tunes: the tunes of rarer rhythms get a greater weight
MAX_WEIGHT = 3.0


def example_of(entry: Entry) -> Example:
    """An example that knows the form of the tune."""
    return Example.of(entry.tokens, Key.parse(entry.key), outline_of(entry.tokens), cadence_class(entry.tokens))


def rhythm_weights(entries: Sequence[Entry]) -> dict[str, float]:
    """How much a tune of each rhythm counts in training: more than 1 if there are fewer than THIN of them."""
    counts = Counter(entry.rhythm for entry in entries)
    return {rhythm: min(max(math.sqrt(THIN / count), 1.0), MAX_WEIGHT) for rhythm, count in counts.items()}


def training_entries(corpus: Corpus) -> list[Entry]:
    """The training split without tunes whose bars have a wrong length: a model would learn to write such bars."""
    return [entry for entry in corpus.split("train") if not illegal_bars(score_of(entry))]


def load_dataset(config: TrainConfig, corpus: Corpus) -> tuple[BatchSource, BatchSource, int]:
    """(training batches, validation batches, size of the vocabulary)."""
    if config.tokenizer != "tunesmith":
        return _baseline_dataset(config, corpus)
    entries = training_entries(corpus)
    weights = rhythm_weights(entries)
    training = [replace(example_of(entry), weight=weights[entry.rhythm]) for entry in entries]
    validation = [example_of(entry) for entry in corpus.split("validation")]
    hidden = {"header_dropout": config.header_dropout, "form_dropout": config.form_dropout}
    batches = Batches(training, config.batch_size, **hidden, seed=config.seed)
    return batches, Batches(validation, config.batch_size), config.model.vocabulary


def _baseline_dataset(config: TrainConfig, corpus: Corpus) -> tuple[BatchSource, BatchSource, int]:
    tokenizer = make_tokenizer(config.tokenizer, corpus.split("train"))
    training = [tokenizer.example(entry) for entry in corpus.split("train")]
    validation = [tokenizer.example(entry) for entry in corpus.split("validation")]
    batches: Batches
    if config.sequence_length:
        batches = Windows(training, config.batch_size, config.sequence_length, seed=config.seed)
    else:
        batches = Batches(training, config.batch_size, seed=config.seed)
    return batches, Batches(validation, max(config.batch_size, 32)), len(tokenizer.vocabulary)
