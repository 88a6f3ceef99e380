"""Finds the UserMessage again that a text once was: what is kept of errors and notices is their English alone."""

from __future__ import annotations

import re
import string
from collections.abc import Iterable, Iterator

from bot.naming import key_name
from generator.notation.names import translatable
from generator.user_messages import AllOf, UserMessage

MAX_CHARACTERS = 500  # the patterns try many ways of parting a text
_NUMBER = r"[0-9][0-9,]*"


class Recall:
    """Knows sentences by their templates: forms for one and, if there is another, for many."""

    def __init__(self, templates: Iterable[tuple[str, ...]]) -> None:
        known = [(_own_words(form), form, forms) for forms in templates for form in forms]
        # The one that says most in its own words comes first; one that says nothing would be found in anything.
        self._known = [
            (_pattern(form), _numbers(form), form, forms)
            for words, form, forms in sorted(known, key=lambda one: len(one[0]), reverse=True)
            if re.search(r"[^\W\d_]{2}", words)
        ]

    def __call__(self, text: str) -> UserMessage | None:
        """The whole sentence that reads so in English; None where none does."""
        return self._find(text, whole=True) if text.endswith(".") and len(text) <= MAX_CHARACTERS else None

    def _find(self, text: str, *, whole: bool) -> UserMessage | None:
        for pattern, numbers, form, forms in self._known:
            if (not whole or form.endswith((".", "{message}"))) and (found := pattern.fullmatch(text)):
                values = {
                    name: int(value.replace(",", "")) if name in numbers else self._value(name, value)
                    for name, value in found.groupdict().items()
                }
                sentence = UserMessage.__new__(UserMessage, *forms, **values)
                if sentence == text:
                    return sentence
        return None

    def _value(self, name: str, text: str) -> object:
        """A value as it was, by its name: sentences and names are said in other languages too, what people typed is not."""
        match name:
            case "message" | "what" | "time":
                return self._find(text, whole=False) or text
            case "key":
                return key_name(text)
            case "rhythm":
                return translatable(text)
            case "names":
                return AllOf(re.split(r", | and ", text))
            case _:
                return text


def _own_words(template: str) -> str:
    return re.sub(r"\{.*?\}", "", template)


def _pattern(template: str) -> re.Pattern[str]:
    return re.compile("".join(_pieces(template)), re.DOTALL)


def _fields(template: str) -> list[tuple[str, str | None, str | None]]:
    """Literal text, and the name and format of the value after it."""
    parsed = string.Formatter().parse(template) if "{" in template else [(template, None, None, None)]
    return [(literal, name, specification) for literal, name, specification, _ in parsed]


def _numbers(template: str) -> set[str]:
    return {name for _, name, specification in _fields(template) if name and (specification or name == "n")}


def _pieces(template: str) -> Iterator[str]:
    seen, numbers = set(), _numbers(template)
    for literal, name, _ in _fields(template):
        yield re.escape(literal)
        if name in seen:
            yield f"(?P={name})"
        elif name is not None:
            yield f"(?P<{name}>{_NUMBER if name in numbers else '.+?'})"
            seen.add(name)
