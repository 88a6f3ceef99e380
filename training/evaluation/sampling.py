"""Free sampling: tunes from a model without the grammar.

A model over any tokenizer gets a header (rhythm, metre, key) and continues until the tune ends. All rows of the batch advance
together; a new tune takes the row of a finished one. A tune depends only on its header, the seed and its index, not on the
batch.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any, Protocol

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from generator.composer.features import INPUTS, FeatureState, tonic_class
from generator.composer.runtime import open_runtime
from generator.composer.weights import Weights
from generator.notation import tokens as t
from generator.notation.keys import Key
from training.baselines.ngram import NGram
from training.baselines.tokenizers import NEVER_SAMPLED, Header, Tokenizer

BATCH_SIZE = 128
READ_AHEAD = 64  # tokens, in multiples of which a transformer reads
MAX_TOKENS = 4_000  # tokens, several times as many as the longest tune of the corpus has with any tokenizer


class _Stepper(Protocol):
    def step(self, inputs: NDArray[np.int32], begins: NDArray[np.bool_]) -> NDArray[Any]:
        """Advances all rows by one token.

        inputs: (rows, columns), the token and the features. begins: (rows,), where a tune begins. Returns log probabilities
        (rows, vocabulary).
        """


class _NGramStepper:
    def __init__(self, model: NGram, rows: int) -> None:
        self.model, self.fresh = model, model.initial_state(rows)
        self.state = self.fresh

    def step(self, inputs: NDArray[np.int32], begins: NDArray[np.bool_]) -> NDArray[Any]:
        state = np.where(begins[:, None], self.fresh, self.state)
        self.state = self.model.advance(state, inputs[:, 0].astype(np.int64))
        return np.log(np.maximum(self.model.predict(self.state), 1e-300))


class _KerasStepper:
    """For a model without a runtime: reads each tune again from its beginning at every step."""

    def __init__(self, model: Any, rows: int) -> None:
        self.predict = tf.function(model, reduce_retracing=True, autograph=False)
        self.read = np.zeros((rows, READ_AHEAD, len(INPUTS)), np.int32)
        self.lengths = np.zeros(rows, np.int64)

    def step(self, inputs: NDArray[np.int32], begins: NDArray[np.bool_]) -> NDArray[Any]:
        self.lengths[begins] = 0
        if self.lengths.max() == self.read.shape[1]:
            self.read = np.concatenate([self.read, np.zeros_like(self.read[:, :READ_AHEAD])], 1)
        rows = np.arange(len(inputs))
        self.read[rows, self.lengths] = inputs
        self.lengths += 1
        until = (
            -(-int(self.lengths.max()) // READ_AHEAD) * READ_AHEAD
        )  # the model does not look ahead, so what follows is ignored
        logits = self.predict(self.read[:, :until], training=False)  # (rows, time, vocabulary)
        return np.asarray(tf.nn.log_softmax(tf.gather(logits, self.lengths - 1, batch_dims=1)))


class _Tune:
    """A tune while it is sampled."""

    def __init__(self, tokenizer: Tokenizer, header: Header, rng: np.random.Generator) -> None:
        self.rng = rng
        self.header_tokens = deque(tokenizer.opening(header))
        self.tokens: list[str] = [str(self.header_tokens.popleft())]

    def append(self, sampled: str) -> None:
        """Appends the next token of the header, if any is left, else the sampled one."""
        if self.header_tokens and (fixed := self.header_tokens[0]) is not None:
            sampled = fixed
            self.header_tokens.popleft()
        elif self.header_tokens and sampled in ("\n", t.END):  # the end of a header line that the model writes itself
            self.header_tokens.popleft()
            sampled = "\n"
        self.tokens.append(sampled)


def is_recurrent(model: Any) -> bool:
    """Whether a Keras model has LSTM layers, so that a runtime can keep its state; a transformer has none."""
    return any(isinstance(layer, keras.layers.LSTM) for layer in model.layers)


def weights_of(model: Any) -> Weights:
    """The weights of a Keras model in the form that the runtime takes."""
    arrays = {
        f"{layer.name}/{variable.path.split('/')[-1]}": np.asarray(variable.value, np.float32)
        for layer in model.layers
        for variable in layer.variables
        if "seed" not in variable.path
    }
    layers = sum(name.startswith("lstm_") and name.endswith("/kernel") for name in arrays)
    gain = next((layer.scale for layer in model.layers if layer.name == "skip_gain"), 0.0)
    units = arrays["lstm_0/recurrent_kernel"].shape[0]
    return Weights(arrays, {"model": {"layers": layers, "units": units, "skip_gain": gain}})


def _stepper(model: Any, rows: int) -> _Stepper:
    if isinstance(model, NGram):
        return _NGramStepper(model, rows)
    if isinstance(model, Weights):
        return open_runtime(model, rows)
    return open_runtime(weights_of(model), rows) if is_recurrent(model) else _KerasStepper(model, rows)


def sample(
    model: Any,
    tokenizer: Tokenizer,
    headers: Sequence[Header],
    *,
    seed: int = 0,
    temperature: float = 1.0,
    batch_size: int = BATCH_SIZE,
) -> list[str]:
    """Samples one tune for each header, as ABC texts.

    model: a Keras model, its Weights or an NGram, over the tokenizer's vocabulary. A tune without an end is cut off.
    """
    rows = min(batch_size, len(headers))
    if not rows:
        return []
    stepper = _stepper(model, rows)
    features = FeatureState(rows) if tokenizer.name == "tunesmith" else None
    never = tokenizer.indices(NEVER_SAMPLED) if tokenizer.name != "tunesmith" else tokenizer.indices(NEVER_SAMPLED[:2])
    texts = [""] * len(headers)
    waiting = deque(range(len(headers)))
    slots: list[int | None] = [None] * rows
    tunes: dict[int, _Tune] = {}
    inputs = np.zeros((rows, len(INPUTS)), np.int32)
    while waiting or tunes:
        begins = np.zeros(rows, np.bool_)
        for row, slot in enumerate(slots):
            if slot is None and waiting:
                number = slots[row] = waiting.popleft()
                tunes[number] = _Tune(tokenizer, headers[number], np.random.default_rng((seed, number)))
                begins[row] = True
                if features:
                    features.begin(row, tonic=tonic_class(Key.parse(headers[number].key)))
        points = np.zeros(rows)
        for row, slot in enumerate(slots):
            if slot is not None:
                inputs[row, 0] = tokenizer.indices(tunes[slot].tokens[-1:])[0]
                points[row] = tunes[slot].rng.random()
        if features:
            features.advance(inputs[:, 0].astype(np.int64))
            inputs = features.inputs
        logits = stepper.step(inputs, begins).astype(np.float64) / temperature  # (rows, vocabulary)
        logits[:, never] = -np.inf
        cumulative = np.cumsum(np.exp(logits - logits.max(-1, keepdims=True)), -1)
        sampled = (cumulative <= (points * cumulative[:, -1])[:, None]).sum(-1)
        for row, slot in enumerate(slots):
            if slot is not None:
                tune = tunes[slot]
                tune.append(tokenizer.vocabulary[int(sampled[row])])
                if tune.tokens[-1] == t.END or len(tune.tokens) >= MAX_TOKENS:
                    texts[slot] = tokenizer.decode(tune.tokens, headers[slot])
                    del tunes[slot]
                    slots[row] = None
    return texts
