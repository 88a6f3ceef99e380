"""What people read of a tune on every platform: its key, its nearest known tune, how long it takes, what its files are called."""

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from generator.notation.errors import NotationError
from generator.notation.keys import Key
from generator.user_messages import UserMessage


def key_name(key: str) -> str:
    """`Ador` → `A dorian`, which can be said in other languages; whatever is not a key stays as it is."""
    try:
        return Key.parse(key).named if key else ""
    except NotationError:
        return key


def nearest(scores: Mapping[str, Any]) -> UserMessage | None:
    """The known tune that shares the longest run of notes with one of ours: `closest: The Salamanca, 14 notes`; None for
    tunes that were made before that was looked up."""
    closest = scores.get("closest") or {}
    notes = closest.get("notes") or 0
    title = closest.get("title") or UserMessage("a tune without a title")
    return UserMessage("closest: {title}, {n} note", "closest: {title}, {n} notes", n=notes, title=title) if notes else None


def time_left(seconds: int) -> UserMessage:
    """In steps that people count by."""
    if seconds < 10:
        return UserMessage("a few seconds left")
    if seconds <= 50:
        return UserMessage("about {n} s left", n=-(-seconds // 10) * 10)
    if seconds < 55 * 60:
        return UserMessage("about {n} min left", n=max(round(seconds / 60), 1))
    return UserMessage("about {n} h left", n=max(round(seconds / 3600), 1))


def slug(title: str) -> str:
    """A file name without a suffix that every system takes: `the-pipers-chair`, or `tune` when nothing is left."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower().replace("'", "")
    return "-".join(re.findall(r"[a-z0-9]+", plain))[:60].strip("-") or "tune"
