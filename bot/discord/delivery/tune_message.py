"""What a finished tune looks like in Discord."""

from __future__ import annotations

import contextlib
import io
import re
from dataclasses import dataclass
from typing import Any

import discord

from bot.core.naming import key_name, nearest, slug
from bot.discord.core.reply import PLATFORM
from bot.discord.delivery import texts
from bot.discord.sessions import session
from bot.discord.views import under
from bot.languages import Language
from storage.storage import Storage
from storage.tunes import Tune

MAX_CHARACTERS = 2_000
MAX_TITLE_CHARACTERS = 100
MAX_REQUEST_BYTES = 24 * 2**20  # of all files together, under Discord's 25 MiB with what is around them
MAX_NOTICES = 8  # of what the reader left out of somebody's ABC
MAX_NOTICE = 200  # characters
ATTACHED = ("tune.abc", "tune.mp3", "tune.png")
# Discord shows any of these as it is after a backslash; the colon keeps addresses and emoji from coming alive.
_MARKUP = re.compile(r"[\\*_~`|<>\[\]()@:]")


@dataclass(frozen=True, slots=True)
class Finished:
    """A finished tune as it can be posted, any number of times: Discord's own objects are used up by one attempt."""

    tune: Tune
    content: str
    contents: dict[str, bytes]  # file name → bytes
    translate: Language

    @property
    def files(self) -> list[discord.File]:
        assert self.tune.composition is not None
        described = {".png": self.translate(texts.sheet_music(one_line(self.tune.composition.title)))}
        return [
            discord.File(io.BytesIO(content), name, description=described.get(name[-4:]))
            for name, content in self.contents.items()
        ]

    @property
    def heading(self) -> str:
        return self.content.partition("\n")[0]

    @property
    def parts(self) -> dict[str, Any]:
        """What takes the place of a message that is there."""
        return {"content": self.content, "attachments": self.files, "view": self.view}

    @property
    def view(self) -> discord.ui.View:
        return view_of(self.tune, self.translate)


async def contents_of(storage: Storage, tune: Tune) -> dict[str, bytes]:
    """The files for the tune's message, by their names in storage; what the tune lacks is left out."""
    contents = {}
    for name in ATTACHED:
        with contextlib.suppress(KeyError):
            contents[name] = await storage.read(tune.id, name)
    return contents


def view_of(tune: Tune, translate: Language) -> discord.ui.View:
    """All buttons under a tune's message, with its likes; those of a session come last."""
    view = under(tune, translate)
    for button in session.buttons_of(tune, translate):
        view.add_item(button)
    return view


def finished(
    tune: Tune,
    contents: dict[str, bytes],
    *,
    file_limit: int,
    translate: Language,
    parent: Tune | None = None,
    shared: bool = False,
    note: str = "",
) -> Finished:
    """The message for a finished tune; `contents` are its files by their names in storage, `file_limit` is in bytes.

    `parent` is named where the tune's readers can go there; `shared`: the message is the one in the sharing channel; `note`
    says why it is not where, or not all that, was expected.
    """
    assert tune.composition is not None
    name = slug(tune.composition.title)
    fitting = {f"{name}.{file.partition('.')[2]}": content for file, content in contents.items() if len(content) <= file_limit}
    left_out = [file for file, content in contents.items() if len(content) > file_limit]
    head = f"**{escape(one_line(tune.composition.title))}**"
    foot = [f"-# {footer(tune, translate, shared=shared)}"]
    if address := _address(parent, tune, shared=shared):
        foot.append(f"-# {translate(texts.based_on(address))}")
    if left_out:
        foot.append(f"-# {translate(texts.too_large(left_out))}")
    if note:
        foot.append(f"-# {translate(note)}")
    foot += [f"-# {escape(translate(notice)[:MAX_NOTICE])}" for notice in tune.composition.notices[:MAX_NOTICES]]
    block = f"```\n{tune.composition.abc.strip()}\n```"
    content = "\n".join([head, block, *foot])
    # A block that the tune itself would close lets the rest of it act as markup; the file carries it safely.
    if "```" in tune.composition.abc or length(content) > MAX_CHARACTERS:
        content = "\n".join([head, *foot])
    while length(content) > MAX_CHARACTERS:  # of notices; the tune's own files have them all
        content = "\n".join([head, *(foot := foot[:-1])])
    return Finished(tune, content, fitting, translate)


def _address(parent: Tune | None, tune: Tune, *, shared: bool) -> str:
    """The parent's message where the tune is, or else the one in the sharing channel of the same server; empty for none."""
    if parent is None:
        return ""
    if parent.message_id and parent.origin.channel_id == tune.origin.channel_id and not shared:
        return (
            f"https://discord.com/channels/{parent.origin.community_id or '@me'}/{parent.origin.channel_id}/{parent.message_id}"
        )
    community_id = tune.shared.community_id if shared and tune.shared else tune.origin.community_id
    if community_id and parent.shared and parent.shared.message_id and parent.shared.community_id == community_id:
        return f"https://discord.com/channels/{community_id}/{parent.shared.channel_id}/{parent.shared.message_id}"
    return ""


def footer(tune: Tune, translate: Language, *, shared: bool = False, one_of_many: bool = False) -> str:
    """What the tune was made with, so that anybody can ask for it once more, or that it was handed in; and who asked.

    `one_of_many`: without what is the tune's own, its key, seed and nearest known tune.
    """
    assert tune.composition is not None
    made, request = tune.composition, tune.request
    own = ["", ""] if one_of_many else [texts.seed(request.seed), nearest(made.scores)]
    composed = [*texts.chosen_settings(request), texts.temperature(request.temperature), own[0], made.model, own[1]]
    key = "" if one_of_many else key_name(made.key)
    what = [made.rhythm, key, made.metre, *(composed if request.mode != "play" else [texts.PLAYED_AS_WRITTEN])]
    line = " · ".join(escape(one_line(translate(part))) for part in what if part)
    who = texts.shared_by if shared else texts.requested_by
    # Elsewhere a person's id is no name: on the web page it is what they are known by, and nobody else's to read.
    return f"{line} · {translate(who(tune.origin.user_id))}" if tune.origin.platform == PLATFORM and tune.origin.user_id else line


def escape(text: str) -> str:
    """The text as it is, whatever markup it would be to Discord."""
    return _MARKUP.sub(r"\\\g<0>", text)


def one_line(text: str) -> str:
    """Without line breaks and characters that steer the display, and not endless."""
    plain = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(plain.split())[:MAX_TITLE_CHARACTERS]


def length(text: str) -> int:
    """As Discord's clients count, in UTF-16."""
    return len(text.encode("utf-16-le")) // 2
