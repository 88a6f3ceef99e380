"""Tells words from music. ABC is made of letters, so the reader could take many words for notes: `nice` for C and E."""

from __future__ import annotations

import re
from collections.abc import Iterable

# Text in quotation marks, decorations and fields between notes may contain any letter.
_TEXT = re.compile(r'"[^"]*"?|![^!\s]+!|\+[^+\s]+\+|\[[A-Za-z]:[^\]]*\]')
_LETTERS = re.compile(r"[^\W\d_]{2,}")
# Notes, rests, spacers and ornaments; and letters that collections use for ornaments without saying which.
_MUSIC = re.compile(r"[A-Ga-gxyzXZHLMOPSTuv]|[IJKNQRUVWik](?![H-Zh-tw])")
_MISTYPED = 1 / 4  # of the letters of a word; `fsedf`, with less, are notes


def prose_start(line: str, symbols: Iterable[str] = ()) -> int | None:
    """The index of the first word that cannot be music in a line of a tune's body; None if there is none.

    symbols: letters that the tune defines as ornaments (`U:`).
    """
    music = _TEXT.sub(lambda text: " " * len(text[0]), line).translate({ord(symbol): " " for symbol in symbols if symbol})
    words = (word for word in _LETTERS.finditer(music) if len(_MUSIC.sub("", word[0])) >= _MISTYPED * len(word[0]))
    return next((word.start() for word in words), None)
