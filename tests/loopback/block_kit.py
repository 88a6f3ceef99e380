"""Slack's rules for blocks and views: known types and fields, lengths, counts, unique ids.

`check_blocks` and `check_view` return what is wrong, each as a sentence with a JSON pointer, as Slack does.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tests.loopback.block_kit_values import Check, boolean, integer, items, of_type, one_of, shape, string

Payload = dict[str, Any]

MESSAGE_BLOCKS, VIEW_BLOCKS, VIEW_BYTES, MARKDOWN = 50, 100, 250 * 1000, 12_000
MESSAGE, MODAL, HOME = "message", "modal", "home"


# --- composition objects
def text(most: int = 3_000, *, plain: bool = False) -> Check:
    kinds = {"plain_text": shape({"text": string(most)}, {"emoji": boolean})}
    if not plain:
        kinds["mrkdwn"] = shape({"text": string(most)}, {"verbatim": boolean})
    return of_type(kinds)


def plain_text(most: int) -> Check:
    return text(most, plain=True)


URL = string(3_000, pattern=r"https?://\S+")
ID = string(255)
CONFIRM = shape(
    {"title": plain_text(100), "text": text(300), "confirm": plain_text(30), "deny": plain_text(30)},
    {"style": one_of("primary", "danger")},
)


def option(*, plain: bool, url: bool = False) -> Check:
    words = text(75, plain=plain)
    return shape({"text": words, "value": string(150)}, {"description": words, **({"url": URL} if url else {})})


MENU_OPTION = option(plain=True)
OPTION_GROUP = shape({"label": plain_text(75), "options": items(MENU_OPTION, 100)})
SLACK_FILE = shape({}, {"id": string(30, pattern="F[A-Z0-9]+"), "url": URL})
FILTER = shape(
    {}, {"include": items(one_of("im", "mpim", "private", "public"), 4), "exclude_external_shared_channels": boolean,
         "exclude_bot_users": boolean},
)  # fmt: skip
DISPATCH = shape({}, {"trigger_actions_on": items(one_of("on_enter_pressed", "on_character_entered"), 2)})

# --- elements
ACTION = {"action_id": ID}
FOCUS = {"focus_on_load": boolean}
MENU = {**ACTION, **FOCUS, "confirm": CONFIRM, "placeholder": plain_text(150)}
MULTI_MENU = {**MENU, "max_selected_items": integer(1, 100)}
OPTIONS = {"options": items(MENU_OPTION, 100), "option_groups": items(OPTION_GROUP, 100)}
INPUT = {**ACTION, **FOCUS, "placeholder": plain_text(150), "dispatch_action_config": DISPATCH}
CHOICES = items(option(plain=False), 10)
PERSON_ID = string(30, pattern="[UW][A-Z0-9]+")
CHANNEL_ID = string(30, pattern="[CDG][A-Z0-9]+")
RESPOND = {"response_url_enabled": boolean}
CONVERSATIONS = {"default_to_current_conversation": boolean, "filter": FILTER}
BUTTON = shape(
    {"text": plain_text(75)},
    {**ACTION, "url": URL, "value": string(2_000), "style": one_of("primary", "danger"), "confirm": CONFIRM,
     "accessibility_label": string(75)},
)  # fmt: skip
FEEDBACK = shape({"text": plain_text(75), "value": string(2_000)}, {"accessibility_label": string(75)})
IMAGE_FIELDS: dict[str, Check] = {"image_url": URL, "slack_file": SLACK_FILE}
IMAGE = shape({"alt_text": string(2_000)}, IMAGE_FIELDS)
NUMBER = string(40, pattern=r"-?\d+(\.\d+)?")

ELEMENTS: dict[str, Check] = {
    "button": BUTTON,
    "image": IMAGE,
    "checkboxes": shape({"options": CHOICES}, {**ACTION, **FOCUS, "confirm": CONFIRM, "initial_options": CHOICES}),
    "radio_buttons": shape({"options": CHOICES}, {**ACTION, **FOCUS, "confirm": CONFIRM, "initial_option": option(plain=False)}),
    "overflow": shape({"options": items(option(plain=True, url=True), 5)}, {**ACTION, "confirm": CONFIRM}),
    "datepicker": shape({}, {**MENU, "initial_date": string(10, pattern=r"\d{4}-\d\d-\d\d")}),
    "timepicker": shape({}, {**MENU, "initial_time": string(5, pattern=r"\d\d:\d\d"), "timezone": string(100)}),
    "datetimepicker": shape({}, {**ACTION, **FOCUS, "confirm": CONFIRM, "initial_date_time": integer(10**9, 10**10 - 1)}),
    "static_select": shape({}, {**MENU, **OPTIONS, "initial_option": MENU_OPTION}),
    "multi_static_select": shape({}, {**MULTI_MENU, **OPTIONS, "initial_options": items(MENU_OPTION, 100)}),
    "external_select": shape({}, {**MENU, "initial_option": MENU_OPTION, "min_query_length": integer(0, 100)}),
    "multi_external_select": shape(
        {}, {**MULTI_MENU, "initial_options": items(MENU_OPTION, 100), "min_query_length": integer(0, 100)}
    ),
    "users_select": shape({}, {**MENU, "initial_user": PERSON_ID}),
    "multi_users_select": shape({}, {**MULTI_MENU, "initial_users": items(PERSON_ID, 100)}),
    "conversations_select": shape({}, {**MENU, **RESPOND, **CONVERSATIONS, "initial_conversation": CHANNEL_ID}),
    "multi_conversations_select": shape(
        {}, {**MULTI_MENU, **CONVERSATIONS, "initial_conversations": items(CHANNEL_ID, 100)}
    ),
    "channels_select": shape({}, {**MENU, **RESPOND, "initial_channel": CHANNEL_ID}),
    "multi_channels_select": shape({}, {**MULTI_MENU, "initial_channels": items(CHANNEL_ID, 100)}),
    "plain_text_input": shape(
        {}, {**INPUT, "initial_value": string(3_000, 0), "multiline": boolean, "min_length": integer(0, 3_000),
             "max_length": integer(1, 3_000)},
    ),
    "number_input": shape(
        {"is_decimal_allowed": boolean}, {**INPUT, "initial_value": NUMBER, "min_value": NUMBER, "max_value": NUMBER}
    ),
    "email_text_input": shape({}, {**INPUT, "initial_value": string(3_000, 0)}),
    "url_text_input": shape({}, {**INPUT, "initial_value": string(3_000, 0)}),
    "file_input": shape({}, {**ACTION, "filetypes": items(string(20), 100), "max_files": integer(1, 10)}),
    "feedback_buttons": shape({"positive_button": FEEDBACK, "negative_button": FEEDBACK}, ACTION),
    "icon_button": shape(
        {"icon": one_of("trash"), "text": plain_text(75)},
        {**ACTION, "value": string(2_000), "confirm": CONFIRM, "accessibility_label": string(75),
         "visible_to_user_ids": items(PERSON_ID, 100)},
    ),
}  # fmt: skip


def elements(*names: str) -> Check:
    return of_type({name: ELEMENTS[name] for name in names})


SELECTS = ("static_select", "external_select", "users_select", "conversations_select", "channels_select")
MULTI_SELECTS = tuple(f"multi_{name}" for name in SELECTS)
PICKERS = ("checkboxes", "radio_buttons", "datepicker", "timepicker", *SELECTS, *MULTI_SELECTS)
INPUTS = (*PICKERS, "datetimepicker", "plain_text_input", "number_input", "email_text_input", "url_text_input", "file_input")

# --- blocks
RICH_TEXT = items(
    of_type(
        {
            name: lambda value, at: iter(())  # people's own texts have them; what is inside is not checked
            for name in ("rich_text_section", "rich_text_list", "rich_text_preformatted", "rich_text_quote")
        }
    ),
    1_000,
)
CARD = shape(
    {}, {"block_id": ID, "hero_image": IMAGE, "icon": IMAGE, "title": text(150), "subtitle": text(150), "body": text(200),
         "actions": items(elements("button"), 25)},
)  # fmt: skip
CELL = of_type({"raw_text": shape({"text": string(3_000)}), "rich_text": shape({"elements": RICH_TEXT}, {"block_id": ID})})
COLUMN = shape({}, {"align": one_of("left", "center", "right"), "is_wrapped": boolean})
BLOCK = {"block_id": ID}

BLOCKS: dict[str, Check] = {
    "section": shape(
        {}, {**BLOCK, "text": text(), "fields": items(text(2_000), 10), "expand": boolean,
             "accessory": elements("button", "image", "overflow", *PICKERS)},
    ),
    "actions": shape({"elements": items(elements("button", "overflow", "datetimepicker", *PICKERS), 25)}, BLOCK),
    "context": shape(
        {"elements": items(of_type({"image": IMAGE, "plain_text": text(), "mrkdwn": text()}), 10)}, BLOCK
    ),
    "context_actions": shape({"elements": items(elements("feedback_buttons", "icon_button"), 5)}, BLOCK),
    "divider": shape({}, BLOCK),
    "header": shape({"text": plain_text(150)}, BLOCK),
    "image": shape({"alt_text": string(2_000)}, {**BLOCK, **IMAGE_FIELDS, "title": plain_text(2_000)}),
    "input": shape(
        {"label": plain_text(2_000), "element": elements(*INPUTS)},
        {**BLOCK, "hint": plain_text(2_000), "optional": boolean, "dispatch_action": boolean},
    ),
    "markdown": shape({"text": string(MARKDOWN)}, BLOCK),
    "rich_text": shape({"elements": RICH_TEXT}, BLOCK),
    "table": shape({"rows": items(items(CELL, 20), 100)}, {**BLOCK, "column_settings": items(COLUMN, 20)}),
    "card": CARD,
    "carousel": shape({"elements": items(of_type({"card": CARD}), 10)}, BLOCK),
    "alert": shape({"text": text()}, {**BLOCK, "level": one_of("default", "info", "warning", "error", "success")}),
    "video": shape(
        {"alt_text": string(2_000), "title": plain_text(199), "thumbnail_url": URL, "video_url": URL},
        {**BLOCK, "author_name": string(49), "description": plain_text(200), "provider_icon_url": URL,
         "provider_name": string(200), "title_url": URL},
    ),
}  # fmt: skip
MESSAGE_ONLY = {"markdown", "table", "context_actions", "card", "carousel"}


def check_blocks(blocks: Any, surface: str) -> list[str]:
    """What is wrong with the blocks of a message, a modal or App Home."""
    faults = list(items(of_type(BLOCKS), MESSAGE_BLOCKS if surface == MESSAGE else VIEW_BLOCKS, 0)(blocks, "/blocks"))
    return faults or list(_rules(blocks, surface))


def _rules(blocks: list[Payload], surface: str) -> Iterator[str]:
    """Rules that concern several fields or several blocks."""
    ids = [block["block_id"] for block in blocks if "block_id" in block]
    if len(set(ids)) < len(ids):
        yield "block_id must be unique [json-pointer:/blocks]"
    if sum(len(block["text"]) for block in blocks if block["type"] == "markdown") > MARKDOWN:
        yield f"markdown blocks must have less than {MARKDOWN + 1} characters in all [json-pointer:/blocks]"
    if sum(bool(element.get("focus_on_load")) for element in walk(blocks)) > 1:
        yield "focus_on_load may be set once [json-pointer:/blocks]"
    for number, block in enumerate(blocks):
        at = f"/blocks/{number}"
        if surface != MESSAGE and block["type"] in MESSAGE_ONLY:
            yield f"{block['type']} is not allowed in a {surface} [json-pointer:{at}]"
        if block["type"] == "section" and not (block.get("text") or block.get("fields")):
            yield f"a section needs text or fields [json-pointer:{at}]"
        if block["type"] == "card" and not block.keys() & {"hero_image", "title", "actions", "body"}:
            yield f"a card needs an image, a title, a body or actions [json-pointer:{at}]"
        inside = list(walk([block]))
        actions = [element["action_id"] for element in inside if "action_id" in element]
        if len(set(actions)) < len(actions):
            yield f"action_id must be unique in a block [json-pointer:{at}]"
        for part in (block, *inside):
            yield from _element_rules(part, surface, at)


def _element_rules(part: Payload, surface: str, at: str) -> Iterator[str]:
    kind = part["type"]
    if kind == "image" and ("image_url" in part) == ("slack_file" in part):
        yield f"an image has either an image_url or a slack_file [json-pointer:{at}]"
    if kind == "file_input" and surface != MODAL:
        yield f"file_input is allowed in modals only [json-pointer:{at}]"
    if kind in ("static_select", "multi_static_select") and ("options" in part) == ("option_groups" in part):
        yield f"a menu has either options or option_groups [json-pointer:{at}]"
    offered = options_of(part)
    chosen = [*part.get("initial_options", []), *([part["initial_option"]] if "initial_option" in part else [])]
    if offered and any(choice not in offered for choice in chosen):
        yield f"initial options must equal options that are offered [json-pointer:{at}]"
    if kind != "overflow" and len({choice["value"] for choice in offered}) < len(offered):
        yield f"values of options must be unique [json-pointer:{at}]"
    if kind == "plain_text_input":
        least, most, initial = part.get("min_length", 0), part.get("max_length", 3_000), part.get("initial_value", "")
        if least > most or len(initial) > most:
            yield f"initial_value and min_length must fit max_length [json-pointer:{at}]"


def check_view(view: Any) -> list[str]:
    """What is wrong with a modal or an App Home."""
    common: dict[str, Check] = {
        "private_metadata": string(3_000, 0),
        "callback_id": string(255, 0),
        "external_id": string(255, 0),
    }
    modal = {"submit": plain_text(24), "close": plain_text(24), "clear_on_close": boolean, "notify_on_close": boolean,
             "submit_disabled": boolean}  # fmt: skip
    anything: Check = lambda value, at: iter(())  # noqa: E731  # check_blocks checks them
    kinds = {MODAL: shape({"title": plain_text(24), "blocks": anything}, {**common, **modal}),
             HOME: shape({"blocks": anything}, common)}  # fmt: skip
    faults = list(of_type(kinds)(view, "/view")) or check_blocks(view["blocks"], view["type"])
    if not faults and view["type"] == MODAL and "submit" not in view and any(b["type"] == "input" for b in view["blocks"]):
        faults = ["a modal with inputs needs submit [json-pointer:/view]"]
    return faults


def view_bytes(view: Payload) -> int:
    return len(json.dumps(view, ensure_ascii=False).encode())


def walk(blocks: list[Payload]) -> Iterator[Payload]:
    """The elements in blocks: buttons, menus, inputs, images, with those in cards."""
    for block in blocks:
        parts = [*block.get("elements", []), block.get("accessory"), block.get("element"), *block.get("actions", [])]
        for part in parts:
            if isinstance(part, dict) and part.get("type") == "card":
                yield from walk([part])
            elif isinstance(part, dict) and "type" in part:
                yield part


def options_of(element: Payload) -> list[Payload]:
    """The options that a menu offers, with those in groups."""
    groups = element.get("option_groups") or [{"options": element.get("options") or []}]
    return [choice for group in groups for choice in group["options"]]
