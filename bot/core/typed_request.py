"""A request that somebody types as one text: in words, in ABC, and with options written as `name:value`.

reel in Ador opening:|:EAAB c2Bc|        3 polkas key:D title:"The Loopback"
"""

from __future__ import annotations

import asyncio
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from bot.core import abc_input
from bot.core.caller import Caller
from bot.core.keys import key_in_same_mode, key_of
from bot.core.options import MAX_COUNT, omissions_in_english
from bot.core.texts import compose as texts
from bot.core.typed_names import english_names
from bot.core.vocabulary import COUNTS
from bot.core.words import words_in
from bot.languages import language
from generator.request import PARAMETERS, RequestError, TuneRequest
from generator.user_messages import LANGUAGES

COUNT = "count"  # an option that is no parameter: how many tunes
MAX_VALUE_WORDS = 12  # of an option other than an opening or a title

_QUOTED = re.compile(r"\"([^\"\n]*)\"|“([^“”\n]*)”|„([^„“”\n]*)[“”]|«\s?([^«»\n]*?)\s?»|`([^`\n]*)`")
_LEADING_COUNT = re.compile(rf"\s*([1-9][0-9]?|{'|'.join(COUNTS)})\s+(?=[^\W\d_])", re.IGNORECASE)
_YES_OR_NO = {"yes": True, "on": True, "true": True, "no": False, "off": False, "false": False}


@dataclass(frozen=True, slots=True)
class TypedRequest:
    parameters: dict[str, Any] = field(default_factory=dict)  # for TuneRequest.check, which may refuse them
    count: str = ""  # how many tunes, as typed
    is_request: bool = True  # False if nothing in the text asks for a tune
    unknown: tuple[str, ...] = ()  # words that were skipped


def typed_request(text: str) -> TypedRequest:
    """Reads the text. Where options and words contradict each other, options count."""
    options, rest = typed_options(text)
    count = str(options.pop(COUNT, ""))
    if not count and (leading := _LEADING_COUNT.match(rest)):
        count, rest = str(COUNTS.get(leading[1].lower(), leading[1])), rest[leading.end() :]
    abc = abc_input.abc_in_code(rest) or abc_input.abc_lines(rest) or abc_input.abc_at_line_end(rest)
    words = words_in(abc_input.words_around_abc(rest))
    parameters = words.parameters | ({"opening": abc} if abc else {}) | options
    if "opening" not in parameters and "mode" not in options and (len(parameters) > 1 or words.again):
        parameters.pop("mode", None)  # “play me a reel” has no opening to play
    is_request = bool(parameters or count or words.is_request or words.again)
    return TypedRequest(parameters, count, is_request, tuple(word for word in words.unknown if word.isalnum()))


async def requests_of(typed: TypedRequest, caller: Caller) -> list[TuneRequest]:
    """As many requests as were typed, which differ in their seed. Raises RequestError."""
    count = count_of(typed)
    parameters = await asyncio.to_thread(transposing, typed.parameters)
    return (await caller.request(**parameters)).in_a_row(count)


def count_of(typed: TypedRequest) -> int:
    """How many tunes are asked for. Raises RequestError."""
    return checked_count(typed.count, 1, MAX_COUNT) if typed.count else 1


def transposing(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters with the mode of the opening for a key without one, if the opening is played in that key."""
    if parameters.get("mode") == "play" and parameters.get("key"):
        own = key_of(str(parameters.get("opening") or ""))
        return {**parameters, "key": key_in_same_mode(str(parameters["key"]), own) if own else parameters["key"]}
    return dict(parameters)


def checked_count(typed: str, least: int, most: int) -> int:
    """The number of tunes. Raises RequestError."""
    if not re.fullmatch("[0-9]{1,2}", typed) or not least <= int(typed) <= most:
        raise RequestError(COUNT, texts.count_out_of_range(least, most))
    return int(typed)


@cache
def _names() -> dict[str, str]:
    return english_names("option", [*PARAMETERS, COUNT])


@cache
def _name() -> re.Pattern[str]:
    return re.compile(rf"(?<!\S)({'|'.join(map(re.escape, sorted(_names(), key=len, reverse=True)))})\s?:", re.IGNORECASE)


def typed_options(text: str) -> tuple[dict[str, Any], str]:
    """The options by their English name, for TuneRequest.check except COUNT, and the text without them."""
    text = unicodedata.normalize("NFC", text)
    found = list(_name().finditer(_QUOTED.sub(lambda quoted: "." * len(quoted[0]), text)))  # a title may contain “key:”
    options, others = {}, [text[: found[0].start()] if found else text]
    ends = [*(following.start() for following in found[1:]), len(text)]
    for typed, end in zip(found, ends, strict=False):
        name = _names()[typed[1].casefold()]
        value = text[typed.end() : end].strip().rstrip(",;")
        options[name], after = _value(name, value)
        others.append(after)
    return options, " ".join(others)


def _value(name: str, typed: str) -> tuple[Any, str]:
    """The value of an option, and the words after it: as many words as can be its value belong to it."""
    quoted = _QUOTED.match(typed)
    if name == "opening":
        return (abc_input.unfold(quoted[5]), typed[quoted.end() :]) if quoted and quoted[5] else (abc_input.unfold(typed), "")
    if quoted:
        return next(filter(None, quoted.groups()), ""), typed[quoted.end() :]
    words = typed.split()
    if name == "title":
        return typed, ""
    if name in (COUNT, "model"):
        return " ".join(words[:1]).rstrip(",;"), " ".join(words[1:])
    values = [
        _readable(name, " ".join(words[:length]).rstrip(",;.")) for length in range(1, min(len(words), MAX_VALUE_WORDS) + 1)
    ]
    read = [_read(name, value) for value in values]
    if best := next(filter(None, reversed(read)), None):
        length = read.index(best)  # the reader of keys ignores words after the key
        return values[length], " ".join(words[length + 1 :])
    in_words = words_in(typed).parameters.get(name)  # such as an instrument in another language
    return (in_words, typed) if in_words is not None else (typed, "")


def _readable(name: str, typed: str) -> Any:
    """The value in the words that the check of a request knows."""
    if name == "without":
        return omissions_in_english(typed, *map(language, LANGUAGES))
    return _YES_OR_NO.get(typed.lower(), typed) if PARAMETERS[name].kind is bool else typed


def _read(name: str, value: Any) -> tuple[Any] | None:
    try:
        return (PARAMETERS[name].check(value),)
    except RequestError:
        return None
