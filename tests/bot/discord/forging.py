"""Everything that a person can send to the bot, made from the bot's own registrations, with the id of any tune in it.

A new item, menu or form that is made of parts that are not known here raises KeyError, so that its test fails.
"""

from __future__ import annotations

import asyncio
import itertools
import re
import sys
import typing
from collections.abc import Iterator
from typing import Any

import discord
from discord import app_commands

from bot.core.gallery_page import Listing
from bot.discord.features import COMMANDS, FORM_HANDLERS, PERSISTENT_ITEMS
from tests.bot.discord.conftest import Stage
from tests.loopback import discord_world as world
from tests.loopback.discord import BOT, COMPONENT, MENTION, Channel, Interaction, Payload, Person
from tests.loopback.discord_server import MODAL_SUBMIT

NO_ID = "0" * 12
PHRASE = "EAAB c2Bc|dBAB G2EG|"
# Values of the menus; {id} is the tune's.
MENUS = {"InstrumentMenu": "default", "SetMenu": "{id}", "TuneMenu": "{id}"}
# Fields of the forms, by the modules of their handlers.
FORMS = {
    "bot.discord.variations.change": {"rhythm": "reel", "key": "", "opening": "", "temperature": "1", "seed": "", "title": ""},
    "bot.discord.sessions.form": {"phrase": PHRASE},
}
WORDS = ("vary it", "again", "in D", "on the flute", "as a waltz", "stop", f"\n{PHRASE}")
DRAFT = {"title": "Draft", "description": f"```\n{PHRASE}\n```", "fields": [{"name": "Title", "value": "–", "inline": True}]}
# The tasks in which discord.py runs handlers.
HANDLERS = ("discord.py: on_", "CommandTree-invoker", "discord-ui-dynamic-item")

_GROUP = re.compile(r"\(\?P<(\w+)>([^)]*)\)")


def custom_ids(pattern: str, tune_id: str) -> list[str]:
    """All custom ids of a template with this id. Raises KeyError for a group that is not known here."""
    literal, *groups = _GROUP.split(pattern)
    parts = [[literal]]
    for name, body, following in zip(groups[::3], groups[1::3], groups[2::3], strict=True):
        pages = [*(f"{listing.value}::::" for listing in (Listing.GALLERY, Listing.MINE)), f"g:::>9_{2**50}_{tune_id}:"]
        known = {"action": body.split("|"), "tune_id": [tune_id], "set_id": [tune_id], "page": pages, "rhythm": [""], "key": [""]}
        parts += [known[name], [following]]
    found = ["".join(chosen) for chosen in itertools.product(*parts)]
    assert all(re.fullmatch(pattern, custom_id) for custom_id in found), pattern
    return found


def is_menu(item: type[discord.ui.DynamicItem[Any]]) -> bool:
    bases = [base for kind in item.__mro__ for base in getattr(kind, "__orig_bases__", ())]
    return any(typing.get_origin(argument) is discord.ui.Select for base in bases for argument in typing.get_args(base))


def components(tune_id: str, items: tuple[type[discord.ui.DynamicItem[Any]], ...] = PERSISTENT_ITEMS) -> Iterator[Payload]:
    """Each button and menu. Raises KeyError for an unknown menu."""
    for item in items:
        for custom_id in custom_ids(item.__discord_ui_compiled_template__.pattern, tune_id):
            if is_menu(item):
                option = {"label": "x", "value": MENUS[item.__name__].format(id=tune_id)}
                yield {"type": 3, "custom_id": custom_id, "options": [option], "min_values": 1, "max_values": 1}
            else:
                yield button(custom_id)


def button(custom_id: str) -> Payload:
    return {"type": 2, "style": 2, "label": "x", "custom_id": custom_id}


def forms(tune_id: str) -> Iterator[Payload]:
    """The data of each submitted form. Raises KeyError for an unknown one."""
    for handler in FORM_HANDLERS:
        module = handler.__module__
        pattern: str = sys.modules[module]._FORM.pattern
        fields = [{"type": 4, "custom_id": name, "value": value, "id": 1} for name, value in FORMS[module].items()]
        for custom_id in custom_ids(pattern, tune_id):
            yield {"custom_id": custom_id, "components": [{"type": 18, "id": 1, "component": field} for field in fields]}


