"""A session by turns: somebody's phrase is answered by the next one, each answer being something to reply to.

What a session has come to is read from its messages: the newest of the bot's that has one of these buttons says whose turn it
is and after which tune. So nothing is lost by a restart.
"""

from __future__ import annotations

import asyncio
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import discord
import structlog

from bot.discord.core import submission
from bot.discord.core import texts as core_texts
from bot.discord.core.caller import LOOK_S, Caller
from bot.discord.sessions import texts
from generator.notation.metres import rhythm_named
from generator.request import MAX_OPENING_CHARACTERS, RequestError
from storage.storage import Storage
from storage.tunes import Tune

if TYPE_CHECKING:
    from bot.discord.client import TunesmithBot

    Interaction = discord.Interaction[TunesmithBot]

log = structlog.get_logger(__name__)

EXAMPLE = "|:EAAB c2Bc|dBAB G2EG|"
SEARCHED_MESSAGES = 100
MAX_PHRASES = 200
FORM_ROW = 4  # the last: tunes have their own buttons above
_TURN = r"(?P<tune>[0-9A-Za-z]{0,40}):(?P<rhythm>[a-z ]{0,20}):(?P<key>[A-Ga-z#]{0,12})"
_FORM = re.compile(rf"session:phrase:{_TURN}")


@dataclass(frozen=True, slots=True)
class Turn:
    """What the next phrase goes on from: a tune that answers the one before, or at the beginning what was asked for."""

    tune: str = ""
    rhythm: str = ""
    key: str = ""

    def custom_id(self, step: str) -> str:
        return f"session:{step}:{self.tune}:{self.rhythm}:{self.key}"

    @classmethod
    def of(cls, match: re.Match[str]) -> Self:
        return cls(match["tune"], match["rhythm"], match["key"])


class SessionButton(discord.ui.DynamicItem[discord.ui.Button[Any]], template=rf"session:(?P<step>turn|whole):{_TURN}"):
    """«Your turn» opens a form for ABC; «The whole session» gives all phrases in order. Anybody may press them."""

    def __init__(self, step: str, turn: Turn, translate: Callable[[str], str] = str) -> None:
        label, emoji = {"turn": (texts.YOUR_TURN, "🎶"), "whole": (texts.WHOLE_SESSION, "📜")}[step]
        nothing = step == "whole" and not turn.tune
        button: discord.ui.Button[Any] = discord.ui.Button(
            label=translate(label), emoji=emoji, custom_id=turn.custom_id(step), row=FORM_ROW, disabled=nothing
        )
        super().__init__(button)
        self.step, self.turn = step, turn

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        return cls(match["step"], Turn.of(match))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        await (_open_form if self.step == "turn" else _give_whole)(interaction, self.turn)


def opening(turn: Turn, translate: Callable[[str], str]) -> discord.ui.View:
    view = discord.ui.View(timeout=None)
    return view.add_item(SessionButton("turn", turn, translate))


def closing(turn: Turn, translate: Callable[[str], str]) -> discord.ui.View:
    view = discord.ui.View(timeout=None)
    return view.add_item(SessionButton("whole", turn, translate))


def buttons_of(tune: Tune, translate: Callable[[str], str]) -> list[SessionButton]:
    """Those under a tune that answers somebody's phrase; none under any other."""
    return [SessionButton(step, Turn(tune.id), translate) for step in ("turn", "whole")] if tune.request.mode == "answer" else []


async def turn_of(bot: TunesmithBot, message: discord.Message, answered: discord.Message | None) -> Turn | None:
    """The turn that a message takes: by replying to one of the bot's (`answered`), or in a session's own thread.

    Elsewhere people write of other things as well, and there a session has to be replied to.
    """
    if answered is not None and (turn := dict(_steps(answered)).get("turn")):
        return turn
    channel = message.channel
    if not isinstance(channel, discord.Thread | discord.DMChannel):
        return None
    latest: Turn | None = None
    try:
        async for posted in channel.history(limit=SEARCHED_MESSAGES):
            steps = dict(_steps(posted)) if posted.author == bot.user else {}
            if steps and "turn" not in steps:
                break  # it is over
            latest = latest or steps.get("turn")
            if "turn" in steps and not steps["turn"].tune:
                return latest
        else:
            # The beginning is further back: the bot makes threads for sessions alone.
            return latest if isinstance(channel, discord.Thread) and channel.owner_id == bot.application_id else None
    except discord.HTTPException as error:
        log.info("Could not read the channel's history to find a session.", channel_id=channel.id, reason=str(error))
    return None


