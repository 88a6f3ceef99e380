"""ABC files: their encoding, and the tunes of a collection."""

from __future__ import annotations

import re

from generator.notation.notices import without_directive_blocks
from generator.notation.reader import split_tunes

_HEADER_LINE = re.compile(r"[ABCDFGHILMmNORrSUZ]:|%%")  # fields that may be before the first tune


def decode(content: bytes) -> tuple[str, bool]:
    """The text of a file, and whether it is in UTF-8. Other files are read as Windows-1252, a superset of Latin-1.

    Lines end with \\n.
    """
    try:
        text, utf_8 = content.decode("utf-8-sig"), True
    except UnicodeDecodeError:
        text, utf_8 = content.decode("cp1252", errors="replace"), False
    return text.replace("\r\n", "\n").replace("\r", "\n"), utf_8


def tunes_of_file(text: str, number: int | None = None) -> list[str]:
    """The tunes of a file, or those with a `number` in their `X:` field; a file without `X:` is one tune.

    Each tune comes with the fields before the first `X:`, which are for all of them, and with as many blank lines before it as
    it has lines before it in the file, so that errors name the line of the file.
    """
    tunes = split_tunes(without_directive_blocks(text))
    if not tunes:
        return [text] if number is None else []
    before = text[: len(text) - sum(map(len, tunes))].split("\n")[:-1]
    fields = [line if _HEADER_LINE.match(line) else "" for line in before]
    found, line = [], 0
    for tune in tunes:
        if number is None or re.match(rf"X:\s*0*{number}\s*(?:%|$)", tune.partition("\n")[0]):
            found.append("\n".join([*fields, *[""] * line, tune]))
        line += tune.count("\n")
    return found
