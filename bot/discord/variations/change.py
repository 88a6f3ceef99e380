"""Change…: the tune's wish in a form, to be asked for with something else in it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from functools import partial
from typing import Any, ClassVar

import discord
import structlog

from bot.core import derive
from bot.discord.core import submission
from bot.discord.core import texts as core_texts
from bot.discord.core.buttons import TUNE, Interaction, TuneButton, guarded
from bot.discord.core.caller import Caller
from bot.discord.variations import texts
from generator.notation.errors import NotationError
from generator.notation.keys import Key
from generator.notation.metres import RHYTHMS
from generator.notation.opening import read_opening
from generator.request import PARAMETERS, RequestError, TuneRequest
from storage.tunes import Tune

log = structlog.get_logger(__name__)

LOOK_S = 1.0  # for the tune; a form has to be the first answer, within 3 s
OPEN = "–"  # in the form's choice of rhythms, and for an empty field where Discord wants something
MAX_LABEL, MAX_OPTION = 45, 100  # characters
LABELS = {
    "rhythm": texts.FIELD_RHYTHM,
    "key": texts.FIELD_KEY,
    "opening": texts.FIELD_OPENING,
    "temperature": texts.FIELD_TEMPERATURE,
    "seed": texts.FIELD_SEED,
    "title": texts.FIELD_TITLE,
}
COMPOSED = ("rhythm", "key", "opening", "temperature", "seed")
PLAYED = ("opening", "title")

_FORM = re.compile(rf"tune:changed:{TUNE}")
_FENCE = "```"

Typed = dict[str, str]  # what stands in the form's fields, in their order: COMPOSED or PLAYED


class ChangeButton(TuneButton, template=rf"tune:(?P<wish>change):{TUNE}"):
    """Shows the form with what the tune was asked for with, and what it came out as where that was left open."""

    labels: ClassVar = {"change": (texts.CHANGE, "✏️")}

    async def press(self, interaction: Interaction) -> None:
        caller = await Caller.of(interaction)
        async with asyncio.timeout(LOOK_S):
            tune = await submission.tune_for(interaction, caller.viewer, self.tune_id)
            storage, channel_id = interaction.client.storage, str(interaction.channel_id)
            shown = tune is not None and await submission.shows_opening(storage, caller.viewer, channel_id, tune)
        if tune is None:
            await submission.refuse(interaction, caller.translate(core_texts.TUNE_GONE))
            return
        typed = _typed_for(tune)
        if not shown:
            typed["opening"] = tune.composition.abc.strip() if tune.request.mode == "play" and tune.composition else ""
        await interaction.response.send_modal(_form(self.tune_id, typed, caller.translate))


class ChangeAgainButton(TuneButton, template=rf"tune:(?P<wish>rechange):{TUNE}"):
    """Stands under what was wrong with a form, and shows it as it was filled in: that stands there as well."""

    labels: ClassVar = {"rechange": (texts.CONTINUE_EDITING, "✏️")}

    async def press(self, interaction: Interaction) -> None:
        caller = await Caller.of(interaction)
        assert interaction.message is not None
        await interaction.response.send_modal(_form(self.tune_id, _kept(interaction.message.embeds[0]), caller.translate))


async def submitted(interaction: Interaction) -> None:
    """Takes a form that somebody has filled in, also one that an earlier process showed."""
    data: Any = interaction.data
    if match := _FORM.fullmatch(data["custom_id"]):
        take = partial(_submitted, tune_id=match["tune"], typed=dict(_values(data["components"])))
        await guarded(interaction, match["tune"], take)


async def _submitted(interaction: Interaction, *, tune_id: str, typed: Typed) -> None:
    caller = await Caller.of(interaction)
    try:
        async with asyncio.timeout(LOOK_S):
            tune = await submission.tune_for(interaction, caller.viewer, tune_id)
        if tune is None:
            await submission.refuse(interaction, caller.translate(core_texts.TUNE_GONE))
            return
        request = await asyncio.to_thread(_wish, tune, typed)
    except Exception as error:
        sentence = error.message if isinstance(error, RequestError) else core_texts.REQUEST_FAILED
        if sentence is core_texts.REQUEST_FAILED:
            log.exception("Handling a form failed.", tune=tune_id)
        await interaction.response.send_message(
            caller.translate(sentence), **_kept_for_later(tune_id, typed, caller), ephemeral=True
        )
        return
    if not await submission.ask(interaction, caller, request, parent_id=tune.id):
        await interaction.followup.send(**_kept_for_later(tune_id, typed, caller), ephemeral=True)


def _typed_for(tune: Tune) -> Typed:
    if tune.request.mode == "play":
        return {"opening": tune.request.opening, "title": tune.request.title}
    heard = derive.finished_form(tune)
    return {
        "rhythm": heard["rhythm"],
        "key": heard["key"],
        "opening": tune.request.opening,
        "temperature": f"{tune.request.temperature:g}",
        "seed": str(tune.request.seed),
    }


def _wish(tune: Tune, typed: Typed) -> TuneRequest:
    """The tune's wish with what was typed in its place; raises RequestError."""
    wish = asdict(tune.request) | typed
    if tune.request.mode == "play":
        if tune.request.key and _written_key(typed["opening"]) != _written_key(tune.request.opening):
            wish["key"] = None  # the other tune was to be moved there
        return TuneRequest.check(**wish)
    if typed["rhythm"] != derive.finished_form(tune)["rhythm"]:
        wish["metre"] = None  # it belonged to the other rhythm
    if not typed["opening"].strip():
        wish["mode"] = "continue"
    return TuneRequest.check(**wish)


