"""`/tune`: composes a tune, with choices while the person types."""

from __future__ import annotations

import asyncio
import re

import structlog
from discord import app_commands

from bot.core import abc_input
from bot.core.abc_input import unfold
from bot.core.naming import rhythm_and_key, title_of
from bot.core.options import MAX_COUNT, METRES, omissions_in_english
from bot.core.texts import common as core_texts
from bot.core.texts import compose as texts
from bot.discord.compose import texts as discord_texts
from bot.discord.core import limits
from bot.discord.core.caller import caller_of, viewer_of
from bot.discord.core.choices import (
    INSTRUMENT_CHOICES,
    RHYTHM_CHOICES,
    TIMES_CHOICES,
    everywhere,
    key_choices,
    model_choices,
    omission_choices,
)
from bot.discord.core.context import Interaction
from bot.discord.core.formatting import choice_name
from bot.discord.core.private_answers import send_private
from bot.discord.core.submission import submit
from bot.languages import language
from generator.notation.metres import RHYTHMS
from generator.request import (
    MAX_CANDIDATES,
    MAX_KEEP_CHARACTERS,
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

log = structlog.get_logger(__name__)

_CHOSEN_TUNE = re.compile(r"tune:([0-9A-Za-z]{12})")  # the value of a choice for the opening


@app_commands.command(name="tune", description=discord_texts.TUNE)
@everywhere
@app_commands.describe(**{name: parameter.help for name, parameter in PARAMETERS.items()}, count=texts.COUNT)
@app_commands.choices(strength=[app_commands.Choice(name=name, value=strength) for strength, name in texts.STRENGTHS.items()])
@app_commands.choices(times=TIMES_CHOICES)
@app_commands.choices(
    rhythm=RHYTHM_CHOICES,
    mode=[app_commands.Choice(name=name, value=mode) for mode, name in texts.MODES.items()],
    structure=[app_commands.Choice(name=name, value=structure) for structure, name in core_texts.STRUCTURES.items()],
    instrument=INSTRUMENT_CHOICES,
)
@app_commands.autocomplete(key=key_choices, model=model_choices, without=omission_choices)
async def tune(
    interaction: Interaction,
    rhythm: str | None = None,
    key: app_commands.Range[str, 1, 40] | None = None,
    metre: app_commands.Range[str, 1, 20] | None = None,
    opening: app_commands.Range[str, 1, MAX_OPENING_CHARACTERS] | None = None,
    mode: str | None = None,
    strength: int | None = None,
    keep: app_commands.Range[str, 1, MAX_KEEP_CHARACTERS] | None = None,
    structure: str | None = None,
    title: app_commands.Range[str, 1, MAX_TITLE_CHARACTERS] | None = None,
    instrument: str | None = None,
    backing: bool | None = None,
    chords: bool | None = None,
    temperature: app_commands.Range[float, MIN_TEMPERATURE, MAX_TEMPERATURE] | None = None,
    tempo: app_commands.Range[float, MIN_TEMPO, MAX_TEMPO] | None = None,
    times: int | None = None,
    model: app_commands.Range[str, 1, MAX_MODEL_CHARACTERS] | None = None,
    seed: app_commands.Range[int, 0, MAX_SEED] | None = None,
    without: app_commands.Range[str, 1, limits.CHOICE_CHARACTERS] | None = None,
    candidates: app_commands.Range[int, 1, MAX_CANDIDATES] | None = None,
    count: app_commands.Range[int, 1, MAX_COUNT] = 1,
) -> None:
    caller = await caller_of(interaction)
    # Checked before the answer is deferred: after a public “thinking…” it could not be private.
    try:
        abc, parent_id = await _opening(interaction.client.context.storage, caller.viewer, opening)
        request = await caller.request(
            rhythm=rhythm,
            key=key,
            metre=metre,
            opening=abc,
            mode=mode,
            strength=strength,
            keep=keep,
            structure=structure,
            title=title,
            instrument=instrument,
            backing=backing,
            chords=chords,
            temperature=temperature,
            tempo=tempo,
            times=times,
            seed=seed,
            model=model,
            candidates=candidates,
            without=omissions_in_english(without, language(str(interaction.locale)), caller.translate),
        )
    except RequestError as error:
        await send_private(interaction, caller.translate(error.message))
        return
    requests = request.in_a_row(count) if count > 1 else [request]
    await submit(interaction, caller, *requests, parent_id=parent_id)


async def _opening(storage: Storage, viewer: Viewer, typed: str | None) -> tuple[str, str | None]:
    """The ABC, and the id of the stored tune if one was chosen. Raises RequestError for a tune that the viewer cannot see."""
    chosen = _CHOSEN_TUNE.fullmatch((typed or "").strip())
    if chosen is None:
        return unfold(typed), None
    try:
        async with asyncio.timeout(limits.LOOKUP_S):
            found = await storage.gallery.visible_tune(chosen[1], viewer)
    except Exception as error:
        log.exception("Reading a tune chosen as an opening failed.", tune=chosen[1])
        raise RequestError("opening", core_texts.TRY_AGAIN_LATER) from error
    if found is None or found.composition is None:
        raise RequestError("opening", core_texts.OPENING_UNAVAILABLE)
    return found.composition.abc, found.id


@tune.autocomplete("metre")
async def metre_choices(interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
    rhythm = RHYTHMS.get(getattr(interaction.namespace, "rhythm", None) or "")
    metres = [str(metre) for metre in rhythm.metres] if rhythm else METRES
    return [app_commands.Choice(name=metre, value=metre) for metre in metres if metre.startswith(typed.strip())]


@tune.autocomplete("opening")
async def opening_choices(interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
    """Stored tunes by title. ABC is offered as typed; it comes first if the text can be both ABC and a title."""
    as_typed = [app_commands.Choice(name=typed, value=typed)] if typed.strip() and len(typed) <= limits.CHOICE_CHARACTERS else []
    if abc_input.is_abc(typed) or len(typed) > limits.CHOICE_CHARACTERS:
        return as_typed
    translate = language(str(interaction.locale))
    gallery, viewer = interaction.client.context.storage.gallery, viewer_of(interaction.user.id, interaction.guild_id)
    try:
        async with asyncio.timeout(limits.LOOKUP_S):
            found = await gallery.own_and_shared(viewer, search=Search.check(title=typed), limit=limits.CHOICES)
    except Exception:
        log.exception("Listing tunes for autocomplete failed.")
        return as_typed
    offered = []
    for stored in found:
        name = choice_name(" · ".join([title_of(stored, translate), *rhythm_and_key(stored, translate)]))
        offered.append(app_commands.Choice(name=name, value=f"tune:{stored.id}"))
    return [*(as_typed if abc_input.may_be_abc(typed) else []), *offered][: limits.CHOICES]