def _steps(message: discord.Message) -> Iterator[tuple[str, Turn]]:
    for row in message.components:
        for item in row.children if isinstance(row, discord.ActionRow) else ():
            if found := SessionButton.__discord_ui_compiled_template__.fullmatch(item.custom_id or ""):
                yield found["step"], Turn.of(found)


async def phrase(storage: Storage, turn: Turn, abc: str) -> dict[str, Any]:
    """What TuneRequest.check is asked for so that the phrase is answered in the session's rhythm, key and metre.

    What the phrase itself says goes before.
    """
    before = await storage.tune(turn.tune) if turn.tune else None
    wish: dict[str, Any] = {"rhythm": turn.rhythm, "key": turn.key}
    if before is not None and before.composition is not None:
        made = before.composition
        rhythm = rhythm_named(made.rhythm)
        wish = {"rhythm": rhythm and rhythm.name, "key": made.key, "metre": made.metre}
        wish |= {name: getattr(before.request, name) for name in ("instrument", "backing", "tempo", "without")}
        if before.request.model and before.request.model in await storage.model_offers.offered():
            wish["model"] = before.request.model
    said = set(re.findall(r"^\s*([KMR]):", abc, re.MULTILINE))
    silent = {"K": {"key"}, "M": {"metre", "rhythm"}, "R": {"rhythm", "metre"}}
    left_out = set().union(*(silent[field] for field in said))
    return {"opening": abc, "mode": "answer"} | {name: value for name, value in wish.items() if name not in left_out}


async def begin(interaction: Interaction, caller: Caller, turn: Turn) -> None:
    """Where the bot may, a thread and in it a message to reply to; else what is missing, and as much as is possible."""
    bot, translate = interaction.client, caller.translate
    await interaction.response.defer(thinking=True)
    channel = interaction.channel
    if channel is None or not (interaction.is_guild_integration() or interaction.context.dm_channel):
        await interaction.edit_original_response(content=translate(texts.SESSION_BY_BUTTON), view=opening(turn, translate))
        return
    channel_id, notice = channel.id, ""
    if isinstance(channel, discord.TextChannel):
        response = await interaction.edit_original_response(content=translate(texts.SESSION_STARTED))
        try:
            channel_id = (await response.create_thread(name=translate(texts.SESSION_NAME))).id
        except discord.HTTPException as error:
            log.info("Could not create a thread for a session.", channel_id=channel.id, reason=str(error))
            notice = translate(texts.NO_THREADS)
    direct = isinstance(channel, discord.DMChannel)
    text = translate(texts.SESSION_RULES_DIRECT if direct else texts.SESSION_RULES)
    try:
        await bot.get_partial_messageable(channel_id).send(text, view=opening(turn, translate))
    except discord.HTTPException as error:
        log.info("Could not send the first message of a session.", channel_id=channel_id, reason=str(error))
        notice = translate(texts.CANNOT_SEND)
        text = f"{notice}\n{translate(texts.SESSION_BY_BUTTON)}"
        await interaction.edit_original_response(content=text, view=opening(turn, translate))
    else:
        begun = translate(texts.SESSION_STARTED) if channel_id == channel.id else translate(texts.session_in(channel_id))
        await interaction.edit_original_response(content=f"{begun}\n{notice}".strip())


