"""The functions between the network's products, for compiled code: the same bits on every processor.

They only add, multiply, divide and look up, each rounded as IEEE 754 prescribes; a library's exp and tanh differ in their last
bits from system to system. Loops over them are compiled to vector instructions.
"""

from __future__ import annotations

import numpy as np

from generator.composer.arrays import Float32Array
from generator.composer.compiled import compiled

_FLOAT = np.float32
# Lambert's continued fraction for tanh(x), to the ninth power: x · top(x²) / bottom(x²)
_TOP = tuple(map(_FLOAT, (34459425, 4729725, 135135, 990)))
_BOTTOM = tuple(map(_FLOAT, (34459425, 16216200, 945945, 13860, 45)))
_MOST = _FLOAT(6.2)  # there the fraction is 0.999996; further out it would exceed 1
_HALF, _ONE = _FLOAT(0.5), _FLOAT(1)

_LEAST = _FLOAT(-80)  # e to a smaller number counts as 0
_PER_POWER = 16  # powers of e are looked up at multiples of 1/16
_STEP, _PER_STEP = _FLOAT(1 / _PER_POWER), _FLOAT(_PER_POWER)
_POWERS = np.array([np.exp(np.float64(-number) / _PER_POWER) for number in range(80 * _PER_POWER + 1)]).astype(_FLOAT)
_SERIES = tuple(_FLOAT(1 / divisor) for divisor in (2, 6, 24))


@compiled
def tanh(x: np.float32) -> np.float32:
    """Differs from the exact value by at most 1e-5."""
    x = min(max(x, -_MOST), _MOST)
    square = x * x
    top = x * (_TOP[0] + square * (_TOP[1] + square * (_TOP[2] + square * (_TOP[3] + square))))
    return top / (_BOTTOM[0] + square * (_BOTTOM[1] + square * (_BOTTOM[2] + square * (_BOTTOM[3] + square * _BOTTOM[4]))))


@compiled
def sigmoid(x: np.float32) -> np.float32:
    """Differs from the exact value by at most 5e-6."""
    return _HALF + _HALF * tanh(_HALF * x)


@compiled
def log_softmax(logits: Float32Array, out: Float32Array) -> None:
    """Writes the logarithms of the probabilities to `out`. Both: (vocabulary,)"""
    greatest = logits[0]
    for token in range(len(logits)):
        greatest = max(greatest, logits[token])
    for token in range(len(logits)):
        below = max(logits[token] - greatest, _LEAST)
        number = np.int32(_HALF - below * _PER_STEP)  # of steps, rounded
        rest = below + np.float32(number) * _STEP
        series = _ONE + rest * (_ONE + rest * (_SERIES[0] + rest * (_SERIES[1] + rest * _SERIES[2])))
        out[token] = _POWERS[number] * series
    total = 0.0
    for token in range(len(logits)):
        total += out[token]
    normal = greatest + np.float32(np.log(total))
    for token in range(len(logits)):
        out[token] = logits[token] - normal
