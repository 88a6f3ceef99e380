"""Messages to people: English text that can be translated, and the error that carries one.

This module imports nothing of the project: notation, storage and bot all use it. The catalogues are in bot/languages.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

LANGUAGES = ("en", "ga", "de", "fr", "es")


class UserMessage(str):
    """English text that keeps its template and values: `UserMessage("I don't write in {metre}.", metre="5/8")`.

    `plural` is the template for a value `n` other than 1: `UserMessage("{n} bar", "{n} bars", n=8)`. Values are text,
    numbers or messages. Templates must be literals: the catalogues are built from the source code.
    """

    __slots__ = ("plural", "template", "values")
    template: str
    plural: str
    values: Mapping[str, Any]

    def __new__(cls, template: str, plural: str = "", /, **values: object) -> Self:
        form = plural if plural and values["n"] != 1 else template
        message = super().__new__(cls, form.format(**values) if values else form)
        message.template, message.plural, message.values = template, plural, values
        return message

    def __getnewargs_ex__(self) -> tuple[tuple[str, str], dict[str, Any]]:
        return (self.template, self.plural), dict(self.values)  # for pickle: a renderer sends its errors to the worker


class _Names(tuple[str, ...]):
    __slots__ = ()
    word: ClassVar[str]

    def __str__(self) -> str:
        *head, last = self
        return f"{', '.join(head)} {self.word} {last}" if head else last


class OneOf(_Names):
    """A value of a message: names to choose from, `D, G or A`."""

    __slots__ = ()
    word = "or"


class AllOf(_Names):
    """A value of a message: a list of names, `D, G and A`."""

    __slots__ = ()
    word = "and"


class UserError(ValueError):
    """A request that is refused. `message` tells the person what is wrong and what to do; show it as it is."""

    def __init__(self, message: str) -> None:
        self.message = message
        super().__init__(message)
