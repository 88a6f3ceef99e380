"""What people read, in their language: the catalogues are gettext's `.po` files beside this one, by the English sentence.

`python -m bot.languages` brings them up to date with the code.
"""

from __future__ import annotations

import gettext
import io
import string
from functools import cache
from pathlib import Path
from typing import Any

from babel import Locale
from babel.lists import format_list
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

from generator.notation.sentences import LANGUAGES, OneOf, Sentence

FOLDER = Path(__file__).parent


class Language:
    """Says English sentences in one language; what its catalogue does not have stays English."""

    def __init__(self, code: str) -> None:
        self.code = code
        self.locale = Locale.parse(code)
        self._catalogue: gettext.NullTranslations = gettext.NullTranslations()
        if code != LANGUAGES[0]:
            with (FOLDER / f"{code}.po").open("rb") as file, io.BytesIO() as compiled:
                write_mo(compiled, read_po(file, locale=code))
                compiled.seek(0)
                self._catalogue = gettext.GNUTranslations(compiled)

    @property
    def name(self) -> str:
        """What the language calls itself."""
        return str(self.locale.get_display_name() or self.code).capitalize()

    def __call__(self, text: str) -> str:
        """A Sentence, or any English text that stands in the catalogue as it is."""
        if self.code == LANGUAGES[0] or not text:
            return str(text)
        if not isinstance(text, Sentence):
            return self._catalogue.gettext(text)
        form = (
            self._catalogue.ngettext(text.template, text.many, text.values["n"])
            if text.many
            else self._catalogue.gettext(text.template)
        )
        values = {name: self._value(value) for name, value in text.values.items()}
        return _Formatter(self.locale).vformat(form, (), values) if values else form

    def named(self, context: str, name: str) -> str:
        """A name as it is typed, of a command or an option: `context` is gettext's."""
        return self._catalogue.pgettext(context, name)

    def _value(self, value: object) -> object:
        if isinstance(value, OneOf):
            return format_list([self(name) for name in value], "or", self.locale)
        return self(value) if isinstance(value, str) else value


class _Formatter(string.Formatter):
    """`{n:,}` groups digits as the language does."""

    def __init__(self, locale: Locale) -> None:
        self._locale = locale

    def format_field(self, value: Any, format_spec: str) -> str:
        return format_decimal(value, locale=self._locale) if format_spec == "," else str(super().format_field(value, format_spec))


@cache
def language(code: str | None) -> Language:
    """The language of a code such as `de` or `es-419`; English for one that has no catalogue."""
    short = (code or "").partition("-")[0]
    return Language(short if short in LANGUAGES else LANGUAGES[0])