def _written_key(abc: str) -> Key | None:
    try:
        return read_opening(abc, mode="play").key
    except NotationError:
        return None  # it is told when the wish is checked


def _form(tune_id: str, typed: Mapping[str, str], translate: Callable[[str], str]) -> discord.ui.Modal:
    form = discord.ui.Modal(title=translate(texts.CHANGE_TUNE)[:MAX_LABEL], custom_id=f"tune:changed:{tune_id}")
    for field, value in typed.items():
        component = _rhythms(value, translate) if field == "rhythm" else _text(field, value, translate)
        label = texts.FIELD_TUNE if field == "opening" and "title" in typed else LABELS[field]
        form.add_item(discord.ui.Label(text=translate(label)[:MAX_LABEL], component=component))
    form.stop()  # not for discord.py to remember: `submitted` takes it, after a restart as well
    return form


def _rhythms(chosen: str, translate: Callable[[str], str]) -> discord.ui.Select[Any]:
    select: discord.ui.Select[Any] = discord.ui.Select(custom_id="rhythm")
    select.add_option(label=translate(texts.NOT_SET)[:MAX_OPTION], value=OPEN, default=chosen not in RHYTHMS)
    for rhythm in RHYTHMS:
        select.add_option(label=translate(rhythm)[:MAX_OPTION], value=rhythm, default=rhythm == chosen)
    return select


def _text(field: str, value: str, translate: Callable[[str], str]) -> discord.ui.TextInput[Any]:
    most = PARAMETERS[field].max_characters
    hint = texts.NEW_SEED if field == "seed" else texts.NOT_SET
    return discord.ui.TextInput(
        custom_id=field,
        style=discord.TextStyle.paragraph if field == "opening" else discord.TextStyle.short,
        default=value[:most] or None,
        placeholder=translate(hint)[:MAX_OPTION],
        required=False,
        max_length=most,
    )


def _values(components: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    """Field and what was typed into it, from a form as Discord sends it."""
    for component in components:
        inner = component.get("component", component)
        chosen = inner.get("values")
        value = (chosen[0] if chosen else "") if chosen is not None else inner.get("value") or ""
        yield inner["custom_id"], "" if value == OPEN else value


def _kept_for_later(tune_id: str, typed: Typed, caller: Caller) -> dict[str, Any]:
    """The parts of a message that holds what was typed, to be read and to be taken up again: nothing of it is lost."""
    translate, opening = caller.translate, typed["opening"]
    embed = discord.Embed(title=translate(texts.TYPED), description=f"{_FENCE}\n{opening}\n{_FENCE}" if opening else None)
    for field, value in typed.items():
        if field != "opening":
            embed.add_field(name=translate(LABELS[field]), value=value or OPEN)
    view = discord.ui.View(timeout=None)
    view.add_item(ChangeAgainButton("rechange", tune_id, translate))
    return {"embed": embed, "view": view}


def _kept(embed: discord.Embed) -> Typed:
    names = COMPOSED if len(embed.fields) > 1 else PLAYED
    values = iter(embed.fields)
    text = (embed.description or "").removeprefix(f"{_FENCE}\n").removesuffix(f"\n{_FENCE}")
    typed = {name: text if name == "opening" else next(values).value or "" for name in names}
    return {name: "" if value == OPEN else value for name, value in typed.items()}
