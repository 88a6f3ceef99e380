"""ABC that people hand in: in a message, among other words or in a code block, or as a file."""

from __future__ import annotations

import asyncio
import re
from itertools import groupby

import aiohttp
import discord

from bot.discord.core import texts
from generator.notation.reader import split_tunes
from generator.request import MAX_OPENING_CHARACTERS, RequestError

MAX_FILE_BYTES = 64 * 1024  # a collection may be handed in for its first tune
FETCH_S = 1.5  # of the 3 s that Discord leaves for the first answer

_BLOCK = re.compile(r"```(?:\w*\n)?(.+?)(?:```|\Z)", re.DOTALL)
_INLINE = re.compile(r"`([^`\n]+)`")
_MENTION = re.compile(r"<[@#][!&]?\d+>")
_FIELD = re.compile(r"[A-Za-z]:(?![|:/]).*")
# Chord symbols, marks, fields in the line and comments may hold any letter; outside them few letters are music.
_WORDS = re.compile(r'"[^"]*"|![^!\s]+!|\[[A-Za-z]:[^\]|]*\]|%.*')
_MUSIC = re.compile(r"[A-Ga-gxyzZHLMOPSTuv0-9~.^_=,'/|:()\[\]{}<>\\&*+\s-]*")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
# A field in the middle of a line: a letter and a colon, which is no repeat sign (`A :|`, `A::B`).
_FIELD_INSIDE = re.compile(r"\s+(?=[A-Z]:(?![|:\]]|\s*[|:]))")
_MODE = r"(?:(?:maj|min|dor|mix|ion|aeo|phr|lyd|loc)[a-z]*|m)?"
_KEY_THEN_MUSIC = re.compile(rf"^(K:\s*[A-G][#b]?(?:\s*{_MODE}))(?=\s)\s+(?=\S)", re.IGNORECASE | re.MULTILINE)
_VALUE_THEN_MUSIC = re.compile(r"^([XML]:\s*\S+)[^\S\n]+(?=\S)", re.MULTILINE)


async def abc_of(message: discord.Message) -> str | None:
    """The ABC of a message or of what it forwards: code blocks come first, then a file, then words.

    Raises RequestError for a file that cannot be read.
    """
    sources: list[discord.Message | discord.MessageSnapshot] = [message, *message.message_snapshots]
    for source in sources:
        if (block := in_blocks(source.content)) is not None:
            return block
        for file in source.attachments:
            if file.filename.lower().endswith(".abc"):
                return await fetched(file)
        if (words := in_words(source.content)) is not None:
            return words
    return None


async def fetched(file: discord.Attachment) -> str:
    """The file's tune, the first of a collection that is too long; raises RequestError."""
    if file.size > MAX_FILE_BYTES:
        raise RequestError("file", texts.file_too_large(MAX_FILE_BYTES))
    try:
        async with asyncio.timeout(FETCH_S):
            content = await file.read()
    except (discord.HTTPException, aiohttp.ClientError, OSError) as error:  # a TimeoutError is an OSError
        raise RequestError("file", texts.FILE_OUT_OF_REACH) from error
    return first_tune(text_of(content))


def text_of(content: bytes) -> str:
    """UTF-8, or else Latin-1 as Windows has it, in which older collections are written; raises RequestError for no text."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", errors="replace")
    if _CONTROL.search(text):
        raise RequestError("file", texts.FILE_NOT_TEXT)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def first_tune(text: str) -> str:
    """The text if it is short enough to be read, else the first tune of the collection; raises RequestError."""
    text, more = text.strip(), ""
    tunes = split_tunes(text)
    if len(text) > MAX_OPENING_CHARACTERS and len(tunes) > 1:
        text, more = tunes[0].rstrip(), "\nX:"  # the next tune's field: by it the reader says that only the first was read
    if len(text + more) > MAX_OPENING_CHARACTERS:
        raise RequestError("file", texts.tune_too_long(len(text), MAX_OPENING_CHARACTERS - len(more)))
    return text + more


def unfold(opening: str | None) -> str:
    """Discord's command line keeps no line breaks: fields that were pasted into it get lines of their own again."""
    text = (opening or "").strip()
    if "\n" in text:
        return text
    return _VALUE_THEN_MUSIC.sub(r"\1\n", _KEY_THEN_MUSIC.sub(r"\1\n", _FIELD_INSIDE.sub("\n", text)))


def in_blocks(content: str) -> str | None:
    """The first code block, or code in a line, that holds ABC."""
    blocks = [block[1] for block in _BLOCK.finditer(content)]
    inline = [unfold(code[1]) for code in _INLINE.finditer(_BLOCK.sub(" ", content))]
    return next((block for block in [*blocks, *inline] if any(map(_is_music, block.splitlines())) or _has_key(block)), None)


def in_words(content: str) -> str | None:
    """The first lines that are ABC, without whatever is said before and after them."""
    lines = [line.lstrip("> ") for line in unfold(_MENTION.sub(" ", content)).splitlines()]
    for abc, group in groupby(lines, _may_be_abc):
        found = list(group)
        if abc and any(map(_is_music, found)):
            return "\n".join(found)
    return None


def in_tail(content: str) -> str | None:
    """ABC at the end of a line of words: «a reel from this: |:EAAB c2Bc|»."""
    for line in unfold(_MENTION.sub(" ", content)).splitlines():
        if tail := _split(line)[1]:
            return tail
    return None


def words_of(content: str) -> str:
    """What is said around ABC: the text without code, mentions and lines of music."""
    said = _MENTION.sub(" ", _INLINE.sub(" ", _BLOCK.sub(" ", content)))
    lines = (line for line in unfold(said).splitlines() if line.strip() and not _may_be_abc(line.lstrip("> ")))
    return "\n".join(_split(line)[0] for line in lines)


def _split(line: str) -> tuple[str, str]:
    """The words of a line and the music at its end, if there is any."""
    words = line.split()
    at = len(words)
    while at and _MUSIC.fullmatch(words[at - 1]):
        at -= 1
    while at < len(words) and words[at].lower() == "a":  # rather the article than a note
        at += 1
    said, music = " ".join(words[:at]), " ".join(words[at:])
    return (said, music) if music and _is_music(music) else (line, "")


def is_abc(typed: str) -> bool:
    """Whether a line that somebody is typing is ABC and no words: it has a bar line or a field."""
    return "|" in typed or _FIELD.match(typed.strip()) is not None or _FIELD_INSIDE.search(typed) is not None


def may_be_abc(typed: str) -> bool:
    """Whether it could still become ABC: letters that are notes, as in a word like «cabbage»."""
    return is_abc(typed) or _MUSIC.fullmatch(_WORDS.sub("", typed)) is not None


def _is_music(line: str) -> bool:
    """Whether a line is music with a bar line in it; prose of the letters A to G has none."""
    notes = _WORDS.sub("", line)
    return "|" in notes and re.search("[A-Ga-g]", notes) is not None and _MUSIC.fullmatch(notes) is not None


def _may_be_abc(line: str) -> bool:
    return not line.strip() or line.startswith("%") or _FIELD.fullmatch(line) is not None or _is_music(line)


def _has_key(block: str) -> bool:
    return re.search(r"^\s*K:", block, re.MULTILINE) is not None
