"""The Change… button: the tune's request in a form, to be submitted again with changes."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar

import discord
import structlog

from bot.core import change_form
from bot.core.caller import Caller
from bot.core.change_form import COMPOSED_FIELDS, LABELS, NOT_SET, PLAYED_FIELDS, Typed
from bot.core.texts import common as core_texts
from bot.core.texts import variations as texts
from bot.core.tune_access import is_opening_visible
from bot.discord.core import limits
from bot.discord.core.caller import caller_of
from bot.discord.core.components import TUNE_ID, form_id, form_values
from bot.discord.core.context import Interaction
from bot.discord.core.persistent_items import TuneButton, answer_safely, view_with
from bot.discord.core.private_answers import send_private
from bot.discord.core.submission import submit
from bot.discord.core.tune_access import visible_tune
from generator.request import PARAMETERS
from generator.user_messages import UserError

log = structlog.get_logger(__name__)

_FORM = re.compile(rf"tune:change-form:{TUNE_ID}")
_CODE_BLOCK = "```"


class ChangeButton(TuneButton, template=rf"tune:(?P<action>change):{TUNE_ID}"):
    """Opens the form with the values of the tune's request; where none was set, with those of the finished tune."""

    labels: ClassVar = {"change": (texts.CHANGE, "✏️")}

    async def press(self, interaction: Interaction) -> None:
        caller = await caller_of(interaction)
        async with asyncio.timeout(limits.LOOKUP_S):  # a form has to be the first answer
            tune = await visible_tune(interaction, caller.viewer, self.tune_id)
            storage, channel_id = interaction.client.context.storage, str(interaction.channel_id)
            opening_visible = tune is not None and await is_opening_visible(storage, caller.viewer, channel_id, tune)
        if tune is None:
            await send_private(interaction, caller.translate(core_texts.TUNE_GONE))
            return
        typed = change_form.values_of(tune, opening_visible=opening_visible)
        await interaction.response.send_modal(_form(self.tune_id, typed, caller.translate))


class ContinueEditingButton(TuneButton, template=rf"tune:(?P<action>continue-editing):{TUNE_ID}"):
    """Is under the message that explains what was wrong in a form, and opens the form again with what was typed."""

    labels: ClassVar = {"continue-editing": (texts.CONTINUE_EDITING, "✏️")}

    async def press(self, interaction: Interaction) -> None:
        caller = await caller_of(interaction)
        assert interaction.message is not None
        typed = _read_draft(interaction.message.embeds[0])
        await interaction.response.send_modal(_form(self.tune_id, typed, caller.translate))


async def handle_form(interaction: Interaction) -> None:
    """Takes the form that somebody submitted, also one that was opened before a restart. Ignores all other forms."""
    if match := _FORM.fullmatch(form_id(interaction)):
        submit_form = partial(_submit_form, tune_id=match["tune_id"], typed=change_form.read(form_values(interaction)))
        await answer_safely(interaction, submit_form, tune=match["tune_id"])


async def _submit_form(interaction: Interaction, *, tune_id: str, typed: Typed) -> None:
    caller = await caller_of(interaction)
    try:
        async with asyncio.timeout(limits.LOOKUP_S):
            tune = await visible_tune(interaction, caller.viewer, tune_id)
        if tune is None:
            await send_private(interaction, caller.translate(core_texts.TUNE_GONE))
            return
        request = await asyncio.to_thread(change_form.changed_request, tune, typed)
    except UserError as error:
        await _send_draft(interaction, caller, tune_id, typed, caller.translate(error.message))
    except Exception:
        log.exception("Handling a form failed.", tune=tune_id)
        await _send_draft(interaction, caller, tune_id, typed, caller.translate(core_texts.REQUEST_FAILED))
    else:
        if not await submit(interaction, caller, request, parent_id=tune.id):
            await _send_draft(interaction, caller, tune_id, typed)


def _form(tune_id: str, typed: Typed, translate: Callable[[str], str]) -> discord.ui.Modal:
    form = discord.ui.Modal(
        title=translate(texts.CHANGE_TUNE)[: limits.FIELD_LABEL_CHARACTERS], custom_id=f"tune:change-form:{tune_id}"
    )
    for field, value in typed.items():
        component = _rhythm_menu(value, translate) if field == "rhythm" else _text_field(field, value, translate)
        label = translate(change_form.label_of(field, typed))
        form.add_item(discord.ui.Label(text=label[: limits.FIELD_LABEL_CHARACTERS], component=component))
    form.stop()  # discord.py need not wait for it: `handle_form` takes it, also after a restart
    return form


def _rhythm_menu(chosen: str, translate: Callable[[str], str]) -> discord.ui.Select[Any]:
    menu: discord.ui.Select[Any] = discord.ui.Select(custom_id="rhythm")
    for value, label in change_form.rhythm_choices(translate).items():
        menu.add_option(label=label[: limits.CHOICE_CHARACTERS], value=value, default=value == (chosen or NOT_SET))
    return menu


def _text_field(field: str, value: str, translate: Callable[[str], str]) -> discord.ui.TextInput[Any]:
    max_characters = PARAMETERS[field].max_characters
    return discord.ui.TextInput(
        custom_id=field,
        style=discord.TextStyle.paragraph if field == "opening" else discord.TextStyle.short,
        default=value[:max_characters] or None,
        placeholder=translate(change_form.placeholder_of(field))[: limits.CHOICE_CHARACTERS],
        required=False,
        max_length=max_characters,
    )


async def _send_draft(interaction: Interaction, caller: Caller, tune_id: str, typed: Typed, text: str = "") -> None:
    """Sends what was typed in a private message with the Continue editing button, so that nothing is lost."""
    translate, opening = caller.translate, typed["opening"]
    description = f"{_CODE_BLOCK}\n{opening}\n{_CODE_BLOCK}" if opening else None
    embed = discord.Embed(title=translate(texts.TYPED), description=description)
    for field, value in typed.items():
        if field != "opening":
            embed.add_field(name=translate(LABELS[field]), value=value or NOT_SET)  # Discord allows no empty value
    view = view_with(ContinueEditingButton("continue-editing", tune_id, translate))
    await send_private(interaction, text, embed=embed, view=view)


def _read_draft(embed: discord.Embed) -> Typed:
    """What `_send_draft` wrote."""
    names = COMPOSED_FIELDS if len(embed.fields) > 1 else PLAYED_FIELDS
    fields = iter(embed.fields)
    opening = (embed.description or "").removeprefix(f"{_CODE_BLOCK}\n").removesuffix(f"\n{_CODE_BLOCK}")
    typed = {name: opening if name == "opening" else next(fields).value or "" for name in names}
    return change_form.read(typed)
