"""The catalogues translate every text of the code, and every translation works where it is used."""

from __future__ import annotations

import asyncio
import gettext
import json
import re
import string
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po
from discord import Client, Intents, app_commands

from bot.discord.core.translator import Translator
from bot.discord.features import COMMANDS
from bot.languages import FOLDER, language
from bot.languages.__main__ import template, untranslated
from generator.user_messages import LANGUAGES

WEIGHTS = Path(__file__).parents[3] / "generator" / "weights"

TRANSLATED = LANGUAGES[1:]
LOCALES = {"de": "de", "fr": "fr", "es": "es-ES"}  # of Discord, which has no Irish
TYPED = re.compile(r"[-_\w]{1,32}")
UPDATE = "run python -m bot.languages, and translate the new texts; see CONTRIBUTING.md"
MAX_MENU, MAX_DESCRIPTION, MAX_LABEL = 32, 100, 80  # characters
SHORT = 40  # characters; English texts up to this length may be labels of buttons

each_language = pytest.mark.parametrize("code", TRANSLATED)
each_locale = pytest.mark.parametrize("code", LOCALES)


@cache
def catalogue(code: str) -> Catalog:
    with (FOLDER / f"{code}.po").open("rb") as file:
        return read_po(file, locale=code)


def messages(code: str) -> list[Message]:
    return [message for message in catalogue(code) if message.id]


def key(message: Message) -> tuple[str | None, object]:
    return message.context, message.id


def forms(text: Any) -> list[str]:
    """The forms of an id or a translation: several for a plural, otherwise one."""
    return [text] if isinstance(text, str) else list(text)


def fields(text: str) -> Counter[tuple[str, str, str]]:
    """The fields of a text (name, format specification, conversion). A text without braces has none."""
    if "{" not in text:
        return Counter()
    return Counter(
        (name, spec or "", conversion or "") for _, name, spec, conversion in string.Formatter().parse(text) if name is not None
    )


def numbers_of(form: int, code: str) -> list[int]:
    """The numbers up to a hundred that use a form of the plural."""
    plural = gettext.c2py(catalogue(code).plural_expr)
    return [number for number in range(1, 101) if plural(number) == form]


@each_language
def test_every_text_of_the_code_is_translated(code: str) -> None:
    expected = {key(message) for message in template(code) if message.id}
    missing = expected - {key(message) for message in messages(code)}
    assert not missing, UPDATE
    assert [message.id for message in untranslated(catalogue(code))] == [], f"fill in the empty msgstr in bot/languages/{code}.po"


@each_language
def test_the_descriptions_of_the_shipped_models_are_translated(code: str) -> None:
    cards = [json.loads(card.read_text(encoding="utf-8")) for card in WEIGHTS.glob("**/card.json")]
    assert len(cards) == 2
    for card in cards:
        assert language(code)(card["description"]) != card["description"]


@each_language
def test_catalogues_contain_no_text_that_the_code_no_longer_has(code: str) -> None:
    expected = {key(message) for message in template(code)}
    assert [message.id for message in messages(code) if key(message) not in expected] == [], UPDATE
    assert [message.id for message in catalogue(code).obsolete.values()] == []
    assert [message.id for message in messages(code) if message.fuzzy] == []


@each_language
def test_translations_have_the_fields_of_the_english_text(code: str) -> None:
    wrong = []
    for message in messages(code):
        expected = fields(forms(message.id)[-1])
        plural = isinstance(message.id, tuple | list)
        for index, form in enumerate(forms(message.string)):
            # A form for only one number may write it as a word: “one bar”.
            optional = {("n", "", ""), ("n", ",", "")} if plural and len(numbers_of(index, code)) == 1 else set()
            found = fields(form)
            if form and (found - expected or any(field not in optional for field in expected - found)):
                wrong.append((form, expected))
    assert wrong == []


