"""Pages of tunes in a private answer: lines, buttons to turn the page, and a menu that opens a tune in the same message.

Nothing is remembered between two presses: custom ids contain the page, also the one that an opened tune goes back to.
"""

from __future__ import annotations

import re
from typing import Any

import discord
import structlog

from bot.core.caller import Caller
from bot.core.gallery_page import Listing, PageRequest
from bot.core.naming import rhythm_and_key, title_of
from bot.core.texts import common as core_texts
from bot.core.texts import gallery as texts
from bot.core.texts.likes import like_label
from bot.discord.core.caller import caller_of
from bot.discord.core.components import custom_ids
from bot.discord.core.context import Interaction
from bot.discord.core.formatting import choice_name
from bot.discord.core.persistent_items import PersistentItem, view_with
from bot.discord.core.private_answers import send_private
from bot.discord.delivery.tune_message import load_tune_message
from bot.discord.gallery import tune_actions
from bot.discord.gallery.page_text import page_text
from bot.discord.gallery.tune_actions import visible_tune
from bot.discord.variations.buttons import DeriveButton
from bot.languages import Language
from generator.user_messages import UserError
from storage.errors import FileMissing
from storage.gallery import Page
from storage.tunes import Tune
from storage.viewer import owns

log = structlog.get_logger(__name__)

_PAGE = re.compile(r"page:(?P<page>.*)")


class PageButton(PersistentItem[discord.ui.Button[Any]], template=_PAGE.pattern):
    """Shows the page that its custom id contains."""

    def __init__(self, page: str, label: str | None = None, emoji: str | None = None) -> None:
        super().__init__(discord.ui.Button(label=label, emoji=emoji, custom_id=f"page:{page}"))
        self.page = page

    async def press(self, interaction: Interaction) -> None:
        await _show_written(interaction, self.page, None)


class TuneMenu(PersistentItem[discord.ui.Select[Any]], template=r"open:(?P<page>.*)"):
    """Opens one of the page's tunes in place of the page."""

    def __init__(self, page: str, placeholder: str | None = None) -> None:
        super().__init__(discord.ui.Select(placeholder=placeholder, custom_id=f"open:{page}"))
        self.page = page

    async def press(self, interaction: Interaction) -> None:
        await _show_written(interaction, self.page, self.item.values[0])


class OpenedTuneButton(
    PersistentItem[discord.ui.Button[Any]],
    template=r"opened:(?P<action>like|share|unshare|post|delete|keep|confirm-delete):(?P<tune_id>[0-9A-Za-z]{1,40})",
):
    """What the person can do with an opened tune, besides requesting another one."""

    def __init__(
        self,
        action: str,
        tune_id: str,
        label: str | None = None,
        style: discord.ButtonStyle = discord.ButtonStyle.secondary,
    ) -> None:
        super().__init__(discord.ui.Button(label=label, style=style, custom_id=f"opened:{action}:{tune_id}"))
        self.action, self.tune_id = action, tune_id

    async def press(self, interaction: Interaction) -> None:
        await interaction.response.defer()
        caller = await caller_of(interaction)
        try:
            back = PageRequest.parse(next((match["page"] for match in custom_ids(interaction.message, _PAGE)), ""))
        except ValueError:
            await send_private(interaction, caller.translate(texts.PAGE_GONE))
            return
        try:
            await tune_actions.act(interaction, caller, self.action, self.tune_id)
            if self.action == "confirm-delete":
                await _show_page(interaction, caller, back)
                return
            tune = await visible_tune(interaction, caller, self.tune_id)
            view = await _tune_view(interaction, caller, tune, back, deleting=self.action == "delete")
            await interaction.edit_original_response(view=view)
        except UserError as error:
            await send_private(interaction, caller.translate(error.message))
        except KeyError:
            await send_private(interaction, caller.translate(texts.TUNE_GONE))
        except Exception:
            log.exception("Changing a tune of the gallery failed.", tune=self.tune_id, action=self.action)
            await send_private(interaction, caller.translate(core_texts.TRY_AGAIN_LATER))


async def open_page(interaction: Interaction, caller: Caller, request: PageRequest) -> None:
    """Answers a command with the page, privately."""
    await interaction.response.defer(ephemeral=True, thinking=True)
    await _show_page(interaction, caller, request)


