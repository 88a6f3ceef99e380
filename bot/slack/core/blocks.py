"""Block Kit: parts of messages and views, within Slack's limits.

Texts that may be too long are cut. An action id or a value that is too long is a mistake of ours, and raises ValueError.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from bot.core.naming import utf16_length
from bot.slack.core import limits

Block = dict[str, Any]
Element = dict[str, Any]
Style = Literal["primary", "danger"]

# Slack has no escape for these: a zero-width space beside them keeps them from being markup. A quotation, an emoji, emphasis.
_MARKUP = re.compile(r"^(?=&gt;)|:(?=[\w+-]+:)|[*_~`]", re.MULTILINE)
_CHANNEL = re.compile(r"&lt;#([CDG][0-9A-Z]{1,30})&gt;", re.ASCII)
_BROKEN_END = re.compile(r"(?:&[a-z]{0,3}|<[^<>]*)\Z")


def escape(text: str) -> str:
    """Text of people for mrkdwn, so that Slack shows it literally. A mention of a channel stays one: it disturbs nobody."""
    return _MARKUP.sub("\u200b\\g<0>\u200b", _CHANNEL.sub(r"<#\1>", _entities(text)))


def code_block(text: str) -> str:
    """Text of several lines, such as ABC, as mrkdwn from which it can be copied."""
    return f"```{_entities(text.replace('`', chr(39)))}```"


def _entities(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def cut(text: str, limit: int) -> str:
    """The text, shortened to the limit with an ellipsis, and not within an entity or a link."""
    if utf16_length(text) <= limit:
        return text
    head = text.encode("utf-16-le", "replace")[: 2 * (limit - 1)].decode("utf-16-le", "ignore")
    return _BROKEN_END.sub("", head) + "…"


def mrkdwn(text: str, limit: int = limits.TEXT_CHARACTERS) -> Element:
    """Text with markup. Escape what people typed. Addresses in it become no links unless written as `<address|words>`."""
    return {"type": "mrkdwn", "text": cut(text, limit) or " ", "verbatim": True}


def plain(text: str, limit: int) -> Element:
    """Text that Slack shows literally; it needs no escaping."""
    return {"type": "plain_text", "text": cut(text, limit) or " ", "emoji": False}


def link(url: str, words: str) -> str:
    """A link in mrkdwn. The words are escaped."""
    return f"<{url}|{escape(words).replace('|', '¦')}>"


def day(at: datetime) -> str:
    """A day in mrkdwn, which Slack shows in the reader's language and time zone."""
    return f"<!date^{int(at.timestamp())}^{{date_short_pretty}}|{at:%Y-%m-%d}>"


def section(text: str, *, accessory: Element | None = None, block_id: str = "") -> Block:
    return _with({"type": "section", "text": mrkdwn(text)}, accessory=accessory, block_id=block_id)


def fields(texts: Sequence[str]) -> Block:
    """Short texts in two columns."""
    shown = [mrkdwn(text, limits.FIELD_CHARACTERS) for text in texts[: limits.FIELDS]]
    return {"type": "section", "fields": shown}


def context(*texts: str) -> Block:
    """Small grey text."""
    return {"type": "context", "elements": [mrkdwn(text) for text in texts[: limits.CONTEXT_ELEMENTS]]}


def header(text: str) -> Block:
    return {"type": "header", "text": plain(text, limits.HEADER_CHARACTERS)}


def divider() -> Block:
    return {"type": "divider"}


def image(alt_text: str, *, url: str = "", file_id: str = "", title: str = "") -> Block:
    """A picture at an address or of a file in Slack."""
    source = {"slack_file": {"id": file_id}} if file_id else {"image_url": url}
    block = {"type": "image", "alt_text": cut(alt_text, limits.ALT_TEXT_CHARACTERS), **source}
    return _with(block, title=plain(title, limits.ALT_TEXT_CHARACTERS) if title else None)


def video(title: str, player: str, *, thumbnail: str, url: str, description: str) -> Block:
    """A page that Slack shows in a frame when somebody presses on it. All addresses have to be public, and https."""
    return {
        "type": "video",
        "title": plain(title, limits.VIDEO_CHARACTERS),
        "title_url": url,
        "description": plain(description, limits.VIDEO_CHARACTERS),
        "video_url": player,
        "thumbnail_url": thumbnail,
        "alt_text": cut(title, limits.VIDEO_CHARACTERS),
        "provider_name": "Tunesmith",
    }


def actions(elements: Iterable[Element], *, block_id: str = "") -> Block:
    """Buttons and menus. At most 25 in a block."""
    return _with({"type": "actions", "elements": list(elements)[: limits.ACTION_ELEMENTS]}, block_id=block_id)


def button(
    action_id: str, text: str, value: str = "", *, style: Style | None = None, confirm: Element | None = None, url: str = ""
) -> Element:
    element = {"type": "button", "action_id": _id(action_id), "text": plain(text, limits.BUTTON_CHARACTERS)}
    return _with(element, value=_checked(value, limits.VALUE_CHARACTERS), style=style, confirm=confirm, url=url)


