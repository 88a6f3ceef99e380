"""Keys that people type to transpose a tune."""

from __future__ import annotations

import re

from generator.notation.errors import NotationError
from generator.notation.keys import Key
from generator.notation.opening import read_opening

_TONIC = re.compile(r"\s*[A-Ga-g][#b♯♭]?\s*")


def key_in_same_mode(typed: str, key: Key) -> str:
    """What was typed as a key for transposing a tune in `key`: a tonic alone, such as “G”, takes the mode of the tune.

    Text that is not a key, or is only a mode, is returned unchanged: the request's check explains what is wrong.
    """
    if not _TONIC.fullmatch(typed):
        return typed
    try:
        return Key.parse(typed.strip() + key.mode.abc).abc  # also G#, of which there is no major key, for a tune in E minor
    except NotationError:
        return typed


def key_of(abc: str) -> Key | None:
    """The key of a whole tune, None if it has none or cannot be read."""
    try:
        return read_opening(abc, mode="play").key
    except NotationError:
        return None
