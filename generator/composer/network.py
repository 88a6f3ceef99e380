"""The LSTM on a CPU, as compiled code: one step of many rows.

All products are of 8-bit integers and exact. What the inputs contribute is looked up in tables of 16-bit integers; from step to
step only what has changed is looked up again, and the sums stay exact. All else is computed in float32 in a fixed order. So a
row's result is the same, bit for bit, on every processor and beside any other rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from generator.composer.activation import log_softmax, sigmoid, tanh
from generator.composer.arrays import BoolArray, Float32Array, Int8Array, Int16Array, Int32Array, Int64Array
from generator.composer.compiled import compiled
from generator.composer.features import INPUTS
from generator.composer.integer_product import TILE, ZERO, ValueArray, multiply, quantize
from generator.composer.weights import Weights, first_tables, skip_tables

_SCALE, _ROUND, _UNIT = np.float32(127), np.float32(ZERO + 0.5), np.float32(1 / 127)  # outputs of a layer as integers


class Tables(NamedTuple):
    """Tables of 16-bit integers with one row for each class of an input."""

    columns: Int64Array  # of the inputs, one for each table
    starts: Int64Array  # the row with which each table begins
    rows: Int16Array  # (classes of all tables, width)
    unit: Float32Array  # (1,) the value of 1


class Network(NamedTuple):
    """The weights. They never change, so threads can share them."""

    first: Tables  # what the inputs contribute to the gates of the first layer, with the bias
    skip: Tables  # what they add to the logits, with the bias
    packed: Int8Array  # the matrices of all layers and of the logits, one after the other, see integer_product
    starts: Int64Array  # (layers + 2,) where each begins, and the end of the last
    sums: Int32Array  # (layers + 1, padded columns) with which the sums begin
    scales: Float32Array  # (layers + 1, padded columns)
    biases: Float32Array  # (layers, 4 · units), zeros in the first


class State(NamedTuple):
    """What a step changes, for each of the rows (slots), and the arrays that it works with."""

    inputs: Int32Array  # (slots, columns) of the last step
    first: Int32Array  # (slots, 4 · units) sums of the rows of `Network.first`
    skip: Int32Array  # (slots, vocabulary) of `Network.skip`
    h: ValueArray  # (layers, slots, padded units) outputs, between -127 and 127, plus ZERO
    c: Float32Array  # (layers, slots, units)
    x: ValueArray  # (slots, longest row of a matrix) what is multiplied
    z: Int32Array  # (slots, most padded columns) the products
    gates: Float32Array  # (4 · units, or the vocabulary if that is more)


def make_network(weights: Weights) -> Network:
    """Converts the weights of a trained model."""
    arrays = weights.arrays
    layers = int(weights.card["model"]["layers"])
    matrices = [quantize(_padded(arrays["lstm_0/recurrent_kernel"]))]
    for layer in range(1, layers):
        kernel, recurrent = arrays[f"lstm_{layer}/kernel"], arrays[f"lstm_{layer}/recurrent_kernel"]
        matrices.append(quantize(np.concatenate([_padded(kernel), _padded(recurrent)])))
    matrices.append(quantize(_padded(arrays["logits/kernel"])))
    biases = np.stack([arrays[f"lstm_{layer}/bias"] for layer in range(layers)])
    first, skip = first_tables(weights), skip_tables(weights)
    first[0] = first[0] + biases[0]  # every row has exactly one token
    biases[0] = 0
    bias = arrays["logits/bias"]
    if 0 in skip:
        skip[0] = skip[0] + bias
    else:
        skip[0] = np.tile(bias, (len(first[0]), 1))
    return Network(
        _tables(first),
        _tables(skip),
        np.concatenate([matrix.packed.ravel() for matrix in matrices]),
        np.cumsum([0, *(matrix.packed.size for matrix in matrices)]),
        _stacked([matrix.first for matrix in matrices]),
        _stacked([matrix.scales * _UNIT for matrix in matrices]),
        biases,
    )


def _padded(matrix: Float32Array) -> Float32Array:
    """The matrix with rows of zeros up to a multiple of 4, as the outputs of a layer have."""
    return np.pad(matrix, ((0, -len(matrix) % 4), (0, 0)))


def _stacked(rows: Sequence[NDArray[Any]]) -> NDArray[Any]:
    """One array of rows, padded with zeros to the longest."""
    return np.stack([np.pad(row, (0, max(map(len, rows)) - len(row))) for row in rows])


def _tables(tables: Mapping[int, Float32Array]) -> Tables:
    """tables: column of the inputs → (classes, width)"""
    rows = np.concatenate(list(tables.values()))
    unit = np.float32(np.abs(rows).max() / np.iinfo(np.int16).max) or np.float32(1)
    starts = np.cumsum([0, *map(len, tables.values())])[:-1]
    return Tables(np.array(list(tables)), starts, np.rint(rows / unit).astype(np.int16), np.array([unit]))


def make_state(network: Network, slots: int) -> State:
    """slots: the greatest number of rows"""
    layers, gates = network.biases.shape
    units = gates // 4
    padded, slots = -(-units // 4) * 4, -(-slots // TILE) * TILE
    return State(
        np.zeros((slots, len(INPUTS)), np.int32),
        np.zeros((slots, gates), np.int32),
        np.zeros((slots, network.skip.rows.shape[1]), np.int32),
        np.full((layers, slots, padded), ZERO, np.uint8),
        np.zeros((layers, slots, units), np.float32),
        np.full((slots, 2 * padded), ZERO, np.uint8),
        np.zeros((slots, network.sums.shape[1]), np.int32),
        np.zeros(max(gates, network.skip.rows.shape[1]), np.float32),
    )


@compiled
def advance_network(
    network: Network, state: State, inputs: Int32Array, begins: BoolArray, active: BoolArray, log_probs: Float32Array
) -> None:
    """Advances the active rows by one token and writes the log-probabilities of the next one.

    inputs: (rows, columns); begins: (rows,) where a new tune begins, which resets the state; log_probs: (rows, vocabulary)
    """
    rows = np.flatnonzero(active)
    layers, units, padded = len(network.biases), state.c.shape[2], state.h.shape[2]
    for row in rows:
        if begins[row]:
            state.h[:, row] = ZERO
            state.c[:, row] = 0
        _look_up(network.first, state.inputs[row], inputs[row], begins[row], state.first[row])
        _look_up(network.skip, state.inputs[row], inputs[row], begins[row], state.skip[row])
        state.inputs[row] = inputs[row]
    for layer in range(layers):
        length = padded if layer == 0 else 2 * padded
        for index in range(len(rows)):
            x, row = state.x[index], rows[index]
            if layer:
                x[:padded] = state.h[layer - 1, row]
            x[length - padded : length] = state.h[layer, row]
        _multiply(network, layer, state, len(rows), length)
        for index in range(len(rows)):
            row = rows[index]
            if layer:
                _add(state.z[index], network.scales[layer], network.biases[layer], state.gates[: 4 * units])
            else:
                _add_sums(state.z[index], network.scales[0], state.first[row], network.first.unit[0], state.gates[: 4 * units])
            _update(state.gates, state.c[layer, row], state.h[layer, row], units)
    for index in range(len(rows)):
        state.x[index, :padded] = state.h[layers - 1, rows[index]]
    _multiply(network, layers, state, len(rows), padded)
    logits = state.gates[: log_probs.shape[1]]
    for index in range(len(rows)):
        row = rows[index]
        _add_sums(state.z[index], network.scales[layers], state.skip[row], network.skip.unit[0], logits)
        log_softmax(logits, log_probs[row])


@compiled
def _multiply(network: Network, number: int, state: State, rows: int, length: int) -> None:
    """The product with matrix `number` of what stands in `state.x`: (rows, length) → `state.z`"""
    begin, end = network.starts[number], network.starts[number + 1]
    tiled = -(-rows // TILE) * TILE
    x, z = state.x[:tiled, :length], state.z[:tiled, : (end - begin) // length]
    multiply(x, network.packed[begin:end], network.sums[number], z)


@compiled
def _look_up(tables: Tables, before: Int32Array, inputs: Int32Array, fresh: bool, sums: Int32Array) -> None:
    """Brings the sums of table rows from the inputs before to the new ones. before, inputs: (columns,); sums: (width,)"""
    if fresh:
        sums[:] = 0
    for index in range(len(tables.columns)):
        column = tables.columns[index]
        new = inputs[column]
        if fresh:
            _plus(sums, tables.rows[tables.starts[index] + new])
        elif new != before[column]:
            _plus_minus(sums, tables.rows[tables.starts[index] + new], tables.rows[tables.starts[index] + before[column]])


@compiled
def _plus(sums: Int32Array, row: Int16Array) -> None:
    for gate in range(len(sums)):
        sums[gate] += row[gate]


@compiled
def _plus_minus(sums: Int32Array, row: Int16Array, old: Int16Array) -> None:
    for gate in range(len(sums)):
        sums[gate] += np.int32(row[gate]) - np.int32(old[gate])


@compiled
def _add(z: Int32Array, scales: Float32Array, biases: Float32Array, out: Float32Array) -> None:
    for gate in range(len(out)):
        out[gate] = np.float32(z[gate]) * scales[gate] + biases[gate]


@compiled
def _add_sums(z: Int32Array, scales: Float32Array, sums: Int32Array, unit: np.float32, out: Float32Array) -> None:
    for gate in range(len(out)):
        out[gate] = np.float32(z[gate]) * scales[gate] + np.float32(sums[gate]) * unit


@compiled
def _update(gates: Float32Array, c: Float32Array, h: ValueArray, units: int) -> None:
    """The new state of one row of a layer. gates: (4 · units,), the input, forget, candidate and output gate"""
    for unit in range(units):
        i, f = sigmoid(gates[unit]), sigmoid(gates[units + unit])
        g, o = tanh(gates[2 * units + unit]), sigmoid(gates[3 * units + unit])
        new = f * c[unit] + i * g
        c[unit] = new
        h[unit] = np.uint8(np.int32(o * tanh(new) * _SCALE + _ROUND))
