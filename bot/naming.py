"""What people read of a tune's key, and what its files are called."""

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from generator.notation.errors import NotationError
from generator.notation.keys import Key
from generator.notation.sentences import Sentence


def key_name(key: str) -> str:
    """`Ador` → `A dorian`, which can be said in other languages; whatever is not a key stays as it is."""
    try:
        return Key.parse(key).named if key else ""
    except NotationError:
        return key


def nearest(scores: Mapping[str, Any]) -> Sentence | None:
    """The known tune that shares the longest run of notes with one of ours: `closest: The Salamanca, 14 notes`; None for
    tunes that were made before that was looked up."""
    closest = scores.get("closest") or {}
    notes = closest.get("notes") or 0
    title = closest.get("title") or Sentence("a tune without a title")
    return Sentence("closest: {title}, {n} note", "closest: {title}, {n} notes", n=notes, title=title) if notes else None


def slug(title: str) -> str:
    """A file name without a suffix that every system takes: `the-pipers-chair`, or `tune` when nothing is left."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower().replace("'", "")
    return "-".join(re.findall(r"[a-z0-9]+", plain))[:60].strip("-") or "tune"