async def _show_written(interaction: Interaction, written: str, tune_id: str | None) -> None:
    """Shows the page that a custom id contains, or one of its tunes."""
    try:
        request = PageRequest.parse(written)
    except ValueError:
        await send_private(interaction, (await caller_of(interaction)).translate(texts.PAGE_GONE))
        return
    await interaction.response.defer()
    caller = await caller_of(interaction)
    if tune_id is None:
        await _show_page(interaction, caller, request)
    else:
        await _show_tune(interaction, caller, tune_id, request)


async def _show_page(interaction: Interaction, caller: Caller, request: PageRequest) -> None:
    """Puts the page into the message of a deferred interaction."""
    try:
        page = await request.load(interaction.client.context.storage, caller.viewer)
    except ValueError:
        await send_private(interaction, caller.translate(texts.PAGE_GONE))
    except Exception:
        log.exception("Reading a gallery page failed.", page=str(request))
        await send_private(interaction, caller.translate(core_texts.TRY_AGAIN_LATER))
    else:
        view = _page_view(page, request, caller.translate)
        await interaction.edit_original_response(content=page_text(page, request, caller), attachments=[], view=view)


async def _show_tune(interaction: Interaction, caller: Caller, tune_id: str, back: PageRequest) -> None:
    try:
        tune = await visible_tune(interaction, caller, tune_id)
        message = await load_tune_message(
            interaction.client.context, tune, file_limit=interaction.filesize_limit, translate=caller.translate
        )
        view = await _tune_view(interaction, caller, tune, back)
        await interaction.edit_original_response(content=message.content, attachments=message.files, view=view)
    except KeyError:
        await send_private(interaction, caller.translate(texts.TUNE_GONE))
    except FileMissing as error:
        await send_private(interaction, caller.translate(error.message))
    except Exception:
        log.exception("Showing a tune failed.", tune=tune_id)
        await send_private(interaction, caller.translate(core_texts.TRY_AGAIN_LATER))


def _page_view(page: Page, request: PageRequest, translate: Language) -> discord.ui.View:
    view = view_with()
    if page.tunes:
        menu = TuneMenu(str(request), translate(texts.CHOOSE_TUNE))
        for tune in page.tunes:
            about = " · ".join(rhythm_and_key(tune, translate)) or None
            menu.item.add_option(label=choice_name(title_of(tune, translate)), description=about, value=tune.id)
        view.add_item(menu)
    if page.previous:
        view.add_item(PageButton(str(request.before(page.previous)), translate(texts.PREVIOUS_PAGE), "◀️"))
    if page.next:
        view.add_item(PageButton(str(request.after(page.next)), translate(texts.NEXT_PAGE), "▶️"))
    return view


async def _tune_view(
    interaction: Interaction, caller: Caller, tune: Tune, back: PageRequest, *, deleting: bool = False
) -> discord.ui.View:
    """The buttons of an opened tune. Its owner gets more of them; `deleting` asks the owner whether to delete it."""
    translate = caller.translate
    liked = await interaction.client.context.storage.sharing.liked([tune.id], caller.viewer)
    style = discord.ButtonStyle.success if liked else discord.ButtonStyle.secondary
    view = view_with(
        OpenedTuneButton("like", tune.id, like_label(tune.likes), style),
        DeriveButton("continue", tune.id, translate),
        DeriveButton("vary", tune.id, translate),
        PageButton(str(back), translate(texts.BACK), "↩️"),
    )
    if not owns(caller.viewer, tune):
        return view
    if deleting:
        danger = discord.ButtonStyle.danger
        view.add_item(OpenedTuneButton("confirm-delete", tune.id, translate(texts.DELETE_FOR_GOOD), danger))
        view.add_item(OpenedTuneButton("keep", tune.id, translate(texts.KEEP_TUNE)))
        return view
    action, label = ("unshare", texts.UNSHARE) if tune.shared else ("share", texts.SHARE)
    view.add_item(OpenedTuneButton(action, tune.id, translate(label)))
    if back.listing is Listing.MINE:
        view.add_item(OpenedTuneButton("post", tune.id, translate(texts.POST_HERE)))
    view.add_item(OpenedTuneButton("delete", tune.id, translate(texts.DELETE)))
    return view
