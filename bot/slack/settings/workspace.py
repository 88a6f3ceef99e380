"""`/tune settings`: a workspace's rules, changed by its owners and admins."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError

from bot.core.caller import Caller
from bot.core.preference_list import list_settings
from bot.core.texts import settings as texts
from bot.slack.core.blocks import Block
from bot.slack.core.caller import viewer_of
from bot.slack.core.clients import error_code
from bot.slack.core.context import Context
from bot.slack.core.event import Event
from bot.slack.core.screens import Screen, show
from bot.slack.settings import texts as slack_texts
from bot.slack.settings.forms import PreferenceForm
from bot.slack.settings.inputs import Inputs, given, language_names, number_in
from generator.request import INSTRUMENTS
from storage.errors import NotAllowed
from storage.preferences import MAX_CHANNELS

MEMBER_OF_PRIVATE = ("method_not_supported_for_channel_type",)  # of a private channel the app sees only if it is a member


class WorkspaceForm(PreferenceForm):
    name, heading, question = "settings", slack_texts.WORKSPACE_SETTINGS, slack_texts.RESET_SETTINGS_QUESTION
    fields = ("channels", "cooldown_s", "open_requests", "sharing_channel", "deleters", "instrument", "language")

    async def check(self, event: Event, caller: Caller) -> None:
        if not event.community_id:
            raise NotAllowed(slack_texts.ONLY_IN_WORKSPACES)
        if not (await self.context.people.of(event)).is_admin:
            raise NotAllowed(slack_texts.ONLY_ADMINS)

    async def blocks(self, caller: Caller) -> list[Block]:
        stored, inputs = await self.context.storage.preferences.community(caller.viewer), Inputs(caller.translate)
        sharing_channel = [stored.sharing_channel] if stored.sharing_channel else []
        return [
            inputs.channels("channels", slack_texts.CHANNELS, stored.channels, MAX_CHANNELS),
            inputs.typed("cooldown_s", texts.COOLDOWN, stored.cooldown_s),
            inputs.typed("open_requests", texts.OPEN_REQUESTS, stored.open_requests),
            inputs.channels("sharing_channel", texts.SHARING_CHANNEL, sharing_channel, 1),
            inputs.menu("deleters", slack_texts.DELETERS, inputs.labels(texts.DELETER_NAMES), stored.deleters),
            inputs.menu("instrument", texts.COMMUNITY_INSTRUMENT, inputs.names(INSTRUMENTS), stored.instrument),
            inputs.menu("language", texts.COMMUNITY_LANGUAGE, language_names(), stored.language),
        ]

    def changes(self, typed: Mapping[str, str]) -> dict[str, Any]:
        values: dict[str, Any] = {name: given(typed, name) for name in self.fields}
        numbers = {name: number_in(typed, name, int) for name in ("cooldown_s", "open_requests")}
        return {**values, **numbers, "channels": [channel for channel in (values["channels"] or "").split(",") if channel]}

    async def store(self, caller: Caller, changes: dict[str, Any]) -> None:
        await self.context.storage.preferences.change_community(caller.viewer, **changes)

    async def listed(self, caller: Caller) -> list[tuple[str, str]]:
        return list_settings(await self.context.storage.preferences.community(caller.viewer), caller.translate)

    async def saved(self, event: Event) -> None:
        """Joins the sharing channel. Only members can add the app to a private channel, so they are asked to."""
        community = await self.context.storage.preferences.community(viewer_of(event))
        if not (channel_id := community.sharing_channel):
            return
        try:
            client = await self.context.clients.of(event.team_id, event.enterprise_id)
            await client.conversations_join(channel=channel_id)
        except SlackApiError as error:
            if error_code(error) in MEMBER_OF_PRIVATE:
                return
            warning = slack_texts.invite_to(channel_id)

            async def make(caller: Caller) -> Screen:
                return await self.screen(caller, warning)

            await show(self.context, event, make)


def register(app: AsyncApp, context: Context) -> None:
    WorkspaceForm(context).register(app)
