"""Extracts ABC from text that people paste: code blocks, quotations, typographic characters."""

from __future__ import annotations

import re

from generator.notation.notices import without_directive_blocks

# Characters that phones and East Asian keyboards insert, and their plain equivalents; invisible characters are removed.
_PLAIN_CHARACTERS = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {
    ord(character): plain
    for plain, characters in {
        '"': "“”„", "'": "‘’′", "-": "‐‑‒–—−", " ": "\u3000\u2028", "": "\u200b\u200c\u200d\u2060\ufeff",
    }.items()
    for character in characters
}  # fmt: skip
_LOWER_CASE_FIELD = re.compile(r"^([^\S\n]*)([klmrtx])(?=:(?![|:])[^=\n]*$)", re.MULTILINE)


def clean_pasted_text(text: str) -> str:
    """The ABC in pasted text: without Markdown, in plain characters, and with blank lines filled so that they don't end the tune.

    Line numbers stay those of `text`, so that errors name the line that the user sees.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").translate(_PLAIN_CHARACTERS)
    if text.count("```") == 1 and text.rstrip().endswith("```"):
        text = text.replace("```", "")  # the end of a code block whose beginning was not copied
    code_block = re.search(r"```(?:\w*\n)?(.*?)(?:```|\Z)", text, re.DOTALL)
    if code_block:
        text = "\n" * text.count("\n", 0, code_block.start(1)) + code_block[1]
    text = re.sub(r"^>+", lambda marks: " " * len(marks[0]), text.strip("`"), flags=re.MULTILINE)
    text = without_directive_blocks(text)
    text = _LOWER_CASE_FIELD.sub(lambda match: match[1] + match[2].upper(), text)
    return re.sub(r"^[^\S\n]*$", "%", text, flags=re.MULTILINE)
