"""Inputs of forms for preferences. Each can be left empty: then nothing is set."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from bot import languages
from bot.core.naming import capitalized
from bot.core.texts import settings as texts
from bot.languages import Language
from bot.slack.core.blocks import Block, Element, channel_menu, input_, menu, option, text_input
from generator.user_messages import LANGUAGES

UNSET = "-"  # the value of an option cannot be empty
MAX_TYPED_CHARACTERS = 40


class Inputs:
    def __init__(self, translate: Language) -> None:
        self._translate = translate

    def typed(self, name: str, hint: str, stored: float | str | None) -> Block:
        initial = f"{stored:g}" if isinstance(stored, float) else str(stored or "")
        return self._input(name, hint, text_input("typed", initial=initial, at_most=MAX_TYPED_CHARACTERS))

    def menu(self, name: str, hint: str, labels: Mapping[str, str], stored: str | None) -> Block:
        """A menu of translated labels, whose first option is that nothing is set."""
        not_set = self._translate(texts.NOT_SET)
        options = [option(UNSET, not_set), *(option(value, label) for value, label in labels.items())]
        return self._input(name, hint, menu("chosen", not_set, options, initial=stored or UNSET))

    def channels(self, name: str, hint: str, stored: Iterable[str], at_most: int) -> Block:
        none = self._translate(texts.NOT_SET)
        return self._input(name, hint, channel_menu("chosen", none, initial=tuple(stored)[:at_most], at_most=at_most))

    def names(self, values: Iterable[str]) -> dict[str, str]:
        """Labels for values that are English names."""
        return {value: self._translate(value) for value in values}

    def labels(self, texts_by_value: Mapping[Any, str]) -> dict[str, str]:
        return {value: self._translate(text) for value, text in texts_by_value.items()}

    def _input(self, name: str, hint: str, element: Element) -> Block:
        label = capitalized(self._translate(texts.NAMES[name]))
        return input_(name, label, element, hint=self._translate(hint), optional=True)


def language_names() -> dict[str, str]:
    """The languages by their own names."""
    return {code: languages.language(code).name for code in LANGUAGES}


def given(typed: Mapping[str, str], name: str) -> str | None:
    """What was typed or chosen; None: nothing."""
    value = typed.get(name, "").strip()
    return None if value in ("", UNSET) else value


def number_in(typed: Mapping[str, str], name: str, kind: type[int] | type[float]) -> float | str | None:
    """As `given`, as a number. Text that is no number is returned as it is: storage explains what is wrong."""
    value = given(typed, name)
    try:
        return value and kind(value.replace(",", "."))
    except ValueError:
        return value
