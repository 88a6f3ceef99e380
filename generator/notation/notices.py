"""What `reader.read` skips silently because the tune sounds the same without it, and notices that name it."""

from __future__ import annotations

import re

from generator.user_messages import UserMessage

LEGACY_CHARSET = "%%abc-charset windows-1252"  # marks text from a file in this encoding
NOT_UTF_8 = UserMessage("The file is not in UTF-8, so I read it as Windows-1252.")
_DIRECTIVE_BLOCK = re.compile(r"^%%begin(\w+)\b.*?(?:^%%end\1\b[^\n]*|\Z)", re.MULTILINE | re.DOTALL)  # PostScript, texts ...
_SKIPPED = (
    (re.compile(f"^{LEGACY_CHARSET}$", re.MULTILINE), NOT_UTF_8),
    (
        re.compile(r"^\s*%%[^\S\n]*(?!abc-charset)\S|^\s*I:|\[I:", re.MULTILINE),
        UserMessage("I left out the directives (%% and I:)."),
    ),
    (
        re.compile(r"^\s*[mUsr]:[^\S\n]*\S", re.MULTILINE),
        UserMessage("I left out the macros, symbol lines and remarks (m:, U:, s:, r:)."),
    ),
    (re.compile(r'"\s*[\^_<>@][^"\n]*\w[^"\n]*"'), UserMessage("I left out the text above and below the staff.")),
)


def without_directive_blocks(text: str) -> str:
    """The text with blocks such as `%%begintext` … `%%endtext` as comments, on as many lines."""
    return _DIRECTIVE_BLOCK.sub(lambda block: "%%text" + "\n%" * block[0].count("\n"), text)


def skipped_text_notices(text: str) -> list[UserMessage]:
    """One notice for each kind of skipped text in the first tune of `text`.

    What the reader skips between notes, such as a second voice, is in `Score.notices`.
    """
    tunes = re.split(r"^(?=X:)", without_directive_blocks(text), flags=re.MULTILINE)
    first_tune = "".join(tunes[:2])  # with the lines before its X:
    return [notice for pattern, notice in _SKIPPED if pattern.search(first_tune)]