@each_language
def test_every_plural_has_all_forms_of_the_language(code: str) -> None:
    assert catalogue(code).plural_expr == Catalog(code).plural_expr
    plural = [message for message in messages(code) if isinstance(message.id, tuple | list)]
    assert len(plural) > 3
    assert [message.id for message in plural if len(forms(message.string)) != catalogue(code).num_plurals] == []


@each_language
def test_translations_end_with_the_punctuation_of_the_english_text(code: str) -> None:
    wrong = []
    for message in messages(code):
        english = forms(message.id)[0]
        translated = list(filter(None, forms(message.string)))
        wrong += [form for form in translated if form != form.strip() or (form[-1] in ".…") != (english[-1] in ".…")]
    assert wrong == []


@each_language
def test_translations_of_short_texts_fit_on_a_button(code: str) -> None:
    short = [message for message in messages(code) if all(len(form) <= SHORT for form in forms(message.id))]
    assert [form for message in short for form in forms(message.string) if len(form) > MAX_LABEL] == []


@each_language
def test_texts_mention_commands_by_their_translated_names(code: str) -> None:
    names = {command.name for command in COMMANDS}
    wrong = []
    for message in messages(code):
        for name in re.findall(r"(?<![\w/.])/([a-z]+)", " ".join(forms(message.id))):
            typed = language(code).named("command", name)
            if name in names and any(form and f"/{typed}" not in form for form in forms(message.string)):
                wrong.append((message.string, f"/{typed}"))
    assert wrong == []


@cache
def payloads() -> list[dict[str, Any]]:
    """The commands as they are registered with Discord, in all languages."""

    async def translated() -> list[dict[str, Any]]:
        tree = app_commands.CommandTree(Client(intents=Intents.none()))
        return [await command.get_translated_payload(tree, Translator()) for command in COMMANDS]

    return asyncio.run(translated())


def localized(payload: dict[str, Any], field: str, code: str) -> str:
    return str((payload.get(f"{field}_localizations") or {}).get(LOCALES[code], payload[field]))


def sibling_entries(code: str) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Entries whose names must differ: all commands, and the options (or subcommands) of each. With the path to them."""
    waiting = [("/", payloads())]
    while waiting:
        name, entries = waiting.pop()
        yield name, entries
        waiting += [(f"{name}{entry['name']} ", entry["options"]) for entry in entries if entry.get("options")]


@each_locale
def test_discord_accepts_the_names_and_descriptions_of_commands(code: str) -> None:
    for name, entries in sibling_entries(code):
        for entry in entries:
            translated_name = localized(entry, "name", code)
            if "description" in entry:
                assert TYPED.fullmatch(translated_name) and translated_name == translated_name.lower(), (
                    f"{name}: {translated_name!r} cannot be typed"
                )
                assert 1 <= len(localized(entry, "description", code)) <= MAX_DESCRIPTION, (
                    f"{name}{translated_name}: {localized(entry, 'description', code)!r}"
                )
            else:
                assert 1 <= len(translated_name) <= MAX_MENU, f"{translated_name!r} is too long for a menu"
            for choice in entry.get("choices", ()):
                assert 1 <= len(localized(choice, "name", code)) <= MAX_DESCRIPTION


@each_locale
def test_no_two_commands_or_options_share_a_name(code: str) -> None:
    for name, entries in sibling_entries(code):
        # Commands and the entries of context menus may share a name: each type has names of its own.
        for kind in ({1}, {2}, {3}) if name == "/" else (set(range(1, 12)),):
            names = [localized(entry, "name", code) for entry in entries if entry["type"] in kind]
            assert sorted(names) == sorted(set(names)), f"{name}: {names}"
            choices = [[localized(choice, "name", code) for choice in entry.get("choices", ())] for entry in entries]
            assert choices == [list(dict.fromkeys(choice)) for choice in choices]


@each_locale
def test_every_command_and_option_is_described_in_the_language(code: str) -> None:
    for name, entries in sibling_entries(code):
        for entry in entries:
            if "description" in entry:
                assert LOCALES[code] in (entry.get("description_localizations") or {}), f"{name}{entry['name']}: {UPDATE}"