def text_options() -> Iterator[tuple[str, str, bool]]:
    """Command, option, and whether the bot completes it: of all options into which people type text."""
    for command in COMMANDS:
        for option in command.parameters if isinstance(command, app_commands.Command) else ():
            if option.type is discord.AppCommandOptionType.string and not option.choices:
                yield command.name, option.name, option.autocomplete


class Forger:
    """A person in a channel who sends the bot everything that they can."""

    def __init__(self, stage: Stage, channel: Channel, person: Person) -> None:
        self.stage, self.discord, self.channel, self.person = stage, stage.discord, channel, person
        self._interactions: list[Interaction] = []
        self._sent, self._files = len(stage.discord.sent), set(stage.discord._blobs)

    def message(self, *items: Payload) -> Payload:
        """A message of the bot with these buttons and menus, a draft, ABC, and a button back to a page."""
        rows = [{"type": 1, "components": [item]} for item in (*items, button("page:g::::"))]
        data = {"content": f"```\n{PHRASE}\n```", "components": rows, "embeds": [DRAFT]}
        made = world.message(self.channel, BOT, data)
        self.discord.messages[made["id"]] = made
        return made

    async def _interact(self, kind: int, data: Payload, message: Payload) -> None:
        self._interactions.append(await self.discord._interact(kind, data, self.channel, self.person, message))

    async def use(self, item: Payload) -> None:
        """Presses a button, or chooses the only option of a menu."""
        data = {"component_type": item["type"], "custom_id": item["custom_id"]}
        data |= {"values": [option["value"] for option in item.get("options", [])]}
        await self._interact(COMPONENT, data, self.message(item))

    async def use_items_and_forms(self, tune_id: str) -> None:
        for item in components(tune_id):
            if not item["custom_id"].startswith("privacy:"):
                await self.use(item)
        for data in forms(tune_id):
            await self._interact(MODAL_SUBMIT, data, self.message())

    async def use_context_menus(self, tune_id: str) -> None:
        message = self.message(button(f"tune:vary:{tune_id}"))
        for command in COMMANDS:
            if isinstance(command, app_commands.ContextMenu):
                self._interactions.append(await self.discord.menu(command.name, message, person=self.person))

    async def chat(self, tune_id: str) -> None:
        """Replies to messages of the bot, if it reads here."""
        for custom_id in (f"tune:vary:{tune_id}", f"set:again:{tune_id}", f"session:your-turn:{tune_id}::"):
            for words in WORDS if self.channel.member else ():
                text, message = f"{MENTION} {words}", self.message(button(custom_id))
                await self.discord.write(text, channel=self.channel, person=self.person, reply_to=message)

    async def use_commands(self, tune_id: str, typed: str) -> None:
        """Each command that everybody has: with the id in each text, and completed from `typed`."""
        where: Any = {"channel": self.channel, "person": self.person}
        for name, option, completes in text_options():
            if completes:
                await self.discord.autocomplete(name, option, typed, **where)
            for text in (f"tune:{tune_id}", typed):
                options: Any = {option: text}
                self._interactions.append(await self.discord.slash(name, **where, **options))
        for command in COMMANDS:
            if isinstance(command, app_commands.Command) and command.default_permissions is None:
                self._interactions.append(await self.discord.slash(command.name, **where))

    async def use_the_rest(self) -> None:
        """What takes no id."""
        for item in components(NO_ID):
            if item["custom_id"].startswith("privacy:"):
                await self.use(item)

    async def handled(self) -> None:
        """Waits until the bot has handled all of it. Discord sends events in order, so the last one comes last."""
        self._interactions.append(await self.discord.slash("help", channel=self.channel, person=self.person))
        for interaction in self._interactions:
            await self.discord.answered(interaction)
        while any(task.get_name().startswith(HANDLERS) for task in asyncio.all_tasks()):
            await asyncio.sleep(0.01)

    def said(self) -> list[tuple[str, str]]:
        """Call and payload of everything that the bot sent since, and the content of its files."""
        payloads = [(sent.call, repr(sent.data)) for sent in self.discord.sent[self._sent :]]
        files = [(f"file {id}", content.decode(errors="replace")) for id, content in self.discord._blobs.items()]
        return [*payloads, *(file for file in files if file[0].removeprefix("file ") not in self._files)]
