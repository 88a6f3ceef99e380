"""Everything that a person can send to the Slack app, made from the app's own registrations, with the id of any tune in it.

A new action, form, command, shortcut or event that is not known here fails a test (`check_known`).
"""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any, cast

from slack_bolt.async_app import AsyncApp

from bot.core.gallery_page import Listing
from bot.slack import features
from bot.slack.core.context import Context
from bot.slack.settings.defaults import DefaultsForm
from bot.slack.settings.workspace import WorkspaceForm
from tests.bot.slack.conftest import Stage
from tests.loopback.slack import Channel, Payload, Person, Sent
from tests.loopback.slack_installations import Installation
from tests.patience import HANG_S

Values = Callable[[str], list[str]]  # the values of a button or a menu with a tune's id

PHRASE = "EAAB c2Bc|dBAB G2EG|"
WORDS = ("vary it", "again", "in D", "on the flute", "as a waltz", "stop", f"\n{PHRASE}")


def no_value(tune_id: str) -> list[str]:
    return [""]


def tune(tune_id: str) -> list[str]:
    return [tune_id]


def turn(tune_id: str) -> list[str]:
    return [f"{tune_id}::"]


def page(tune_id: str) -> list[str]:
    return [*(f"{listing.value}::::" for listing in Listing), f"g:::>9_{2**50}_{tune_id}:"]


def tune_and_page(tune_id: str) -> list[str]:
    return [f"{tune_id} {written}" for written in ("g::::", "o::::", f"g:::>9_{2**50}_{tune_id}:")]


ACTIONS: dict[str, Values] = {
    **dict.fromkeys(("tune:cancel", "tune:like", "tune:share", "tune:unshare", "tune:delete"), tune),
    **dict.fromkeys(("tune:again", "tune:vary-little", "tune:vary", "tune:vary-lot", "tune:continue", "tune:second-part"), tune),
    **dict.fromkeys(("tune:change", "tune:instrument", "tune:files", "set:again"), tune),
    **dict.fromkeys(("session:your-turn", "session:whole"), turn),
    **dict.fromkeys(("page:previous", "page:next", "page:back", "page:show"), page),
    **dict.fromkeys(("page:open", "page:like"), tune_and_page),
    **dict.fromkeys(
        ("opened:like", "opened:share", "opened:unshare", "opened:post", "opened:files", "opened:delete"), tune_and_page
    ),
    **dict.fromkeys(("settings:defaults", "settings:settings", "privacy:show", "home:compose"), no_value),
}
MENUS: dict[str, Values] = {
    "set:choose": tune,
    "tune:choose-instrument": lambda tune_id: [f"{tune_id} default", f"{tune_id} harp"],
    "help:topic": lambda tune_id: ["tune", tune_id],
}
# They delete or reset what is the person's own, so they come last.
LAST: dict[str, Values] = dict.fromkeys(("settings:reset-defaults", "settings:reset-settings", "privacy:delete"), no_value)

CHANGED = {"rhythm": "reel", "key": "", "opening": "", "temperature": "1", "seed": "", "title": ""}
# By the callback_id of a form: what it remembers besides where it was opened, and what its fields hold.
FORMS: dict[str, tuple[Callable[[str], dict[str, str]], dict[str, str]]] = {
    "compose": (lambda tune_id: {}, {"title": "{id}", "opening": PHRASE}),
    "tune:change": (lambda tune_id: {"tune_id": tune_id}, CHANGED),
    "session:phrase": (lambda tune_id: {"turn": f"{tune_id}::"}, {"opening": PHRASE}),
    "settings:defaults": (lambda tune_id: {}, dict.fromkeys(DefaultsForm.fields, "") | {"key": "{id}"}),
    "settings:settings": (lambda tune_id: {}, dict.fromkeys(WorkspaceForm.fields, "") | {"cooldown_s": "{id}"}),
}
COMMANDS = ("/tune", "/gallery", "/top", "/mine")
SUB_COMMANDS = {"defaults", "help", "privacy", "session", "set", "settings", "tunebook"}
SHORTCUTS = ("continue_tune", "play_abc")
EVENTS = {
    *("app_mention", "message", "app_home_opened", "link_shared"),
    *("agent_session_stopped", "app_uninstalled", "tokens_revoked"),  # they contain no ids of tunes
}


