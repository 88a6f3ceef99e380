"""What App Home shows."""

from __future__ import annotations

from bot.core.caller import Caller
from bot.core.gallery_page import Listing, PageRequest
from bot.core.gallery_text import heading_of, nothing_in
from bot.core.preference_list import list_defaults
from bot.core.texts import settings as setting_texts
from bot.slack.core.blocks import Block, actions, button, divider, escape, fields, header, section
from bot.slack.core.context import Context
from bot.slack.gallery.page import load, rows_of
from bot.slack.home import texts


async def home_view(context: Context, caller: Caller, *, may_change_settings: bool) -> Block:
    """The view for views.publish."""
    translate = caller.translate
    compose = button("home:compose", f"🎻 {translate(texts.COMPOSE)}", style="primary")
    more = [
        button("settings:defaults", translate(texts.CHANGE_DEFAULTS)),
        *([button("settings:settings", translate(texts.CHANGE_SETTINGS))] if may_change_settings else []),
        button("privacy:show", translate(texts.PRIVACY)),
    ]
    defaults = [f"*{escape(name)}*\n{escape(value)}" for name, value in list_defaults(caller.defaults, translate)]
    blocks = [
        actions([compose]),
        *await _tunes(context, caller, Listing.MINE, Listing.MINE, texts.ALL_YOUR_TUNES),
        divider(),
        *await _tunes(context, caller, Listing.WEEK, Listing.GALLERY, texts.GALLERY),
        divider(),
        header(translate(setting_texts.YOUR_DEFAULTS)),
        fields(defaults),
        actions(more),
    ]
    return {"type": "home", "blocks": blocks}


async def _tunes(context: Context, caller: Caller, shown: Listing, all_of: Listing, label: str) -> list[Block]:
    """The first page of a list, and a button that opens the whole of one."""
    request, translate = PageRequest(shown), caller.translate
    rows = await rows_of(context, caller, await load(context, caller, request), request)
    [heading] = heading_of(request, translate, shared_here="")
    whole = actions([button("page:show", translate(label), str(PageRequest(all_of)))])
    return [header(heading), *(rows or [section(escape(translate(nothing_in(request))))]), whole]
