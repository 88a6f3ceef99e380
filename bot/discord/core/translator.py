"""Translates command names and descriptions into the languages that Discord and the catalogues have: all but Irish."""

from __future__ import annotations

import discord
from discord import app_commands
from discord.app_commands import TranslationContextLocation, TranslationContextTypes, locale_str
from discord.app_commands import Translator as Base

from bot.languages import language
from generator.user_messages import LANGUAGES

# Names that people type are one word in lower case. The catalogues mark them with a context of their kind.
_TYPED = {
    TranslationContextLocation.command_name: "command",
    TranslationContextLocation.group_name: "command",
    TranslationContextLocation.parameter_name: "option",
}


def context_of(context: TranslationContextTypes) -> str | None:
    """The catalogue's context of a name that people type; None for other texts."""
    return None if isinstance(context.data, app_commands.ContextMenu) else _TYPED.get(context.location)


class Translator(Base):
    async def translate(self, string: locale_str, locale: discord.Locale, context: TranslationContextTypes) -> str | None:
        """None keeps the English."""
        code = locale.value.partition("-")[0]
        if code not in LANGUAGES[1:]:
            return None
        kind = context_of(context)
        translated = language(code).named(kind, string.message) if kind else language(code)(string.message)
        return translated if translated != string.message else None
