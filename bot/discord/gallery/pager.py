"""Tunes page by page, in an answer that only the person sees: a few lines, two buttons, and a menu that opens one of them there.

Nothing is remembered between two presses: the page lies in the custom_ids, and an opened tune's way back in its button.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Self

import discord
import structlog

from bot.discord.core import submission
from bot.discord.core import texts as core_texts
from bot.discord.core.caller import Caller
from bot.discord.delivery import removal, tune_message
from bot.discord.gallery import lines, texts
from bot.discord.gallery.page import PageOf
from bot.discord.variations.derive import AskButton
from bot.languages import Language
from storage.errors import NotAllowed
from storage.gallery import Page
from storage.tunes import Tune

if TYPE_CHECKING:
    from bot.discord.client import TunesmithBot

    Interaction = discord.Interaction[TunesmithBot]

log = structlog.get_logger(__name__)


class PageButton(discord.ui.DynamicItem[discord.ui.Button[Any]], template=r"page:(?P<page>.*)"):
    """Turns to the page that its custom_id names."""

    def __init__(self, page: str, button: discord.ui.Button[Any]) -> None:
        super().__init__(button)
        self.page = page

    @classmethod
    def to(cls, page: PageOf, label: str, emoji: str) -> Self:
        return cls(str(page), discord.ui.Button(label=label, emoji=emoji, custom_id=f"page:{page}"))

    @classmethod
    async def from_custom_id(cls, interaction: discord.Interaction[Any], item: Any, match: re.Match[str], /) -> Self:
        return cls(match["page"], item)

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        await _turn(interaction, self.page, None)


class OpenMenu(discord.ui.DynamicItem[discord.ui.Select[Any]], template=r"open:(?P<page>.*)"):
    """Opens one of the page's tunes in the page's place."""

    def __init__(self, page: str, menu: discord.ui.Select[Any]) -> None:
        super().__init__(menu)
        self.page = page

    @classmethod
    def of(cls, found: Page, page: PageOf, tell: Language) -> Self:
        menu: discord.ui.Select[Any] = discord.ui.Select(placeholder=tell(texts.CHOOSE_TUNE), custom_id=f"open:{page}")
        for tune in found.tunes:
            about = " · ".join(lines.kind_of(tune, tell)) or None
            menu.add_option(label=lines.cut(lines.title_of(tune, tell)), description=about, value=tune.id)
        return cls(str(page), menu)

    @classmethod
    async def from_custom_id(cls, interaction: discord.Interaction[Any], item: Any, match: re.Match[str], /) -> Self:
        return cls(match["page"], item)

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        await _turn(interaction, self.page, self.item.values[0])


class OpenedButton(
    discord.ui.DynamicItem[discord.ui.Button[Any]],
    template=r"opened:(?P<act>like|share|private|delete|keep|really):(?P<tune>[0-9A-Za-z]{1,40})",
):
    """What may be done with an opened tune beside asking for another one."""

    def __init__(self, act: str, tune_id: str, button: discord.ui.Button[Any]) -> None:
        super().__init__(button)
        self.act, self.tune_id = act, tune_id

    @classmethod
    def to(cls, act: str, tune_id: str, label: str, style: discord.ButtonStyle = discord.ButtonStyle.secondary) -> Self:
        return cls(act, tune_id, discord.ui.Button(label=label, style=style, custom_id=f"opened:{act}:{tune_id}"))

    @classmethod
    async def from_custom_id(cls, interaction: discord.Interaction[Any], item: Any, match: re.Match[str], /) -> Self:
        return cls(match["act"], match["tune"], item)

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        await interaction.response.defer()
        caller = await Caller.of(interaction)
        try:
            back = _way_back(interaction.message)
            if self.act == "really":
                await _delete(interaction, caller, self.tune_id)
                await show(interaction, caller, back)
                return
            await _act(interaction, caller, self.act, await _seen(interaction, caller, self.tune_id))
            tune = await _seen(interaction, caller, self.tune_id)
            view = await _opened_view(interaction, caller, tune, back, deleting=self.act == "delete")
            await interaction.edit_original_response(view=view)
        except NotAllowed as error:
            await tell(interaction, caller, error.args[0])
        except KeyError:
            await tell(interaction, caller, texts.TUNE_GONE)
        except ValueError:
            await tell(interaction, caller, texts.PAGE_GONE)
        except Exception:
            log.exception("Changing a tune of the gallery failed.", tune=self.tune_id, act=self.act)
            await tell(interaction, caller, core_texts.TRY_AGAIN_LATER)


ITEMS = (PageButton, OpenMenu, OpenedButton)


async def open_page(interaction: Interaction, caller: Caller, page: PageOf) -> None:
    """Answers a command, to the person alone."""
    await interaction.response.defer(ephemeral=True, thinking=True)
    await show(interaction, caller, page)


async def show(interaction: Interaction, caller: Caller, page: PageOf) -> None:
    """Puts the page into the message of a deferred interaction."""
    try:
        found = await page.read(interaction.client.storage, caller.viewer)
    except ValueError:
        await tell(interaction, caller, texts.PAGE_GONE)
    except Exception:
        log.exception("Reading a gallery page failed.", page=str(page))
        await tell(interaction, caller, core_texts.TRY_AGAIN_LATER)
    else:
        text, view = lines.text_of(found, page, caller), _page_view(found, page, caller.translate)
        await interaction.edit_original_response(content=text, attachments=[], view=view)


async def tell(interaction: Interaction, caller: Caller, sentence: str) -> None:
    """After a deferral: to the person alone."""
    await interaction.followup.send(caller.translate(sentence), ephemeral=True)


async def _turn(interaction: Interaction, written: str, tune_id: str | None) -> None:
    """To the page that is written in a custom_id, or to one of its tunes."""
    try:
        page = PageOf.parse(written)
    except ValueError:
        await submission.refuse(interaction, (await Caller.of(interaction)).translate(texts.PAGE_GONE))
        return
    await interaction.response.defer()
    caller = await Caller.of(interaction)
    if tune_id is None:
        await show(interaction, caller, page)
    else:
        await _open(interaction, caller, tune_id, page)


async def _open(interaction: Interaction, caller: Caller, tune_id: str, back: PageOf) -> None:
    try:
        tune = await _seen(interaction, caller, tune_id)
        contents = await tune_message.contents_of(interaction.client.storage, tune)
        shown = tune_message.finished(tune, contents, file_limit=interaction.filesize_limit, translate=caller.translate)
        view = await _opened_view(interaction, caller, tune, back)
        await interaction.edit_original_response(content=shown.content, attachments=shown.files, view=view)
    except KeyError:
        await tell(interaction, caller, texts.TUNE_GONE)
    except Exception:
        log.exception("Showing a tune failed.", tune=tune_id)
        await tell(interaction, caller, core_texts.TRY_AGAIN_LATER)


def _page_view(found: Page, page: PageOf, tell: Language) -> discord.ui.View:
    view = discord.ui.View(timeout=None)
    if found.tunes:
        view.add_item(OpenMenu.of(found, page, tell))
    if found.previous:
        view.add_item(PageButton.to(page.starting("<" + found.previous), tell(texts.PREVIOUS_PAGE), "◀️"))
    if found.next:
        view.add_item(PageButton.to(page.starting(">" + found.next), tell(texts.NEXT_PAGE), "▶️"))
    return view


async def _opened_view(
    interaction: Interaction, caller: Caller, tune: Tune, back: PageOf, *, deleting: bool = False
) -> discord.ui.View:
    """The likes, what others make of it, the way back; and to its owner what becomes of it."""
    view, tell = discord.ui.View(timeout=None), caller.translate
    liked = await interaction.client.storage.sharing.liked([tune.id], caller.viewer)
    style = discord.ButtonStyle.success if liked else discord.ButtonStyle.secondary
    view.add_item(OpenedButton.to("like", tune.id, f"♥ {tune.likes}", style))
    view.add_item(AskButton("continue", tune.id, tell))
    view.add_item(AskButton("vary", tune.id, tell))
    view.add_item(PageButton.to(back, tell(texts.BACK), "↩️"))
    if (tune.origin.platform, tune.origin.user_id) != (caller.viewer.platform, caller.viewer.user_id):
        return view
    if deleting:
        view.add_item(OpenedButton.to("really", tune.id, tell(texts.DELETE_FOR_GOOD), discord.ButtonStyle.danger))
        view.add_item(OpenedButton.to("keep", tune.id, tell(texts.KEEP_TUNE)))
        return view
    act, label = ("private", texts.UNSHARE) if tune.shared else ("share", texts.SHARE)
    view.add_item(OpenedButton.to(act, tune.id, tell(label)))
    view.add_item(OpenedButton.to("delete", tune.id, tell(texts.DELETE)))
    return view


async def _seen(interaction: Interaction, caller: Caller, tune_id: str) -> Tune:
    """Raises KeyError for a tune that is not there, or not for the person to see."""
    tune = await interaction.client.storage.gallery.visible_tune(tune_id, caller.viewer)
    if tune is None:
        raise KeyError(tune_id)
    return tune


async def _act(interaction: Interaction, caller: Caller, act: str, tune: Tune) -> None:
    """Raises KeyError for a tune that is not there any more, NotAllowed for somebody else's."""
    sharing, viewer = interaction.client.storage.sharing, caller.viewer
    if act == "like":
        await (sharing.unlike if await sharing.liked([tune.id], viewer) else sharing.like)(tune.id, viewer)
    elif act == "share":
        channel = caller.settings.sharing_channel
        channel_id = channel if channel != tune.origin.channel_id else ""  # there it stands already
        shared = await sharing.share(tune.id, viewer, channel_id=channel_id)
        if shared.shared is not None and shared.shared.channel_id:
            interaction.client.showcase.post(shared)
    elif act == "private":
        await removal.remove_shared(interaction.client, await sharing.unshare(tune.id, viewer))


async def _delete(interaction: Interaction, caller: Caller, tune_id: str) -> None:
    """Raises as `_act` does, and StorageError; all of its messages go with it."""
    tune = await interaction.client.storage.sharing.delete(tune_id, caller.viewer)
    await removal.remove_messages(interaction.client, tune)


def _way_back(shown: discord.Message | None) -> PageOf:
    """The page that an opened tune's message goes back to; raises ValueError."""
    rows = shown.components if shown else []
    items = (item for row in rows if isinstance(row, discord.ActionRow) for item in row.children)
    pages = (re.fullmatch(r"page:(.*)", item.custom_id or "") for item in items)
    return PageOf.parse(next((page[1] for page in pages if page), ""))
