"""Compiles functions to machine code at their first call and caches the result for the next start.

Numba's cache notices a change in the function's own module only, but the machine code contains functions and constants of
other modules too. The cache folder is therefore named after the text of all modules that compiled code may come from: a
change in any of them recompiles everything.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec, TypeVar, cast

import numba
from numba.misc.appdirs import user_cache_dir

from generator.composer.processor import PROCESSOR

_Parameters = ParamSpec("_Parameters")
_Result = TypeVar("_Result")

_FOLDER = Path(__file__).parent
_SOURCES = sorted([*_FOLDER.glob("*.py"), *_FOLDER.parent.glob("notation/*.py")])
_HASH = hashlib.sha256(b"".join(path.read_bytes() for path in _SOURCES)).hexdigest()


def writable_cache(beside_sources: Path, of_user: Path) -> Path | None:
    """The folder of the compiled code: beside the sources, or one of the user where the sources are read-only, as in a container.

    Numba refuses a cache that it cannot write to, so the user's folder begins as a copy. None if neither can be written to.
    """
    try:
        beside_sources.mkdir(parents=True, exist_ok=True)
    except OSError:
        pass
    if os.access(beside_sources, os.W_OK):
        return beside_sources
    try:
        of_user.parent.mkdir(parents=True, exist_ok=True)
        if beside_sources.exists() and not of_user.exists():
            with tempfile.TemporaryDirectory(dir=of_user.parent) as new:
                copy = shutil.copytree(beside_sources, Path(new, "copy"))
                try:
                    copy.rename(of_user)
                except OSError:
                    pass  # another process was faster
        of_user.mkdir(exist_ok=True)
    except OSError:
        return None
    return of_user if os.access(of_user, os.W_OK) else None


_NAME = f"compiled-{_HASH[:16]}-{PROCESSOR.name}"
_CACHE = writable_cache(_FOLDER / "__pycache__" / _NAME, Path(user_cache_dir("tunesmith"), _NAME))
numba.config.CACHE_DIR = str(_CACHE or "")


def compiled(function: Callable[_Parameters, _Result]) -> Callable[_Parameters, _Result]:
    """A decorator. The compiled function runs without Python's global lock."""
    return cast(Callable[_Parameters, _Result], numba.njit(cache=bool(_CACHE), nogil=True, error_model="numpy")(function))
