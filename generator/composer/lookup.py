"""What the inputs add to the first layer's gates: a row of each input's table, added up.

OpenVINO's own lookup of float32 rows took a third of a step. These are whole numbers of 16 bits, half as much to read, whose
sums are exact.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from generator.composer.compiled import compiled


class Lookup:
    """Sums of table rows, one of each input. Nothing in it changes."""

    def __init__(self, tables: Mapping[int, NDArray[np.float32]]) -> None:
        """Tables by column of the inputs: (classes, width) each."""
        rows = np.concatenate(list(tables.values()))
        self._unit = np.float32(np.abs(rows).max() / np.iinfo(np.int16).max) or np.float32(1)
        self._rows = np.rint(rows / self._unit).astype(np.int16)
        self._columns = np.array(list(tables))
        self._firsts = np.cumsum([0, *map(len, tables.values())])[:-1]  # where each table begins
        self.width = rows.shape[1]
        self(np.zeros((1, max(tables) + 1), np.int32), np.zeros((1, self.width), np.float32))  # compiled now, or read

    def __call__(self, inputs: NDArray[np.int32], out: NDArray[np.float32]) -> None:
        """inputs: (rows, columns); out: (rows, width), which is filled."""
        _add_up(inputs, self._columns, self._firsts, self._rows, self._unit, out)


@compiled
def _add_up(inputs: Any, columns: Any, firsts: Any, rows: Any, unit: Any, out: Any) -> None:
    total = np.empty(out.shape[1], np.int32)
    for row in range(len(out)):
        total[:] = 0
        for place in range(len(columns)):
            looked_up = rows[firsts[place] + inputs[row, columns[place]]]
            for gate in range(len(total)):
                total[gate] += looked_up[gate]
        for gate in range(len(total)):
            out[row, gate] = total[gate] * unit
