"""The runtime on a CPU: network, grammar and drawing as one loop of compiled code."""

from __future__ import annotations

import numpy as np

from generator.composer.arrays import BoolArray, Float32Array, Int32Array
from generator.composer.batch import DONE, Batch, BatchArrays, advance_rows
from generator.composer.compiled import compiled
from generator.composer.features import FeatureArrays
from generator.composer.grammar_state import GrammarArrays
from generator.composer.grammar_tables import TABLES, Tables
from generator.composer.network import Network, State, advance_network, make_network, make_state
from generator.composer.weights import Weights

# Tokens of each row before Python may start other rows and report bars. Python takes about as long as one token of four rows.
MOST_STEPS = 16


class CpuRuntime:
    """See runtime.Runtime. It computes in the thread that calls it, without Python's global lock."""

    def __init__(self, weights: Weights, slots: int, *, network: Network | None = None) -> None:
        """network: what `make_network` returns, if runtimes are to share it"""
        self._network = network or make_network(weights)
        self._state = make_state(self._network, slots)
        self._log_probs = np.zeros((slots, self._network.skip.rows.shape[1]), np.float32)

    def step(self, inputs: Int32Array, begins: BoolArray) -> Float32Array:
        rows = len(inputs)
        advance_network(self._network, self._state, inputs, begins, np.ones(rows, np.bool_), self._log_probs)
        return self._log_probs[:rows]

    def advance(self, batch: Batch, begins: BoolArray, active: BoolArray) -> None:
        _advance(self._network, self._state, self._log_probs, *batch.compiled_arrays, begins, active, TABLES)


@compiled
def _advance(
    network: Network,
    state: State,
    log_probs: Float32Array,
    batch: BatchArrays,
    grammar: GrammarArrays,
    features: FeatureArrays,
    begins: BoolArray,
    active: BoolArray,
    tables: Tables,
) -> None:
    for row in range(len(active)):
        if active[row]:
            batch.events[row] = 0
    for _ in range(MOST_STEPS):
        advance_network(network, state, features.inputs, begins, active, log_probs)
        begins[:] = False
        if advance_rows(batch, grammar, features, log_probs, active, tables) >= DONE:
            break