class Registrations:
    """Takes the place of slack-bolt's app, and notes what features register."""

    def __init__(self) -> None:
        self.found: defaultdict[str, set[str]] = defaultdict(set)

    def __getattr__(self, kind: str) -> Callable[..., Callable[[Any], Any]]:
        def register(constraint: str, *unused: object, **options: object) -> Callable[[Any], Any]:
            self.found[kind].add(constraint)
            return lambda listener: listener

        return register


def registrations() -> dict[str, set[str]]:
    """Names by kind. Sub-commands of /tune are `sub_commands`."""
    app, context = (
        Registrations(),
        Context(cast(Any, None), cast(Any, None), cast(Any, None), web_url="https://tunes.example.org"),
    )
    for register in features.FEATURES:
        register(cast(AsyncApp, app), context)
    return {**app.found, "sub_commands": set(context.sub_commands)}


KNOWN = {
    "action": {*ACTIONS, *MENUS, *LAST},
    "view": {*FORMS},
    "command": {*COMMANDS},
    "message_shortcut": {*SHORTCUTS},
    "event": EVENTS,
    "sub_commands": SUB_COMMANDS,
}


def check_known(found: dict[str, set[str]]) -> None:
    """Fails for what is registered and not forged."""
    unknown = {kind: names - KNOWN.get(kind, set()) for kind, names in found.items()}
    assert not any(unknown.values()), f"tell tests.bot.slack.forging how a stranger can use {unknown}"


