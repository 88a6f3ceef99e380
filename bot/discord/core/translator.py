"""Command names and descriptions in the languages of the catalogue that Discord knows: all but Irish."""

from __future__ import annotations

import discord
from discord import app_commands
from discord.app_commands import TranslationContextLocation, TranslationContextTypes, locale_str
from discord.app_commands import Translator as Base

from bot.languages import language
from generator.user_messages import LANGUAGES

# Names are typed: one word in small letters, each translated where the catalogue marks it as a name of that kind.
_TYPED = {
    TranslationContextLocation.command_name: "command",
    TranslationContextLocation.group_name: "command",
    TranslationContextLocation.parameter_name: "option",
}


def context_of(context: TranslationContextTypes) -> str | None:
    """The catalogue's context for a name that is typed."""
    return None if isinstance(context.data, app_commands.ContextMenu) else _TYPED.get(context.location)


class Translator(Base):
    async def translate(self, string: locale_str, locale: discord.Locale, context: TranslationContextTypes) -> str | None:
        """None leaves the English."""
        code = locale.value.partition("-")[0]
        if code not in LANGUAGES[1:]:
            return None
        kind = context_of(context)
        said = language(code).named(kind, string.message) if kind else language(code)(string.message)
        return said if said != string.message else None
