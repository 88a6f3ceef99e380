"""What people read is written in English, and can be said in other languages by a catalogue (bot/languages)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

LANGUAGES = ("en", "ga", "de", "fr", "es")


class Sentence(str):
    """English that still knows its template and values: `Sentence("I don't write in {metre}.", metre="5/8")`.

    `many` is the form for a number other than one, the value `n`: `Sentence("{n} bar", "{n} bars", n=8)`. Values are texts,
    numbers, or sentences themselves. Templates are literals, or the catalogue would not find them.
    """

    __slots__ = ("many", "template", "values")
    template: str
    many: str
    values: Mapping[str, Any]

    def __new__(cls, template: str, many: str = "", /, **values: object) -> Self:
        form = many if many and values["n"] != 1 else template
        sentence = super().__new__(cls, form.format(**values) if values else form)
        sentence.template, sentence.many, sentence.values = template, many, values
        return sentence

    def __getnewargs_ex__(self) -> tuple[tuple[str, str], dict[str, Any]]:
        return (self.template, self.many), dict(self.values)  # for pickle: renderers tell their errors to another process


class _Names(tuple[str, ...]):
    __slots__ = ()
    word: ClassVar[str]

    def __str__(self) -> str:
        *head, last = self
        return f"{', '.join(head)} {self.word} {last}" if head else last


class OneOf(_Names):
    """A value of a sentence: the names among which somebody may choose, `D, G or A`."""

    __slots__ = ()
    word = "or"


class AllOf(_Names):
    """A value of a sentence: names that belong together, `D, G and A`."""

    __slots__ = ()
    word = "and"
