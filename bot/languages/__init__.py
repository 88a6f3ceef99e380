"""Translations: gettext catalogues (`.po`) in this folder, with the English template as the key.

`python -m bot.languages` updates them from the source code.
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

from generator.user_messages import LANGUAGES, AllOf, OneOf, UserMessage

FOLDER = Path(__file__).parent


class Language:
    """Translates messages into one language. Messages that the catalogue lacks stay English."""

    def __init__(self, code: str) -> None:
        self.code = code
        self.locale = Locale.parse(code)
        self._catalogue: gettext.NullTranslations = gettext.NullTranslations()
        if code != LANGUAGES[0]:
            with (FOLDER / f"{code}.po").open("rb") as file, io.BytesIO() as compiled:
                messages = read_po(file, locale=code)
                write_mo(compiled, messages)
                compiled.seek(0)
                self._catalogue = gettext.GNUTranslations(compiled)

    @property
    def name(self) -> str:
        """The language's own name."""
        return str(self.locale.get_display_name() or self.code).capitalize()

    def __call__(self, text: str) -> str:
        """Translates a message. Plain text is looked up in the catalogue as it is."""
        if self.code == LANGUAGES[0] or not text:
            return str(text)
        if not isinstance(text, UserMessage):
            return self._catalogue.gettext(text)
        form = (
            self._catalogue.ngettext(text.template, text.plural, text.values["n"])
            if text.plural
            else self._catalogue.gettext(text.template)
        )
        if not text.values:
            return form
        values = {name: self._value(value) for name, value in text.values.items()}
        try:
            return _Formatter(self.locale).vformat(form, (), values)
        except (LookupError, ValueError, TypeError, AttributeError):  # the translation has other placeholders than the message
            return str(text)

    def named(self, context: str, name: str) -> str:
        """The name of a command or an option as users type it. `context` is the gettext context."""
        return self._catalogue.pgettext(context, name)

    def _value(self, value: object) -> object:
        """Translates messages and lists of names. Other values stay unchanged: a user typed them."""
        match value:
            case OneOf():
                return format_list([str(self._value(name)) for name in value], "or", self.locale)
            case AllOf():
                return format_list([str(self._value(name)) for name in value], "standard", self.locale)
            case UserMessage():
                return self(value)
            case _:
                return value


class _Formatter(string.Formatter):
    """Formats `{n:,}` with the language's digit grouping."""

    def __init__(self, locale: Locale) -> None:
        self._locale = locale

    def format_field(self, value: Any, format_spec: str) -> str:
        return format_decimal(value, locale=self._locale) if format_spec == "," else str(super().format_field(value, format_spec))


@cache
def language(code: str | None) -> Language:
    """The language for a code such as `de` or `es-419`; English if there is no catalogue."""
    short = (code or "").partition("-")[0]
    return Language(short if short in LANGUAGES else LANGUAGES[0])
