"""User messages: English text that can be translated, and the error that carries one.

This module imports nothing of the project: notation, storage and bot all use it. The catalogues are in bot/languages.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar, Self

LANGUAGES = ("en", "ga", "de", "fr", "es")


class UserMessage(str):
    """English text that keeps its template and values: `UserMessage("I don't write in {metre}.", metre="5/8")`.

    `plural` is the template for a value `n` other than 1: `UserMessage("{n} bar", "{n} bars", n=8)`. Values are text,
    numbers, messages, or lists of these (`OneOf`, `AllOf`). A template without values is literal text, braces included.
    Templates must be literals: the catalogues are built from the source code.
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

    def as_dict(self) -> dict[str, Any]:
        """The message as JSON: `{"text": template, "plural": …, "values": {…}}`, without the keys that are empty.

        A value other than text, a number, a message or a list of these becomes the text that it is shown as.
        """
        stored: dict[str, Any] = {"text": self.template}
        if self.plural:
            stored["plural"] = self.plural
        if self.values:
            stored["values"] = {name: _value_as_json(value) for name, value in self.values.items()}
        return stored

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Self:
        """The message that `as_dict` or `message_as_dict` returned."""
        values = {name: _value_from_json(value) for name, value in stored.get("values", {}).items()}
        return cls(stored["text"], stored.get("plural", ""), **values)


class _Names(tuple[str, ...]):
    __slots__ = ()
    word: ClassVar[str]
    json_key: ClassVar[str]

    def __str__(self) -> str:
        *head, last = self
        return f"{', '.join(head)} {self.word} {last}" if head else last


class OneOf(_Names):
    """A value of a message: names to choose from, `D, G or A`."""

    __slots__ = ()
    word = "or"
    json_key = "one_of"


class AllOf(_Names):
    """A value of a message: a list of names, `D, G and A`."""

    __slots__ = ()
    word = "and"
    json_key = "all_of"


class UserError(ValueError):
    """An error to show to the user. `message` says what is wrong and what to do; show it unchanged."""

    def __init__(self, message: str) -> None:
        self.message = message
        super().__init__(message)


def message_as_dict(message: str) -> dict[str, Any]:
    """`message.as_dict()`, or `{"text": message}` for text that is not a UserMessage."""
    return message.as_dict() if isinstance(message, UserMessage) else {"text": str(message)}


def _value_as_json(value: object) -> object:
    match value:
        case UserMessage():
            return value.as_dict()
        case OneOf() | AllOf():
            return {value.json_key: [_value_as_json(name) for name in value]}
        case None | bool() | int():
            return value
        case float() if math.isfinite(value):  # JSON has no infinity
            return value
        case _:
            return str(value)


def _value_from_json(value: Any) -> Any:
    match value:
        case {"text": _}:
            return UserMessage.from_dict(value)
        case {"one_of": names}:
            return OneOf(map(_value_from_json, names))
        case {"all_of": names}:
            return AllOf(map(_value_from_json, names))
        case _:
            return value
