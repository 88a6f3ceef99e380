"""Compiles functions to machine code at their first call and caches the result for the next start.

Numba's cache notices a change in the function's own module only, but the machine code contains functions and constants of
other modules too. The cache folder is therefore named after the text of all modules that compiled code may come from: a
change in any of them recompiles everything.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec, TypeVar, cast

import numba

from generator.composer.processor import PROCESSOR

_Parameters = ParamSpec("_Parameters")
_Result = TypeVar("_Result")

_FOLDER = Path(__file__).parent
_SOURCES = sorted([*_FOLDER.glob("*.py"), *_FOLDER.parent.glob("notation/*.py")])
_HASH = hashlib.sha256(b"".join(path.read_bytes() for path in _SOURCES)).hexdigest()
numba.config.CACHE_DIR = str(_FOLDER / "__pycache__" / f"compiled-{_HASH[:16]}-{PROCESSOR.name}")


def compiled(function: Callable[_Parameters, _Result]) -> Callable[_Parameters, _Result]:
    """A decorator. The compiled function runs without Python's global lock."""
    return cast(Callable[_Parameters, _Result], numba.njit(cache=True, nogil=True, error_model="numpy")(function))
