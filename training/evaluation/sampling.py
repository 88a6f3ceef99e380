"""Free sampling: what a model writes when nothing checks it.

Any model over any form of tokens is told the same headers (rhythm, metre, key) and goes on until it ends the tune. All
rows advance together, a new tune entering as soon as one is done; a tune depends on its header, the seed and its place in
the list alone, not on the batch.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from generator.composer.features import INPUTS, FeatureState, tonic_class
from generator.composer.runtime import open_runtime
from generator.composer.weights import Weights
from generator.notation import tokens as t
from generator.notation.keys import Key
from training.baselines.forms import NEVER_DRAWN, Form, Header
from training.baselines.ngram import NGram

BATCH = 128
LONGEST = 4_000  # tokens: several times what the longest tune of the corpus has in any form


class _Stepper(Protocol):
    def step(self, inputs: NDArray[np.int32], begins: NDArray[np.bool_]) -> NDArray[Any]:
        """inputs: (rows, columns) tokens and what goes with them; begins: (rows,) → (rows, vocabulary) logarithms of shares."""


class _NGramStepper:
    def __init__(self, model: NGram, rows: int) -> None:
        self.model, self.fresh = model, model.begin(rows)
        self.state = self.fresh

    def step(self, inputs: NDArray[np.int32], begins: NDArray[np.bool_]) -> NDArray[Any]:
        state = np.where(begins[:, None], self.fresh, self.state)
        self.state = self.model.advance(state, inputs[:, 0].astype(np.int64))
        return np.log(np.maximum(self.model.predict(self.state), 1e-300))


class _Tune:
    """One tune in the making."""

    def __init__(self, form: Form, header: Header, rng: np.random.Generator) -> None:
        self.rng = rng
        self.script = deque(form.opening(header))
        self.tokens: list[str] = [str(self.script.popleft())]

    def offer(self, drawn: str) -> None:
        """Takes the scripted token if there is one, else the one that the model drew."""
        if self.script and (fixed := self.script[0]) is not None:
            drawn = fixed
            self.script.popleft()
        elif self.script and drawn in ("\n", t.END):  # of a line of the header that is the model's own: its end
            self.script.popleft()
            drawn = "\n"
        self.tokens.append(drawn)


def weights_of(model: Any) -> Weights:
    """A Keras model's weights as the runtime takes them."""
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


def sample(
    model: Any, form: Form, headers: Sequence[Header], *, seed: int = 0, temperature: float = 1.0, batch: int = BATCH
) -> list[str]:
    """ABC texts of tunes, one for each header. model: a Keras model, its Weights or an NGram, over this form's vocabulary.

    What does not come to an end is cut off and stands as it is.
    """
    rows = min(batch, len(headers))
    if not rows:
        return []
    stepper: _Stepper = (
        _NGramStepper(model, rows)
        if isinstance(model, NGram)
        else open_runtime(model if isinstance(model, Weights) else weights_of(model), rows)
    )
    features = FeatureState(rows) if form.name == "tunesmith" else None
    barred = form.indices(NEVER_DRAWN) if form.name != "tunesmith" else form.indices(NEVER_DRAWN[:2])
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
                tunes[number] = _Tune(form, headers[number], np.random.default_rng((seed, number)))
                begins[row] = True
                if features:
                    features.begin(row, tonic=tonic_class(Key.parse(headers[number].key)))
        points = np.zeros(rows)
        for row, slot in enumerate(slots):
            if slot is not None:
                inputs[row, 0] = form.indices(tunes[slot].tokens[-1:])[0]
                points[row] = tunes[slot].rng.random()
        if features:
            features.advance(inputs[:, 0].astype(np.int64))
            inputs = features.inputs
        scores = stepper.step(inputs, begins).astype(np.float64) / temperature  # (rows, vocabulary)
        scores[:, barred] = -np.inf
        shares = np.cumsum(np.exp(scores - scores.max(-1, keepdims=True)), -1)
        drawn = (shares <= (points * shares[:, -1])[:, None]).sum(-1)
        for row, slot in enumerate(slots):
            if slot is not None:
                tune = tunes[slot]
                tune.offer(form.vocabulary[int(drawn[row])])
                if tune.tokens[-1] == t.END or len(tune.tokens) >= LONGEST:
                    texts[slot] = form.decode(tune.tokens, headers[slot])
                    del tunes[slot]
                    slots[row] = None
    return texts