class _Form(discord.ui.Modal):
    """Its answer is read in `submitted`, which also knows forms that were opened before a restart."""

    def __init__(self, turn: Turn, translate: Callable[[str], str]) -> None:
        super().__init__(title=translate(texts.YOUR_TURN), custom_id=turn.custom_id("phrase"))
        field: discord.ui.TextInput[Self] = discord.ui.TextInput(
            style=discord.TextStyle.paragraph, max_length=MAX_OPENING_CHARACTERS, placeholder=EXAMPLE
        )
        self.add_item(discord.ui.Label(text=translate(texts.YOUR_PHRASE), component=field))


async def _open_form(interaction: Interaction, turn: Turn) -> None:
    caller = await Caller.of(interaction)
    await interaction.response.send_modal(_Form(turn, caller.translate))


async def submitted(interaction: Interaction) -> None:
    """Takes a phrase out of the form; passes over every other interaction."""
    data: Any = interaction.data or {}
    found = _FORM.fullmatch(str(data.get("custom_id", "")))
    if interaction.type is not discord.InteractionType.modal_submit or found is None:
        return
    caller, turn = await Caller.of(interaction), Turn.of(found)
    try:
        abc = next(_values(data.get("components", [])), "")
        if not abc.strip():
            raise RequestError("opening", core_texts.NOTHING_TO_PLAY)
        async with asyncio.timeout(LOOK_S):
            wish = await phrase(interaction.client.storage, turn, abc)
        request = await caller.wish(**wish)
    except RequestError as error:
        await submission.refuse(interaction, caller.translate(error.message))
        return
    except Exception:
        log.exception("Handling a phrase failed.", tune=turn.tune)
        await submission.refuse(interaction, caller.translate(core_texts.REQUEST_FAILED))
        return
    await submission.ask(interaction, caller, request, parent_id=turn.tune or None)


def _values(components: list[Any]) -> Iterator[str]:
    """What was typed, in fields that stand in rows or under labels."""
    for component in components:
        if "value" in component:
            yield str(component["value"])
        yield from _values(component.get("components", []))
        if "component" in component:
            yield from _values([component["component"]])


async def _give_whole(interaction: Interaction, turn: Turn) -> None:
    """Only whoever asks sees it; it is theirs to post."""
    caller = await Caller.of(interaction)
    await interaction.response.defer(ephemeral=True, thinking=True)
    try:
        phrases = [tune.composition.abc for tune in await _chain(interaction.client.storage, turn.tune) if tune.composition]
    except Exception:
        log.exception("Reading a session failed.", tune=turn.tune)
        await interaction.edit_original_response(content=caller.translate(core_texts.REQUEST_FAILED))
        return
    if not phrases:
        await interaction.edit_original_response(content=caller.translate(core_texts.TUNE_GONE))
        return
    abc = together(phrases, caller.translate(texts.SESSION_NAME))
    file = discord.File(io.BytesIO(abc.encode()), "session.abc")
    await interaction.edit_original_response(content=caller.translate(texts.phrases_in_file(len(phrases))), attachments=[file])


async def _chain(storage: Storage, tune_id: str) -> list[Tune]:
    """The tune and those that it goes on from, oldest first; only what was posted in the same place."""
    chain: list[Tune] = []
    seen: set[str] = set()
    while tune_id and tune_id not in seen and len(chain) < MAX_PHRASES:
        seen.add(tune_id)
        tune = await storage.tune(tune_id)
        if tune is None or tune.request.mode != "answer" or (chain and tune.origin.channel_id != chain[0].origin.channel_id):
            break
        chain.append(tune)
        tune_id = tune.parent_id or ""
    return chain[::-1]


def together(phrases: list[str], title: str) -> str:
    """One tune of all phrases in order: metre, unit and key are written again where they change."""
    lines = ["X:1", f"T:{title}"]
    standing: dict[str, str] = {}
    for abc in phrases:
        head, _, body = abc.strip().partition("\nK:")
        key, _, music = body.partition("\n")
        fields = {line[:2]: line for line in head.splitlines() if line[:2] in ("R:", "M:", "L:", "Q:")} | {"K:": f"K:{key}"}
        lines += [line for name, line in fields.items() if standing.get(name) != line and not (name == "R:" and standing)]
        standing |= fields
        lines.append(music.strip())
    return "\n".join(lines) + "\n"
