"""The message of a finished tune: its text, files and buttons."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import discord

from bot.core.naming import one_line, slug, utf16_length
from bot.core.texts import delivery as texts
from bot.core.tune_files import read_files
from bot.core.tune_text import MAX_NOTICE_CHARACTERS, MAX_NOTICES, footer
from bot.discord.core import limits
from bot.discord.core.context import Context
from bot.discord.core.formatting import escape, message_address
from bot.discord.core.reply import PLATFORM
from bot.languages import Language
from storage.tunes import Tune


@dataclass(frozen=True, slots=True)
class FinishedMessage:
    """A message that can be sent any number of times, though each attempt uses up Discord's objects for files and views."""

    content: str
    contents: Mapping[str, bytes]  # file name → bytes
    descriptions: Mapping[str, str]  # file name → alternative text
    make_view: Callable[[], discord.ui.View]

    @property
    def files(self) -> list[discord.File]:
        return [
            discord.File(io.BytesIO(content), name, description=self.descriptions.get(name))
            for name, content in self.contents.items()
        ]

    @property
    def view(self) -> discord.ui.View:
        return self.make_view()

    @property
    def heading(self) -> str:
        return self.content.partition("\n")[0]

    @property
    def edit_parts(self) -> dict[str, Any]:
        """The arguments that make an existing message into this one."""
        return {"content": self.content, "attachments": self.files, "view": self.view}


async def load_tune_message(
    context: Context,
    tune: Tune,
    *,
    file_limit: int,
    translate: Language,
    parent: Tune | None = None,
    in_sharing_channel: bool = False,
) -> FinishedMessage:
    """A further message with all of the tune's files and buttons. For the arguments see `render_tune`."""
    return render_tune(
        tune,
        await read_files(context.storage, tune),
        file_limit=file_limit,
        translate=translate,
        make_view=lambda: context.views.of_tune(tune, translate, in_session=False),
        parent=parent,
        in_sharing_channel=in_sharing_channel,
    )


def render_tune(
    tune: Tune,
    contents: Mapping[str, bytes],
    *,
    file_limit: int,
    translate: Language,
    make_view: Callable[[], discord.ui.View] = discord.ui.View,
    parent: Tune | None = None,
    in_sharing_channel: bool = False,
    note: str = "",
) -> FinishedMessage:
    """The message of a finished tune; `contents` are its files by their names in storage, `file_limit` is in bytes.

    `parent` is linked if the tune's readers can open its message. `note` says why the message is not where it was expected,
    or is not complete.
    """
    assert tune.composition is not None
    made = tune.composition
    name = slug(made.title)
    fitting = {f"{name}.{file.partition('.')[2]}": content for file, content in contents.items() if len(content) <= file_limit}
    too_large = [file for file, content in contents.items() if len(content) > file_limit]
    head = f"**{escape(one_line(made.title))}**"
    foot = [f"-# {footer(tune, translate, PLATFORM, escape, in_sharing_channel=in_sharing_channel)}"]
    if address := _parent_address(parent, tune, in_sharing_channel=in_sharing_channel):
        foot.append(f"-# {translate(texts.based_on(address))}")
    if too_large:
        foot.append(f"-# {translate(texts.too_large(too_large))}")
    if note:
        foot.append(f"-# {translate(note)}")
    foot += [f"-# {escape(translate(notice)[:MAX_NOTICE_CHARACTERS])}" for notice in made.notices[:MAX_NOTICES]]
    content = "\n".join([head, f"```\n{made.abc.strip()}\n```", *foot])
    # A tune that contains ``` would end the code block, and the rest of it would act as markup. The file has the ABC.
    if "```" in made.abc or utf16_length(content) > limits.MESSAGE_CHARACTERS:
        content = "\n".join([head, *foot])
    while utf16_length(content) > limits.MESSAGE_CHARACTERS:  # the last lines are notices; the tune's files have all of them
        content = "\n".join([head, *(foot := foot[:-1])])
    return FinishedMessage(content, fitting, {f"{name}.png": translate(texts.sheet_music(one_line(made.title)))}, make_view)


def _parent_address(parent: Tune | None, tune: Tune, *, in_sharing_channel: bool) -> str:
    """The link to the parent's message in the same channel, or else to its post in the same server's sharing channel."""
    if parent is None:
        return ""
    if parent.message_id and parent.origin.channel_id == tune.origin.channel_id and not in_sharing_channel:
        return message_address(parent.origin.community_id, parent.origin.channel_id, parent.message_id)
    community_id = tune.shared.community_id if in_sharing_channel and tune.shared else tune.origin.community_id
    if community_id and parent.shared and parent.shared.message_id and parent.shared.community_id == community_id:
        return message_address(community_id, parent.shared.channel_id, parent.shared.message_id)
    return ""