class Forger:
    """A person in a channel, or in modals and App Home if there is none, who sends the app everything that they can."""

    def __init__(self, stage: Stage, person: Person, channel: Channel | None) -> None:
        self.stage, self.slack, self.person, self.channel = stage, stage.slack, person, channel
        self._sent: list[Sent] = []
        self._calls, self._files = len(stage.slack.calls), set(stage.slack.files.all)

    @property
    def _installed(self) -> Installation:
        team = self.channel.team if self.channel else self.person.team
        return self.slack._installed(team)

    # --- buttons, menus and forms
    async def use(self, element: Payload) -> None:
        """Presses a button, or chooses the only option of a menu: in a message, or in App Home and in a modal."""
        block = {"type": "actions", "block_id": "forged", "elements": [element]}
        if self.channel is not None:
            author = self.slack.state.bot_author(self._installed)
            await self._use(self.slack.state.add_message(self.channel, author, {"text": PHRASE, "blocks": [block]}), element)
            return
        home = {"type": "home", "blocks": [block]}
        shown = self.slack.views._completed(home, self.slack.state.id("V"), self.person.team, self._installed.bot_id)
        self.slack.views.homes[self.person.id] = shown
        await self._use(shown, element)
        await self._use(self._modal("screen", [block]), element)

    async def _use(self, where: Payload, element: Payload) -> None:
        action_id = element["action_id"]
        if element["type"] == "button":
            self._sent.append(await self.slack.click(where, action_id, person=self.person))
        else:
            self._sent.append(await self.slack.choose(where, action_id, element["options"][0]["value"], person=self.person))
        await self.handled()

    def _modal(self, callback_id: str, blocks: list[Payload], metadata: str = "") -> Payload:
        words = {"type": "plain_text", "text": "Forged"}
        view = {"type": "modal", "callback_id": callback_id, "title": words, "submit": words, "blocks": blocks}
        view |= {"private_metadata": metadata}
        team = self.channel.team if self.channel else self.person.team
        self.slack.views.open[self.person.id] = []
        return self.slack.views.show(self.person, team, view, self._installed.bot_id)

    async def use_elements(self, tune_id: str) -> None:
        for element in elements(tune_id):
            await self.use(element)

    async def use_forms(self, tune_id: str) -> None:
        for callback_id, (remembered, fields) in FORMS.items():
            at = {"channel_id": self.channel.id if self.channel else "", "thread_ts": ""}
            blocks = [input_block(name, value.replace("{id}", tune_id)) for name, value in fields.items()]
            view = self._modal(callback_id, blocks, json.dumps(at | remembered(tune_id)))
            self._sent.append(await self.slack.submit(view))
            await self.handled()

    async def use_the_last(self) -> None:
        for action_id in LAST:
            await self.use(button(action_id, ""))

    # --- commands, shortcuts and messages
    async def use_commands(self, *typed: str) -> None:
        assert self.channel is not None
        for command in COMMANDS:
            for text in ("", *typed):
                for name in ("", *(f"{name} " for name in SUB_COMMANDS)) if command == "/tune" else ("",):
                    words = f"{name}{text}".strip()
                    self._sent.append(await self.slack.slash(command, words, channel=self.channel, person=self.person))
                    await self.handled()

    async def use_messages(self, message_ts: str, file_ids: tuple[str, ...]) -> None:
        """Messages that look like those of a tune: with the same `ts`, or with its files."""
        assert self.channel is not None
        slack = self.slack
        files = [{"id": file_id, "mode": "hosted", "name": "tune.abc"} for file_id in file_ids]
        author = slack.state.bot_author(self._installed)
        for ts in (message_ts, slack.state.ts()):
            message = slack.state.add_message(self.channel, author, {"text": "", "files": files}) | {"ts": ts}
            slack.state.messages[self.channel.id, ts] = message
            for name in SHORTCUTS:
                self._sent.append(await slack.shortcut(name, message, person=self.person))
            for words in WORDS:
                mention = "" if self.channel.id.startswith("D") else f"<@{self._installed.bot_user}> "
                said = await slack.write(mention + words, channel=self.channel, person=self.person, thread=message)
                self._sent.append(slack.event_of(said))

    async def share_link(self, url: str) -> None:
        assert self.channel is not None
        said = await self.slack.write(url, channel=self.channel, person=self.person)
        self._sent += [sent for sent in [self.slack.event_of(said)] if sent]

    async def open_home(self) -> None:
        if (sent := await self.slack.open_home(self.person)) is not None:
            self._sent.append(sent)

    # --- what comes of it
    async def handled(self) -> None:
        """Waits until the app has handled all of it, and closes what it opened: Slack opens one modal at a time."""
        for sent in self._sent:
            await self.slack.acked(sent)
        self._sent.clear()
        async with asyncio.timeout(HANG_S):
            while self.stage.context.tasks or any(map(_is_listener, asyncio.all_tasks())):
                await asyncio.sleep(0.002)
        self.slack.views.open.pop(self.person.id, None)

    def said(self) -> list[tuple[str, str]]:
        """Call and content of everything that the app said since, the content of its files, and its acknowledgements."""
        calls = [(call.method, repr(call.arguments)) for call in self.slack.calls[self._calls :]]
        files = [file for id, file in self.slack.files.all.items() if id not in self._files and file.owner is not None]
        contents = [(f"file {file.name}", (file.content or b"").decode(errors="replace")) for file in files]
        acknowledged = [("acknowledgement", repr(sent.ack)) for sent in self.slack.sent]
        return [*calls, *contents, *acknowledged]


def elements(tune_id: str) -> Iterator[Payload]:
    for action_id, values in ACTIONS.items():
        for value in values(tune_id):
            yield button(action_id, value)
    for action_id, values in MENUS.items():
        for value in values(tune_id):
            chosen = {"text": {"type": "plain_text", "text": "Forged"}, "value": value}
            yield {"type": "static_select", "action_id": action_id, "options": [chosen]}


def button(action_id: str, value: str) -> Payload:
    element: Payload = {"type": "button", "action_id": action_id, "text": {"type": "plain_text", "text": "Forged"}}
    return element | ({"value": value} if value else {})


def input_block(name: str, value: str) -> Payload:
    element = {"type": "plain_text_input", "action_id": name, "initial_value": value}
    label = {"type": "plain_text", "text": name}
    return {"type": "input", "block_id": name, "label": label, "element": element, "optional": True}


def _is_listener(task: asyncio.Task[Any]) -> bool:
    """Whether slack-bolt runs a listener in it."""
    return getattr(task.get_coro(), "__qualname__", "").startswith("AsyncioListenerRunner.")
