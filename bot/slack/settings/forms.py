"""What both forms do: open with the present values, save them, and reset them."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.core.caller import Caller
from bot.core.texts import settings as texts
from bot.slack.core import limits
from bot.slack.core.blocks import Block, actions, button, confirm, escape, modal, section, values_of
from bot.slack.core.caller import caller_of
from bot.slack.core.context import Context
from bot.slack.core.event import Event
from bot.slack.core.forms import NAME, open_form, refuse_in_form
from bot.slack.core.screens import Screen, modal_of, show
from bot.slack.settings import texts as slack_texts
from generator.user_messages import UserError

log = structlog.get_logger(__name__)


class PreferenceForm(ABC):
    """`/tune NAME` and the button `settings:NAME` open it, `settings:reset-NAME` in it resets everything."""

    name: str
    heading: str
    question: str  # before everything is reset
    fields: Sequence[str]  # of what is stored; each is a block of the form

    async def check(self, event: Event, caller: Caller) -> None:  # noqa: B027  # nothing by default
        """Raises UserError if the person may not see or change this."""

    @abstractmethod
    async def blocks(self, caller: Caller) -> list[Block]:
        """The fields with the present values."""

    @abstractmethod
    def changes(self, typed: Mapping[str, str]) -> dict[str, Any]:
        """The values of all fields to store; None: not set."""

    @abstractmethod
    async def store(self, caller: Caller, changes: dict[str, Any]) -> None:
        """Raises UserError for a value that storage refuses."""

    @abstractmethod
    async def listed(self, caller: Caller) -> list[tuple[str, str]]:
        """Names and values of what is stored, in words."""

    async def saved(self, event: Event) -> None:  # noqa: B027  # nothing by default
        """What to do after the form was saved."""

    def __init__(self, context: Context) -> None:
        self.context = context

    def register(self, app: AsyncApp) -> None:
        self.context.sub_commands[self.name] = self._command
        app.action(f"settings:{self.name}")(self._press)
        app.action(f"settings:reset-{self.name}")(self._reset)
        app.view(f"settings:{self.name}")(self._save)

    async def screen(self, caller: Caller, warning: str = "") -> Screen:
        heading = caller.translate(self.heading)
        lines = [f"• {escape(name)}: {escape(value)}" for name, value in await self.listed(caller)]
        warnings = [section(escape(caller.translate(warning)))] if warning else []
        return Screen(heading, [section("\n".join([f"*{escape(heading)}*", *lines])), *warnings])

    async def _command(self, context: Context, event: Event, ack: Callable[..., Awaitable[Any]], text: str) -> None:
        await ack()
        await self._open(event)

    async def _press(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        await ack()
        await self._open(Event.of_interaction(body))

    async def _open(self, event: Event) -> None:
        async def make(caller: Caller) -> Block:
            await self.check(event, caller)
            translate = caller.translate
            asked = map(translate, (self.heading, self.question, slack_texts.RESET, slack_texts.KEEP))
            question = confirm(*asked, style="danger")
            reset = button(f"settings:reset-{self.name}", translate(slack_texts.RESET), style="danger", confirm=question)
            blocks = [section(f"*{escape(translate(self.heading))}*"), *await self.blocks(caller), actions([reset])]
            return modal(f"settings:{self.name}", NAME, blocks, submit=translate(slack_texts.SAVE))

        await open_form(self.context, event, make)

    async def _save(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        event = Event.of_interaction(body)
        caller = await caller_of(self.context, event)
        refuse = refuse_in_form(ack, caller, self.fields)
        try:
            async with asyncio.timeout(limits.STORE_FIRST_S):
                await self.check(event, caller)
                await self.store(caller, self.changes(values_of(body["view"])))
                caller = await caller_of(self.context, event)  # the language may have changed just now
                screen = await self.screen(caller)
        except UserError as error:
            await refuse(error)
        except Exception:
            log.exception("Saving preferences failed.", event_id=event.id)
            await refuse(UserError(texts.SAVING_FAILED))
        else:
            await ack(response_action="update", view=modal_of(caller, screen.blocks))
            self.context.start(self.saved(event))
            self.context.start(self.context.home.changed(event))

    async def _reset(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        await ack()
        event = Event.of_interaction(body)

        async def make(caller: Caller) -> Screen:
            await self.check(event, caller)
            await self.store(caller, dict.fromkeys(self.fields))
            return await self.screen(await caller_of(self.context, event))

        await show(self.context, event, make)
        self.context.start(self.context.home.changed(event))
