"""Finds ABC in what people type: among other words, in a code block, or in a file."""

from __future__ import annotations

import re
from itertools import groupby

from bot.core.texts import common as texts
from generator.notation.abc_file import decode
from generator.notation.notices import LEGACY_CHARSET
from generator.notation.reader import split_tunes
from generator.request import MAX_OPENING_CHARACTERS, RequestError

MAX_FILE_BYTES = 64 * 1024  # a file may be a collection; its first tune is read

_BLOCK = re.compile(r"```(?:\w*\n)?(.+?)(?:```|\Z)", re.DOTALL)
_INLINE = re.compile(r"`([^`\n]+)`")
_MENTION = re.compile(r"<[@#][!&]?\w{1,40}(?:\|[^<>\n]{0,100})?>")  # of a person, role or channel, in Discord and in Slack
_FIELD = re.compile(r"[A-Za-z]:(?![|:/]).*")
# Chord symbols, decorations, inline fields and comments may contain any letter. Elsewhere only few letters are music.
_ANNOTATIONS = re.compile(r'"[^"]*"|![^!\s]+!|\[[A-Za-z]:[^\]|]*\]|%.*')
_MUSIC = re.compile(r"[A-Ga-gxyzZHLMOPSTuv0-9~.^_=,'/|:()\[\]{}<>\\&*+\s-]*")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
# A field in the middle of a line: a letter and a colon that is not part of a repeat sign (`A :|`, `A::B`).
_FIELD_INSIDE = re.compile(r"\s+(?=[A-Z]:(?![|:\]]|\s*[|:]))")
_MODE = r"(?:(?:maj|min|dor|mix|ion|aeo|phr|lyd|loc)[a-z]*|m)?"
_KEY_THEN_MUSIC = re.compile(rf"^(K:\s*[A-G][#b]?(?:\s*{_MODE}))(?=\s)\s+(?=\S)", re.IGNORECASE | re.MULTILINE)
_VALUE_THEN_MUSIC = re.compile(r"^([XML]:\s*\S+)[^\S\n]+(?=\S)", re.MULTILINE)


def tune_in_file(content: bytes) -> str:
    """The tune in a file, or the first one of a collection that is too long. Raises RequestError."""
    text, utf_8 = decode(content)
    if _CONTROL.search(text):
        raise RequestError("file", texts.FILE_NOT_TEXT)
    return first_tune(text, end="" if utf_8 else f"\n{LEGACY_CHARSET}")


def first_tune(text: str, *, end: str = "") -> str:
    """The text if it is short enough, else the first tune of the collection, and `end` after it.

    Raises RequestError for a tune that is too long.
    """
    text = text.strip()
    tunes = split_tunes(text)
    if len(tunes) > 1 and (end or len(text) > MAX_OPENING_CHARACTERS):
        # The field of the next tune makes the reader report that only the first was read.
        text, end = tunes[0].rstrip(), f"{end}\nX:"
    if len(text + end) > MAX_OPENING_CHARACTERS:
        raise RequestError("file", texts.tune_too_long(len(text), MAX_OPENING_CHARACTERS - len(end)))
    return text + end


def unfold(opening: str | None) -> str:
    """Puts fields on lines of their own again: Discord removes line breaks from command options."""
    text = (opening or "").strip()
    if "\n" in text:
        return text
    return _VALUE_THEN_MUSIC.sub(r"\1\n", _KEY_THEN_MUSIC.sub(r"\1\n", _FIELD_INSIDE.sub("\n", text)))


def abc_in_code(content: str) -> str | None:
    """The first code block, or inline code, that contains ABC."""
    blocks = [block[1] for block in _BLOCK.finditer(content)]
    inline = [unfold(code[1]) for code in _INLINE.finditer(_BLOCK.sub(" ", content))]
    return next((block for block in [*blocks, *inline] if any(map(_is_music, block.splitlines())) or _has_key(block)), None)


def abc_lines(content: str) -> str | None:
    """The first lines that are ABC, without the lines before and after them."""
    lines = [line.lstrip("> ") for line in unfold(_MENTION.sub(" ", content)).splitlines()]
    for abc, group in groupby(lines, _may_be_abc):
        found = list(group)
        if abc and any(map(_is_music, found)):
            return "\n".join(found)
    return None


def abc_at_line_end(content: str) -> str | None:
    """ABC at the end of a line of words: “a reel from this: |:EAAB c2Bc|”."""
    for line in unfold(_MENTION.sub(" ", content)).splitlines():
        if tail := _split(line)[1]:
            return tail
    return None


def words_around_abc(content: str) -> str:
    """The words around ABC: the text without code, mentions and lines of music."""
    text = _MENTION.sub(" ", _INLINE.sub(" ", _BLOCK.sub(" ", content)))
    lines = (line for line in unfold(text).splitlines() if line.strip() and not _may_be_abc(line.lstrip("> ")))
    return "\n".join(_split(line)[0] for line in lines)


def _split(line: str) -> tuple[str, str]:
    """The words of a line and the music at its end, if any."""
    words = line.split()
    start = len(words)  # of the music
    while start and _MUSIC.fullmatch(words[start - 1]):
        start -= 1
    while start < len(words) and words[start].lower() == "a":  # an article rather than a note
        start += 1
    text, music = " ".join(words[:start]), " ".join(words[start:])
    return (text, music) if music and _is_music(music) else (line, "")


def is_abc(typed: str) -> bool:
    """Whether a line that somebody is typing is ABC and not words: it has a bar line or a field."""
    return "|" in typed or _FIELD.match(typed.strip()) is not None or _FIELD_INSIDE.search(typed) is not None


def may_be_abc(typed: str) -> bool:
    """Whether the line could still become ABC: all its letters are notes, as in the word “cabbage”."""
    return is_abc(typed) or _MUSIC.fullmatch(_ANNOTATIONS.sub("", typed)) is not None


def _is_music(line: str) -> bool:
    """Whether a line is music with a bar line. Prose of the letters A to G has no bar line."""
    notes = _ANNOTATIONS.sub("", line)
    return "|" in notes and re.search("[A-Ga-g]", notes) is not None and _MUSIC.fullmatch(notes) is not None


def _may_be_abc(line: str) -> bool:
    return not line.strip() or line.startswith("%") or _FIELD.fullmatch(line) is not None or _is_music(line)


def _has_key(block: str) -> bool:
    return re.search(r"^\s*K:", block, re.MULTILINE) is not None
