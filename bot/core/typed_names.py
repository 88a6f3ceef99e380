"""Names of commands and options as people type them, in any of the languages."""

from __future__ import annotations

from collections.abc import Collection

from bot.languages import language
from generator.user_messages import LANGUAGES


def english_names(context: str, names: Collection[str]) -> dict[str, str]:
    """English name by the name in each language, in lower case. `context` is the catalogues' context, `command` or `option`."""
    return {language(code).named(context, name).casefold(): name for code in LANGUAGES[::-1] for name in names}
