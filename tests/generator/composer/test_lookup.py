"""The lookup gives exact sums of integers that are close to the tables' values."""

from __future__ import annotations

import numpy as np

from generator.composer.lookup import Lookup

RNG = np.random.default_rng(3)
TABLES = {0: RNG.normal(0, 2, (12, 32)).astype(np.float32), 2: RNG.normal(0, 1, (5, 32)).astype(np.float32)}


def test_one_row_of_each_table_is_added_up() -> None:
    inputs, out = np.array([[11, 9, 0], [3, 9, 4], [3, 9, 4]], np.int32), np.zeros((3, 32), np.float32)
    Lookup(TABLES)(inputs, out)
    assert np.allclose(out, TABLES[0][inputs[:, 0]] + TABLES[2][inputs[:, 2]], atol=3e-4)
    assert np.array_equal(out[1], out[2])


def test_tables_of_zeros_add_nothing() -> None:
    out = np.ones((1, 8), np.float32)
    Lookup({0: np.zeros((2, 8), np.float32)})(np.zeros((1, 1), np.int32), out)
    assert not out.any()
