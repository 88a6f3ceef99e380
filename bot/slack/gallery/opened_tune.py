"""A tune that was opened on a page: its ABC and sheet, and buttons for what the person can do with it."""

from __future__ import annotations

from bot.core.caller import Caller
from bot.core.gallery_page import Listing, PageRequest
from bot.core.naming import title_of
from bot.core.texts import deletion, variations
from bot.core.texts import delivery as delivery_texts
from bot.core.texts import gallery as texts
from bot.core.texts.likes import like_label
from bot.slack.core.blocks import Block, Element, Style, actions, button, confirm, image
from bot.slack.core.blocks import context as grey
from bot.slack.core.clients import FAILURES
from bot.slack.core.context import Context
from bot.slack.core.event import Event
from bot.slack.core.reply import reply_of
from bot.slack.core.screens import Screen
from bot.slack.delivery.tune_message import sheet_names, text_blocks
from bot.slack.gallery import texts as slack_texts
from generator.user_messages import UserError
from storage.tunes import Status, Tune
from storage.viewer import owns


async def visible_tune(context: Context, caller: Caller, tune_id: str) -> Tune:
    """Raises UserError for a tune that is not there, or that the person cannot see."""
    tune = await context.storage.gallery.visible_tune(tune_id, caller.viewer)
    if tune is None:
        raise UserError(texts.TUNE_GONE)
    return tune


async def tune_screen(context: Context, event: Event, caller: Caller, tune_id: str, back: PageRequest) -> Screen:
    """`back` is the page that the tune was opened on."""
    translate = caller.translate
    tune = await visible_tune(context, caller, tune_id)
    liked = await context.storage.sharing.liked([tune.id], caller.viewer)

    def act(action: str, label: str, *, style: Style | None = None, question: Element | None = None) -> Element:
        return button(f"opened:{action}", label, f"{tune.id} {back}", style=style, confirm=question)

    everybody = [
        act("like", like_label(tune.likes), style="primary" if liked else None),
        button("tune:continue", f"➡️ {translate(variations.CONTINUE)}", tune.id),
        button("tune:vary", f"🎲 {translate(variations.VARY)}", tune.id),
        act("files", f"🗂️ {translate(slack_texts.SEND_FILES)}"),
    ]
    owner = []
    if owns(caller.viewer, tune):
        owner.append(act("unshare", translate(texts.UNSHARE)) if tune.shared else act("share", f"📣 {translate(texts.SHARE)}"))
        if back.listing is Listing.MINE and event.channel_id:
            owner.append(act("post", translate(texts.POST_HERE)))
        question = confirm(*map(translate, deletion.QUESTION), style="danger")
        owner.append(act("delete", f"🗑️ {translate(texts.DELETE)}", style="danger", question=question))
    blocks = [
        *text_blocks(tune, translate),
        *await _sheet(context, event, caller, tune),
        actions(everybody),
        *([actions(owner)] if owner else []),
        actions([button("page:back", f"↩️ {translate(texts.BACK)}", str(back))]),
        *([] if event.channel_id else [grey(translate(slack_texts.NEW_TUNES_SENT))]),
    ]
    return Screen(title_of(tune, translate), blocks)


async def _sheet(context: Context, event: Event, caller: Caller, tune: Tune) -> list[Block]:
    """The sheet as a picture: the file of the tune's message if the person can open that, else the web page's, if it is shared.

    Slack shows no other picture in a private message.
    """
    alt_text = caller.translate(delivery_texts.sheet_music(title_of(tune, caller.translate)))
    if file_id := await _posted_sheet(context, event, caller, tune):
        return [image(alt_text, file_id=file_id)]
    if tune.shared and (context.web_url or "").startswith("https://"):
        return [image(alt_text, url=f"{context.web_url}/tunes/{tune.id}/files/tune.png")]
    return []


async def _posted_sheet(context: Context, event: Event, caller: Caller, tune: Tune) -> str:
    """The id of the file in the tune's message; empty if it may be hidden from the person, or is gone."""
    reply = reply_of(tune)
    if reply is None or (reply.team_id, reply.enterprise_id) != (event.team_id, event.enterprise_id):
        return ""
    if not owns(caller.viewer, tune) and event.channel_id != (reply.posted_in or tune.origin.channel_id or None):
        return ""
    tunes = await context.storage.set_of(tune.set_id) if tune.set_id else [tune]
    finished = [each for each in tunes if each.status is Status.FINISHED]
    names = sheet_names(finished, of_set=tune.set_id is not None)
    sheets = {each.id: sheet for each, *sheet in zip(finished, reply.file_ids, names, strict=False)}
    if tune.id not in sheets:
        return ""
    file_id, name = sheets[tune.id]
    try:
        client = await context.clients.of(event.team_id, event.enterprise_id)
        file = (await client.files_info(file=file_id))["file"]
    except FAILURES:
        return ""
    return file_id if file.get("name") == name else ""
