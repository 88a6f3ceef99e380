"""`/tune` and what it offers while somebody types."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any

import discord
import structlog
from discord import app_commands

from bot.discord.compose import texts
from bot.discord.core import abc_input, submission
from bot.discord.core import texts as core_texts
from bot.discord.core.abc_input import unfold
from bot.discord.core.caller import Caller
from bot.discord.core.choices import (
    INSTRUMENT_CHOICES,
    MAX_CHOICES,
    METRES,
    RHYTHM_CHOICES,
    everywhere,
    key_choices,
    model_choices,
    omission_choices,
    omissions_typed,
)
from bot.discord.core.reply import PLATFORM
from bot.discord.gallery import lines
from bot.languages import language
from generator.notation.metres import RHYTHMS
from generator.request import (
    MAX_CANDIDATES,
    MAX_MODEL_CHARACTERS,
    MAX_OPENING_CHARACTERS,
    MAX_SEED,
    MAX_TEMPERATURE,
    MAX_TEMPO,
    MAX_TITLE_CHARACTERS,
    MIN_TEMPERATURE,
    MIN_TEMPO,
    PARAMETERS,
    RequestError,
)
from storage.gallery import Search
from storage.storage import Storage
from storage.viewer import Viewer

if TYPE_CHECKING:
    from bot.discord.client import TunesmithBot

log = structlog.get_logger(__name__)

MAX_TYPED = 100  # characters that a choice may have
LOOK_S = 1.0  # of the 3 s that Discord leaves for an answer
MOST_AT_ONCE = 4  # tunes: each has a sheet and a recording, and a message has ten files
_TUNE = re.compile(r"tune:([0-9A-Za-z]{12})")  # a tune of ours as the opening


@app_commands.command(name="tune", description=texts.TUNE)
@everywhere
@app_commands.describe(**{name: parameter.help for name, parameter in PARAMETERS.items()}, count=texts.COUNT)
@app_commands.choices(strength=[app_commands.Choice(name=name, value=strength) for strength, name in texts.STRENGTHS.items()])
@app_commands.choices(
    rhythm=RHYTHM_CHOICES,
    mode=[app_commands.Choice(name=name, value=mode) for mode, name in texts.MODES.items()],
    structure=[app_commands.Choice(name=name, value=structure) for structure, name in core_texts.STRUCTURES.items()],
    instrument=INSTRUMENT_CHOICES,
)
@app_commands.autocomplete(key=key_choices, model=model_choices, without=omission_choices)
async def tune(
    interaction: discord.Interaction[TunesmithBot],
    rhythm: str | None = None,
    key: app_commands.Range[str, 1, 40] | None = None,
    metre: app_commands.Range[str, 1, 20] | None = None,
    opening: app_commands.Range[str, 1, MAX_OPENING_CHARACTERS] | None = None,
    mode: str | None = None,
    strength: int | None = None,
    structure: str | None = None,
    title: app_commands.Range[str, 1, MAX_TITLE_CHARACTERS] | None = None,
    instrument: str | None = None,
    backing: bool | None = None,
    temperature: app_commands.Range[float, MIN_TEMPERATURE, MAX_TEMPERATURE] | None = None,
    tempo: app_commands.Range[float, MIN_TEMPO, MAX_TEMPO] | None = None,
    model: app_commands.Range[str, 1, MAX_MODEL_CHARACTERS] | None = None,
    seed: app_commands.Range[int, 0, MAX_SEED] | None = None,
    without: app_commands.Range[str, 1, MAX_TYPED] | None = None,
    candidates: app_commands.Range[int, 1, MAX_CANDIDATES] | None = None,
    count: app_commands.Range[int, 1, MOST_AT_ONCE] = 1,
) -> None:
    caller = await Caller.of(interaction)
    # Checked before anything is deferred: after a public «thinking» the answer could not be the person's own.
    try:
        abc, parent_id = await _opening(interaction.client.storage, caller.viewer, opening)
        request = await caller.wish(
            rhythm=rhythm,
            key=key,
            metre=metre,
            opening=abc,
            mode=mode,
            strength=strength,
            structure=structure,
            title=title,
            instrument=instrument,
            backing=backing,
            temperature=temperature,
            tempo=tempo,
            seed=seed,
            model=model,
            candidates=candidates,
            without=omissions_typed(without, language(str(interaction.locale)), caller.translate),
        )
    except RequestError as error:
        await submission.refuse(interaction, caller.translate(error.message))
        return
    if count > 1:
        await submission.ask_set(interaction, caller, request.in_a_row(count), parent_id=parent_id)
    else:
        await submission.ask(interaction, caller, request, parent_id=parent_id)


async def _opening(storage: Storage, viewer: Viewer, typed: str | None) -> tuple[str, str | None]:
    """The ABC, and the tune of ours that was chosen for it; raises RequestError for one that the viewer may not see."""
    chosen = _TUNE.fullmatch((typed or "").strip())
    if chosen is None:
        return unfold(typed), None
    try:
        async with asyncio.timeout(LOOK_S):
            found = await storage.gallery.visible_tune(chosen[1], viewer)
    except Exception as error:
        log.exception("Reading a tune chosen as an opening failed.", tune=chosen[1])
        raise RequestError("opening", core_texts.TRY_AGAIN_LATER) from error
    if found is None or found.composition is None:
        raise RequestError("opening", core_texts.OPENING_UNAVAILABLE)
    return found.composition.abc, found.id


@tune.autocomplete("metre")
async def metre_choices(interaction: discord.Interaction[Any], typed: str) -> list[app_commands.Choice[str]]:
    rhythm = RHYTHMS.get(getattr(interaction.namespace, "rhythm", None) or "")
    metres = [str(metre) for metre in rhythm.metres] if rhythm else METRES
    return [app_commands.Choice(name=metre, value=metre) for metre in metres if metre.startswith(typed.strip())]


@tune.autocomplete("opening")
async def opening_choices(interaction: discord.Interaction[TunesmithBot], typed: str) -> list[app_commands.Choice[str]]:
    """Tunes by their titles; ABC stays as it is typed, and comes first where a word may be a title too."""
    as_typed = [app_commands.Choice(name=typed, value=typed)] if typed.strip() and len(typed) <= MAX_TYPED else []
    if abc_input.is_abc(typed) or len(typed) > MAX_TYPED:
        return as_typed
    tell = language(str(interaction.locale))
    viewer = Viewer(PLATFORM, str(interaction.user.id), str(interaction.guild_id or ""))
    try:
        async with asyncio.timeout(LOOK_S):
            found = await interaction.client.storage.gallery.own_and_shared(
                viewer, search=Search.check(title=typed), limit=MAX_CHOICES
            )
    except Exception:
        log.exception("Listing tunes for autocomplete failed.")
        return as_typed
    offered = []
    for made in found:
        name = lines.cut(" · ".join([lines.title_of(made, tell), *lines.kind_of(made, tell)]))
        offered.append(app_commands.Choice(name=name, value=f"tune:{made.id}"))
    return [*(as_typed if abc_input.may_be_abc(typed) else []), *offered][:MAX_CHOICES]
