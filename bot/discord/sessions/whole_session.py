"""All phrases of a session as one tune."""

from __future__ import annotations

import io
from dataclasses import replace

import discord
import structlog

from bot.core.texts import common as core_texts
from bot.core.texts import sessions as texts
from bot.discord.core.caller import Caller
from bot.discord.core.context import Interaction
from bot.discord.core.tune_access import visible_tune
from bot.discord.sessions.turns import Turn
from storage.tunes import Tune
from storage.viewer import Viewer

log = structlog.get_logger(__name__)

MAX_PHRASES = 200


async def send_whole_session(interaction: Interaction, turn: Turn) -> None:
    """Sends the person a private file, which they may post."""
    caller = await Caller.of(interaction)
    await interaction.response.defer(ephemeral=True, thinking=True)
    try:
        tunes = await _tunes_up_to(interaction, caller.viewer, turn.tune_id)
    except Exception:
        log.exception("Reading a session failed.", tune=turn.tune_id)
        await interaction.edit_original_response(content=caller.translate(core_texts.REQUEST_FAILED))
        return
    phrases = [tune.composition.abc for tune in tunes if tune.composition]
    if not phrases:
        await interaction.edit_original_response(content=caller.translate(core_texts.TUNE_GONE))
        return
    file = discord.File(io.BytesIO(joined_phrases(phrases, caller.translate(texts.SESSION_NAME)).encode()), "session.abc")
    text = caller.translate(texts.phrases_in_file(len(phrases)))
    await interaction.edit_original_response(content=text, attachments=[file])


async def _tunes_up_to(interaction: Interaction, viewer: Viewer, tune_id: str) -> list[Tune]:
    """The tune and its ancestors in the session, oldest first. Only tunes of the same channel, back to one that is hidden.

    A session belongs to its channel. Elsewhere, also in the same server, its tunes are visible to whoever requested them, and
    to others if they are shared.
    """
    viewer = replace(viewer, community_id="")
    tunes: list[Tune] = []
    seen: set[str] = set()
    while tune_id and tune_id not in seen and len(tunes) < MAX_PHRASES:
        seen.add(tune_id)
        tune = await visible_tune(interaction, viewer, tune_id)
        if tune is None or tune.request.mode != "answer" or (tunes and tune.origin.channel_id != tunes[0].origin.channel_id):
            break
        tunes.append(tune)
        tune_id = tune.parent_id or ""
    return tunes[::-1]


def joined_phrases(phrases: list[str], title: str) -> str:
    """One tune of all phrases in order. Metre, unit length, tempo and key are written where they change."""
    lines = ["X:1", f"T:{title}"]
    current: dict[str, str] = {}
    for abc in phrases:
        head, _, body = abc.strip().partition("\nK:")
        key, _, music = body.partition("\n")
        fields = {line[:2]: line for line in head.splitlines() if line[:2] in ("R:", "M:", "L:", "Q:")} | {"K:": f"K:{key}"}
        lines += [line for name, line in fields.items() if current.get(name) != line and not (name == "R:" and current)]
        current |= fields
        lines.append(music.strip())
    return "\n".join(lines) + "\n"
