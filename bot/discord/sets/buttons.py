"""Under a message of several tunes: all of them again, and one of them with all of its buttons."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import discord

from bot.discord.core import submission
from bot.discord.core import texts as core_texts
from bot.discord.core.buttons import Interaction, Lasting, guarded
from bot.discord.core.caller import Caller
from bot.discord.core.reply import Reply
from bot.discord.sets import texts
from generator.request import TuneRequest
from generator.sets import requests_of_set
from storage.tunes import Tune

SET = r"(?P<set>[0-9A-Za-z]{1,40})"
MAX_LABEL = 100  # characters


class SetAgainButton(Lasting[discord.ui.Button[Any]], template=rf"set:again:{SET}"):
    """As many again for the same wish; anybody may press it."""

    def __init__(self, set_id: str, translate: Callable[[str], str] = str) -> None:
        super().__init__(discord.ui.Button(label=translate(core_texts.AGAIN), emoji="🔁", custom_id=f"set:again:{set_id}"))
        self.set_id = set_id

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        await guarded(interaction, self.set_id, self.press)

    async def press(self, interaction: Interaction) -> None:
        await submission.ask_set_from(interaction, self.set_id, again)


def again(tunes: Sequence[Tune]) -> list[TuneRequest]:
    """The same wish with other seeds: a set anew from its first key, or as many tunes for one wish."""
    first = tunes[0].request.again()
    return first.in_a_row(len(tunes)) if is_one_wish(tunes) else requests_of_set(first, len(tunes))


def is_one_wish(tunes: Sequence[Tune]) -> bool:
    """Whether they are several for the same wish, rather than a set; where that was not remembered only their seeds differ."""
    remembered = Reply.from_dict(tunes[0].origin.reply).one_wish
    return len({replace(tune.request, seed=0) for tune in tunes}) == 1 if remembered is None else remembered


class SetMenu(Lasting[discord.ui.Select[Any]], template=rf"set:open:{SET}"):
    """Shows one of the tunes to the person alone, with its files and with everything that can be done with it."""

    def __init__(self, set_id: str, translate: Callable[[str], str] = str, tunes: Sequence[Tune] = ()) -> None:
        select: discord.ui.Select[Any] = discord.ui.Select(custom_id=f"set:open:{set_id}", placeholder=translate(texts.OPEN_ONE))
        for number, tune in enumerate(tunes, 1):
            assert tune.composition is not None
            select.add_option(label=f"{number}. {tune.composition.title}"[:MAX_LABEL], value=tune.id)
        super().__init__(select)
        self.set_id = set_id

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        await guarded(interaction, self.set_id, self.choose)

    async def choose(self, interaction: Interaction) -> None:
        from bot.discord.delivery import tune_message  # it has these buttons

        await interaction.response.defer(ephemeral=True, thinking=True)
        caller = await Caller.of(interaction)
        [tune_id] = self.item.values
        tune = await submission.tune_for(interaction, caller.viewer, tune_id)
        if tune is None or tune.set_id != self.set_id:
            await submission.tell(interaction, caller.translate(core_texts.TUNE_GONE))
            return
        contents = await tune_message.contents_of(interaction.client.storage, tune)
        shown = tune_message.finished(tune, contents, file_limit=interaction.filesize_limit, translate=caller.translate)
        await interaction.followup.send(shown.content, files=shown.files, view=shown.view, ephemeral=True)


def set_of(posted: discord.Message) -> str | None:
    """The id of the set whose buttons a message has."""
    items = (item for row in posted.components if isinstance(row, discord.ActionRow) for item in row.children)
    found = (re.fullmatch(rf"set:again:{SET}", item.custom_id or "") for item in items)
    return next((match["set"] for match in found if match), None)
