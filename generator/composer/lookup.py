"""What the inputs contribute to the gates of the first LSTM layer: one row from each input's table, summed.

OpenVINO's own lookup of float32 rows took a third of a step. These tables hold 16-bit integers: half as much to read, and
their sums are exact.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from generator.composer.arrays import Float32Array, Int16Array, Int32Array, Int64Array
from generator.composer.compiled import compiled


class Lookup:
    """Sums of table rows, one row for each input. It never changes, so threads can share it."""

    def __init__(self, tables: Mapping[int, Float32Array]) -> None:
        """tables: column of the inputs → (classes, width)"""
        rows = np.concatenate(list(tables.values()))
        self._unit = np.float32(np.abs(rows).max() / np.iinfo(np.int16).max) or np.float32(1)
        self._rows: Int16Array = np.rint(rows / self._unit).astype(np.int16)  # (all classes, width)
        self._columns = np.array(list(tables))
        self._firsts = np.cumsum([0, *map(len, tables.values())])[:-1]  # the row with which each table begins
        self.width = int(rows.shape[1])
        # Compiles now, or reads what was compiled, rather than during the first request.
        self(np.zeros((1, max(tables) + 1), np.int32), np.zeros((1, self.width), np.float32))

    def __call__(self, inputs: Int32Array, out: Float32Array) -> None:
        """Fills `out`, (rows, width). inputs: (rows, columns)"""
        _add_up(inputs, self._columns, self._firsts, self._rows, self._unit, out)


@compiled
def _add_up(
    inputs: Int32Array, columns: Int64Array, firsts: Int64Array, rows: Int16Array, unit: np.float32, out: Float32Array
) -> None:
    total = np.empty(out.shape[1], np.int32)
    for row in range(len(out)):
        total[:] = 0
        for index in range(len(columns)):
            looked_up = rows[firsts[index] + inputs[row, columns[index]]]
            for gate in range(len(total)):
                total[gate] += looked_up[gate]
        for gate in range(len(total)):
            out[row, gate] = total[gate] * unit
