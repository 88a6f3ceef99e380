"""The turns of a session: a person's phrase is answered by the next phrase, which can be answered in turn.

The state of a session is in its messages: the latest message of the bot with a session button says which tune comes before
the next phrase. So a restart loses nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Self

import discord
import structlog

from bot.discord.core import limits
from bot.discord.core.components import custom_ids
from bot.discord.core.context import Context
from bot.discord.core.tune_access import visible_tune_in
from generator.notation.metres import rhythm_named
from storage.storage import Storage
from storage.viewer import Viewer

log = structlog.get_logger(__name__)

TURN = r"(?P<tune_id>[0-9A-Za-z]{0,40}):(?P<rhythm>[a-z ]{0,20}):(?P<key>[A-Ga-z#]{0,12})"
_BUTTON = re.compile(rf"session:(?P<action>your-turn|whole):{TURN}")


@dataclass(frozen=True, slots=True)
class Turn:
    """What comes before the next phrase: the tune that answered the last one; at the start, the chosen rhythm and key."""

    tune_id: str = ""
    rhythm: str = ""
    key: str = ""

    def custom_id(self, action: str) -> str:
        return f"session:{action}:{self.tune_id}:{self.rhythm}:{self.key}"

    @classmethod
    def of(cls, match: re.Match[str]) -> Self:
        return cls(match["tune_id"], match["rhythm"], match["key"])


async def find_turn(context: Context, message: discord.Message, replied_to: discord.Message | None) -> Turn | None:
    """The turn that a message takes: `replied_to` is a session message of the bot, or the channel is a session's thread.

    In other channels people write about other things too, so there a session message has to be replied to.
    """
    if replied_to is not None and (turn := _turns_on(replied_to).get("your-turn")):
        return turn
    channel = message.channel
    if not isinstance(channel, discord.Thread | discord.DMChannel):
        return None
    latest: Turn | None = None
    try:
        async for posted in channel.history(limit=limits.SEARCHED_MESSAGES):
            turns = _turns_on(posted) if posted.author == context.client.user else {}
            if turns and "your-turn" not in turns:
                break  # the session is over
            latest = latest or turns.get("your-turn")
            if "your-turn" in turns and not turns["your-turn"].tune_id:
                return latest
        else:
            # The start is further back. The bot creates threads only for sessions.
            own_thread = isinstance(channel, discord.Thread) and channel.owner_id == context.client.application_id
            return latest if own_thread else None
    except discord.HTTPException as error:
        log.info("Could not read the channel's history to find a session.", channel_id=channel.id, reason=str(error))
    return None


def _turns_on(message: discord.Message) -> dict[str, Turn]:
    """Action → turn, of the session buttons under a message."""
    return {match["action"]: Turn.of(match) for match in custom_ids(message, _BUTTON)}


async def answer_parameters(
    storage: Storage, viewer: Viewer, channel_id: str, turn: Turn, abc: str
) -> tuple[dict[str, Any], str | None]:
    """The arguments of TuneRequest.check for an answer to the phrase in the session's rhythm, key and metre, and its parent.

    Fields in the phrase itself take precedence. A tune that the viewer can't see counts as deleted: the session starts anew.
    """
    before = await visible_tune_in(storage, viewer, channel_id, turn.tune_id) if turn.tune_id else None
    parameters: dict[str, Any] = {"rhythm": turn.rhythm, "key": turn.key}
    if before is not None and before.composition is not None:
        made, request = before.composition, before.request
        rhythm = rhythm_named(made.rhythm)
        parameters = {"rhythm": rhythm and rhythm.name, "key": made.key, "metre": made.metre}
        parameters |= {name: getattr(request, name) for name in ("instrument", "backing", "tempo", "without")}
        if request.model and request.model in await storage.model_offers.offered():
            parameters["model"] = request.model
    fields = set(re.findall(r"^\s*([KMR]):", abc, re.MULTILINE))
    replaced = {"K": {"key"}, "M": {"metre", "rhythm"}, "R": {"rhythm", "metre"}}
    left_out = set().union(*(replaced[field] for field in fields))
    kept = {name: value for name, value in parameters.items() if name not in left_out}
    return {"opening": abc, "mode": "answer"} | kept, before.id if before else None
