"""What people read of a tune's key, and what its files are called."""

import re
import unicodedata

from generator.notation.errors import NotationError
from generator.notation.keys import Key


def key_name(key: str) -> str:
    """`Ador` → `A dorian`; whatever is not a key stays as it is."""
    try:
        return str(Key.parse(key)) if key else ""
    except NotationError:
        return key


def slug(title: str) -> str:
    """A file name without a suffix that every system takes: `the-pipers-chair`, or `tune` when nothing is left."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower().replace("'", "")
    return "-".join(re.findall(r"[a-z0-9]+", plain))[:60].strip("-") or "tune"
