"""Functions that are compiled to machine code when they are first called, and kept for the next start.

The compiler looks for a change in a function's own module alone, and keeps what it has read from others. So what it made is
kept in a folder of the text of all modules: whatever changes in one of them is compiled anew.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba

_Function = TypeVar("_Function", bound=Callable[..., Any])

_HERE = Path(__file__).parent
_SOURCES = sorted([*_HERE.glob("*.py"), *_HERE.parent.glob("notation/*.py")])
_TEXT = hashlib.sha256(b"".join(path.read_bytes() for path in _SOURCES)).hexdigest()
numba.config.CACHE_DIR = str(_HERE / "__pycache__" / f"compiled-{_TEXT[:16]}")


def compiled(function: _Function) -> _Function:
    return cast(_Function, numba.njit(cache=True, nogil=True)(function))
