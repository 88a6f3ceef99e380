"""`python -m bot.languages`: updates the catalogues from the source code and counts untranslated messages."""

from __future__ import annotations

import ast
import asyncio
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import click
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po, write_po
from discord import Locale, app_commands
from discord.app_commands import TranslationContextTypes, locale_str
from jinja2 import Environment
from jinja2.ext import extract_from_ast

from bot.languages import FOLDER
from generator.user_messages import LANGUAGES

PACKAGES = ("generator", "storage", "bot")
# Babel's own header has dates, which would change with every run.
HEADER = r"""msgid ""
msgstr ""
"Language: {code}\n"
"Content-Type: text/plain; charset=utf-8\n"
"Plural-Forms: {plurals}\n"

"""
TOP = Path(__file__).parents[2]
DISCORD_LANGUAGES = {locale.value.partition("-")[0] for locale in Locale}


def template(code: str) -> Catalog:
    """All messages of the source code and all command descriptions, untranslated.

    Names of commands and options are only included for languages that Discord supports.
    """
    catalogue = Catalog()
    for forms, file in _found():
        catalogue.add(forms if len(forms) > 1 else forms[0], locations=[(file, 1)])
    for context, text in _of_commands():
        if context is None or code in DISCORD_LANGUAGES:
            catalogue.add(text, context=context, locations=[("bot/discord/features.py", 1)])
    return catalogue


@cache
def _found() -> list[tuple[tuple[str, ...], str]]:
    """The forms of each message, and the file that contains it."""
    files = sorted(file for package in PACKAGES for file in (TOP / package).rglob("*.py"))
    texts = {file: file.read_text("utf-8") for file in files}
    return [
        (forms, str(file.relative_to(TOP)))
        for file, text in texts.items()
        if "UserMessage(" in text
        for forms in _templates(ast.parse(text), file)
    ] + list(_of_pages())


def _of_pages() -> Iterator[tuple[tuple[str, ...], str]]:
    """The texts of the page's templates: `_("…")`."""
    for file in sorted((TOP / "bot" / "web" / "templates").glob("*.html")):
        for _, _, forms in extract_from_ast(
            Environment(autoescape=True).parse(file.read_text("utf-8")), ("_",), babel_style=False
        ):
            yield (forms,) if isinstance(forms, str) else tuple(map(str, forms or ())), str(file.relative_to(TOP))


def _templates(tree: ast.AST, file: Path) -> Iterator[tuple[str, ...]]:
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "UserMessage":
            forms = tuple(argument.value for argument in call.args if isinstance(argument, ast.Constant))
            if len(forms) != len(call.args) or not all(isinstance(form, str) for form in forms):
                raise click.ClickException(f"{file}:{call.lineno}: the templates of a UserMessage must be literals.")
            yield tuple(map(str, forms))


@cache
def _of_commands() -> list[tuple[str | None, str]]:
    return asyncio.run(_commands())


async def _commands() -> list[tuple[str | None, str]]:
    """Names and descriptions of the commands, as discord.py passes them to a translator: gettext context and English."""
    from bot.discord.core.translator import context_of
    from bot.discord.features import COMMANDS

    found: list[tuple[str | None, str]] = []

    class Listener(app_commands.Translator):
        async def translate(self, string: locale_str, locale: Locale, context: TranslationContextTypes) -> str | None:
            found.append((context_of(context), string.message))
            return None

    for command in COMMANDS:
        await command.get_translated_payload(_tree(), Listener())
    return list(dict.fromkeys(found))


def _tree() -> app_commands.CommandTree:
    import discord

    return app_commands.CommandTree(discord.Client(intents=discord.Intents.none()))


def untranslated(catalogue: Catalog) -> list[Message]:
    """The messages with a missing form."""
    return [
        message
        for message in catalogue
        if message.id
        and not all([message.string] if message.context or isinstance(message.string, str | None) else message.string)
    ]


@click.command(help=__doc__)
def main() -> None:
    for code in LANGUAGES[1:]:
        path = FOLDER / f"{code}.po"
        catalogue = read_po(path.open("rb"), locale=code) if path.exists() else Catalog(code)
        catalogue.update(template(code), no_fuzzy_matching=True, update_header_comment=False)
        catalogue.obsolete.clear()
        with path.open("wb") as file:
            file.write(HEADER.format(code=code, plurals=catalogue.plural_forms).encode())
            write_po(file, catalogue, width=0, sort_output=True, include_lineno=False, omit_header=True)
        missing = len(untranslated(catalogue))
        click.echo(f"{path.name}: {len(catalogue)} messages, {missing} to translate")


if __name__ == "__main__":
    main()
