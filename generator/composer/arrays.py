"""Names for the types of NumPy arrays, and records: rows of fields that compiled code reads and writes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

BoolArray = NDArray[np.bool_]
Int8Array = NDArray[np.int8]
Int16Array = NDArray[np.int16]
Int32Array = NDArray[np.int32]
Int64Array = NDArray[np.int64]
UInt8Array = NDArray[np.uint8]
UInt64Array = NDArray[np.uint64]
Float32Array = NDArray[np.float32]
Float64Array = NDArray[np.float64]
RecordArray = NDArray[np.void]  # of one `record_dtype`

Mask = BoolArray  # (vocabulary,)

_TYPES = {"int": np.int64, "float": np.float64, "Int64Array": np.int64}


def record_dtype(fields: type, **shapes: int | tuple[int, ...]) -> np.dtype[np.void]:
    """The NumPy structure with the annotated fields of a class: 64-bit integers, or 64-bit floats for `float`.

    shapes: the lengths or shapes of the fields that are arrays. The class is only a type for
    mypy, that of one record; it has no instances.
    """
    return np.dtype([(name, _TYPES[kind], shapes.get(name, ())) for name, kind in fields.__annotations__.items()])
