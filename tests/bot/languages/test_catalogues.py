"""Each catalogue says all that the code says, and in a way that works."""

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
MAX_MENU, MAX_DESCRIPTION, MAX_LABEL = 32, 100, 80  # characters
SHORT = 40  # what is as short as this in English may stand on a button

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
    """Of an id or a translation: one, or those of the plural."""
    return [text] if isinstance(text, str) else list(text)


def fields(text: str) -> Counter[tuple[str, str, str]]:
    """Names, format specifications and conversions of the values; none in a text that is not formatted."""
    if "{" not in text:
        return Counter()
    return Counter((name, spec or "", way or "") for _, name, spec, way in string.Formatter().parse(text) if name is not None)


def numbers_of(form: int, code: str) -> list[int]:
    """The numbers for which a plural's form stands, up to a hundred."""
    plural = gettext.c2py(catalogue(code).plural_expr)
    return [number for number in range(1, 101) if plural(number) == form]


@each_language
def test_all_that_the_code_says_is_translated(code: str) -> None:
    wanted = {key(message) for message in template(code) if message.id}
    missing = wanted - {key(message) for message in messages(code)}
    assert not missing, "run python -m bot.languages, and translate what is new"
    assert [message.id for message in untranslated(catalogue(code))] == []


@each_language
def test_what_the_shipped_models_say_of_themselves_is_translated(code: str) -> None:
    cards = [json.loads(card.read_text(encoding="utf-8")) for card in WEIGHTS.glob("**/card.json")]
    assert len(cards) == 2
    for card in cards:
        assert language(code)(card["description"]) != card["description"]


@each_language
def test_nothing_is_translated_that_the_code_no_longer_says(code: str) -> None:
    wanted = {key(message) for message in template(code)}
    assert [message.id for message in messages(code) if key(message) not in wanted] == []
    assert [message.id for message in catalogue(code).obsolete.values()] == []
    assert [message.id for message in messages(code) if message.fuzzy] == []


@each_language
def test_translations_have_the_values_of_the_english(code: str) -> None:
    wrong = []
    for message in messages(code):
        wanted = fields(forms(message.id)[-1])
        plural = isinstance(message.id, tuple | list)
        for index, form in enumerate(forms(message.string)):
            # «One bar» needs no figure, where the form stands for nothing else.
            spoken = {("n", "", ""), ("n", ",", "")} if plural and len(numbers_of(index, code)) == 1 else set()
            found = fields(form)
            if form and (found - wanted or any(field not in spoken for field in wanted - found)):
                wrong.append((form, wanted))
    assert wrong == []


@each_language
def test_every_number_has_its_form(code: str) -> None:
    assert catalogue(code).plural_expr == Catalog(code).plural_expr
    plural = [message for message in messages(code) if isinstance(message.id, tuple | list)]
    assert len(plural) > 3
    assert [message.id for message in plural if len(message.string) != catalogue(code).num_plurals] == []


@each_language
def test_translations_end_as_the_english_does(code: str) -> None:
    wrong = []
    for message in messages(code):
        english = forms(message.id)[0]
        said = list(filter(None, forms(message.string)))
        wrong += [form for form in said if form != form.strip() or (form[-1] in ".…") != (english[-1] in ".…")]
    assert wrong == []


@each_language
def test_what_is_short_enough_for_a_button_stays_so(code: str) -> None:
    short = [message for message in messages(code) if all(len(form) <= SHORT for form in forms(message.id))]
    assert [form for message in short for form in forms(message.string) if len(form) > MAX_LABEL] == []


@each_language
def test_a_command_is_called_in_sentences_what_people_type(code: str) -> None:
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


def said(of: dict[str, Any], field: str, code: str) -> str:
    return str((of.get(f"{field}_localizations") or {}).get(LOCALES[code], of[field]))


def families(code: str) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Those that must differ by their names: the commands, and the options (or subcommands) of each."""
    waiting = [("/", payloads())]
    while waiting:
        name, family = waiting.pop()
        yield name, family
        waiting += [(f"{name}{one['name']} ", one["options"]) for one in family if one.get("options")]


@each_locale
def test_discord_takes_the_names_and_descriptions_of_commands(code: str) -> None:
    for name, family in families(code):
        for one in family:
            own = said(one, "name", code)
            if "description" in one:
                assert TYPED.fullmatch(own) and own == own.lower(), f"{name}: {own!r} cannot be typed"
                assert 1 <= len(said(one, "description", code)) <= MAX_DESCRIPTION, (
                    f"{name}{own}: {said(one, 'description', code)!r}"
                )
            else:
                assert 1 <= len(own) <= MAX_MENU, f"{own!r} is too long for a menu"
            for choice in one.get("choices", ()):
                assert 1 <= len(said(choice, "name", code)) <= MAX_DESCRIPTION


@each_locale
def test_no_two_commands_or_options_share_a_name(code: str) -> None:
    for name, family in families(code):
        for kind in ({1}, {2}, {3}) if name == "/" else (set(range(1, 12)),):  # a menu's entry may be called like a command
            names = [said(one, "name", code) for one in family if one["type"] in kind]
            assert sorted(names) == sorted(set(names)), f"{name}: {names}"
            choices = [[said(choice, "name", code) for choice in one.get("choices", ())] for one in family]
            assert choices == [list(dict.fromkeys(choice)) for choice in choices]


@each_locale
def test_every_command_and_option_is_described_in_the_language(code: str) -> None:
    for name, family in families(code):
        for one in family:
            if "description" in one:
                assert LOCALES[code] in (one.get("description_localizations") or {}), f"{name}{one['name']}"
