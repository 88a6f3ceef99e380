"""How well a model predicts tunes: bits per token, and bits per note, which are comparable between tokenizers."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.baselines.tokenizers import Tokenizer
from training.batches import Batches, Example
from training.corpus.corpus import Entry

TokenBits = Callable[[Sequence[Example]], list[NDArray[np.float64]]]  # for each example, the bits of each token but the first


def bits_per_note(
    tokenizer: Tokenizer, entries: Sequence[Entry], token_bits: TokenBits, example_of: Callable[[Entry], Example] | None = None
) -> float:
    """The bits of everything after the header, including the end, divided by the number of notes.

    example_of: what the model is told of a tune; by default only its header, as all tokenizers can.
    An unknown token costs the bits of `<unknown>`, not of which unknown token it is: this favours the model.
    """
    examples = [(example_of or tokenizer.example)(entry) for entry in entries]
    total = sum(
        float(bits[tokenizer.body_start(tokenizer.encode(entry)) - 1 :].sum())
        for entry, bits in zip(entries, token_bits(examples), strict=True)
    )
    return total / sum(example.notes for example in examples)


def token_bits_of(model: Any, batch_size: int = 32) -> TokenBits:
    """The TokenBits function of a Keras model; each tune starts from an empty state."""

    def token_bits(examples: Sequence[Example]) -> list[NDArray[np.float64]]:
        found: dict[int, NDArray[np.float64]] = {}
        batches = Batches(examples, batch_size)
        for group, (inputs, targets, _) in zip(batches.groups, batches, strict=True):
            logits = np.asarray(model(inputs, training=False), np.float64)  # (batch, time, vocabulary)
            logits -= logits.max(-1, keepdims=True)
            target_logits = np.take_along_axis(logits, targets[..., None], -1)[..., 0]  # (batch, time)
            nats = np.log(np.exp(logits).sum(-1)) - target_logits  # (batch, time)
            for row, number in enumerate(group):
                found[int(number)] = nats[row, : len(examples[number].tokens) - 1] / math.log(2)
        return [found[number] for number in range(len(examples))]

    return token_bits