def confirm(title: str, text: str, yes: str, no: str, *, style: Style | None = None) -> Element:
    """What a button asks before it acts."""
    dialog = {
        "title": plain(title, limits.CONFIRM_TITLE_CHARACTERS),
        "text": plain(text, limits.CONFIRM_TEXT_CHARACTERS),
        "confirm": plain(yes, limits.CONFIRM_BUTTON_CHARACTERS),
        "deny": plain(no, limits.CONFIRM_BUTTON_CHARACTERS),
    }
    return _with(dialog, style=style)


def option(value: str, text: str, description: str = "") -> Element:
    element = {"text": plain(text, limits.OPTION_CHARACTERS), "value": _checked(value, limits.OPTION_VALUE_CHARACTERS)}
    return _with(element, description=plain(description, limits.OPTION_CHARACTERS) if description else None)


def menu(action_id: str, placeholder: str, options: Sequence[Element], *, initial: str | None = None) -> Element:
    """A menu of options, of which `initial` is the value chosen at first."""
    chosen = next((element for element in options if element["value"] == initial), None)
    element = {"type": "static_select", "action_id": _id(action_id), "options": list(options)[: limits.OPTIONS]}
    return _with(element, placeholder=plain(placeholder, limits.PLACEHOLDER_CHARACTERS), initial_option=chosen)


def menu_of_several(action_id: str, placeholder: str, options: Sequence[Element]) -> Element:
    element = menu(action_id, placeholder, options)
    return element | {"type": "multi_static_select"}


def channel_menu(action_id: str, placeholder: str, *, initial: Sequence[str], at_most: int) -> Element:
    """A menu of the channels that the person sees, of which none may be chosen."""
    element = {
        "type": "multi_conversations_select",
        "action_id": _id(action_id),
        "placeholder": plain(placeholder, limits.PLACEHOLDER_CHARACTERS),
        "filter": {"include": ["public", "private"], "exclude_bot_users": True},
        "max_selected_items": at_most,
    }
    return _with(element, initial_conversations=list(initial))


def text_input(
    action_id: str, *, initial: str = "", placeholder: str = "", multiline: bool = False, at_most: int = limits.INPUT_CHARACTERS
) -> Element:
    element = {"type": "plain_text_input", "action_id": _id(action_id), "multiline": multiline, "max_length": at_most}
    shown = plain(placeholder, limits.PLACEHOLDER_CHARACTERS) if placeholder else None
    return _with(element, initial_value=cut(initial, at_most), placeholder=shown)


def input_(block_id: str, label: str, element: Element, *, hint: str = "", optional: bool = False) -> Block:
    """A field of a modal."""
    block = {"type": "input", "label": plain(label, limits.LABEL_CHARACTERS), "element": element, "optional": optional}
    return _with(block, block_id=block_id, hint=plain(hint, limits.HINT_CHARACTERS) if hint else None)


def tune_row(title: str, details: Iterable[str], *, url: str = "", accessory: Element | None = None) -> Block:
    """A tune in a list: its title, which may link to it, and below it what is known of it. Everything is escaped."""
    name = link(url, title) if url else escape(title)
    return section(f"*{name}*\n{escape(' · '.join(filter(None, details)))}", accessory=accessory)


def modal(
    callback_id: str, title: str, blocks: Sequence[Block], *, submit: str = "", close: str = "", private_metadata: str = ""
) -> Block:
    """A view for views.open and views.update."""
    view = {
        "type": "modal",
        "callback_id": _id(callback_id),
        "title": plain(title, limits.VIEW_TITLE_CHARACTERS),
        "blocks": list(blocks)[: limits.VIEW_BLOCKS],
        "private_metadata": _checked(private_metadata, limits.TEXT_CHARACTERS),
    }
    texts = {"submit": submit, "close": close}
    return _with(view, **{name: plain(text, limits.VIEW_TITLE_CHARACTERS) for name, text in texts.items() if text})


def values_of(view: Mapping[str, Any]) -> dict[str, str]:
    """What was typed and chosen in a submitted view: block id → value."""
    blocks = (view.get("state") or {}).get("values") or {}
    return {block_id: _value(element) for block_id, elements in blocks.items() for element in elements.values()}


def _value(element: Mapping[str, Any]) -> str:
    """Several values are joined with commas."""
    chosen = [element.get("selected_option") or {}, *(element.get("selected_options") or ())]
    values = [option["value"] for option in chosen if option.get("value")] + list(element.get("selected_conversations") or ())
    return str(element.get("value") or ",".join(map(str, values)))


def _with(block: Block, **parts: object) -> Block:
    """The block with those parts that are not empty."""
    return block | {name: part for name, part in parts.items() if part}


def _id(text: str) -> str:
    return _checked(text, limits.ACTION_ID_CHARACTERS)


def _checked(text: str, limit: int) -> str:
    if len(text) > limit:
        raise ValueError(f"“{text[:40]}…” is longer than {limit} characters")
    return text
