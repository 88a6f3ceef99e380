"""The rules of Block Kit: each limit, from both sides."""

from __future__ import annotations

from typing import Any

import pytest

from tests.loopback.block_kit import HOME, MESSAGE, MODAL, check_blocks, check_view, options_of

Payload = dict[str, Any]


def plain(length: int = 1) -> Payload:
    return {"type": "plain_text", "text": "x" * length}


def option(value: str = "v", length: int = 1) -> Payload:
    return {"text": plain(length), "value": value}


def button(**fields: Any) -> Payload:
    return {"type": "button", "text": plain(), **fields}


def actions(*elements: Payload) -> Payload:
    return {"type": "actions", "elements": list(elements)}


def section(**fields: Any) -> Payload:
    return {"type": "section", "text": plain(), **fields}


def select(**fields: Any) -> Payload:
    return {"type": "static_select", "action_id": "s", "options": [option()], **fields}


def entry(element: Payload, **fields: Any) -> Payload:
    return {"type": "input", "label": plain(), "element": {"action_id": "i", **element}, **fields}


def typed(**fields: Any) -> Payload:
    return {"type": "plain_text_input", **fields}


def modal(*blocks: Payload, **fields: Any) -> Payload:
    return {"type": "modal", "title": plain(), "submit": plain(), "blocks": list(blocks), **fields}


WITHIN: list[list[Payload]] = [
    [section(text=plain(3_000))],
    [section(text={"type": "mrkdwn", "text": "*x*", "verbatim": True}, expand=True, block_id="b" * 255)],
    [section(fields=[plain(2_000)] * 10)],
    [section(accessory=button(url="https://tunes.example", style="danger"))],
    [section()] * 50,
    [actions(*[button(action_id=str(number), value="v" * 2_000) for number in range(25)])],
    [actions(button(action_id="a")), actions(button(action_id="a"))],
    [actions(select(options=[option(str(number), 75) for number in range(100)]))],
    [actions(select(options=None, option_groups=[{"label": plain(75), "options": [option()]}]) | {"initial_option": option()})],
    [actions({"type": "overflow", "action_id": "o", "options": [option(str(number)) for number in range(5)]})],
    [{"type": "context", "elements": [plain()] * 10}],
    [{"type": "header", "text": plain(150)}],
    [{"type": "divider"}],
    [{"type": "image", "image_url": "https://tunes.example/7.png", "alt_text": "x" * 2_000, "title": plain(2_000)}],
    [{"type": "image", "slack_file": {"id": "F0000001"}, "alt_text": "x"}],
    [{"type": "markdown", "text": "x" * 12_000}],
    [{"type": "card", "title": plain(150), "body": plain(200), "actions": [button(action_id="a")]}],
    [{"type": "carousel", "elements": [{"type": "card", "title": plain()}] * 10}],
    [{"type": "table", "rows": [[{"type": "raw_text", "text": "x"}] * 20] * 100}],
    [{"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": []}]}],
    [actions(button(action_id="a", confirm={"title": plain(100), "text": plain(300), "confirm": plain(30), "deny": plain(30)}))],
]

BEYOND: list[tuple[list[Payload], str]] = [
    ([section(text=plain(3_001))], "less than 3001 characters [json-pointer:/blocks/0/text/text]"),
    ([section(text=plain(0))], "more than 0 characters"),
    ([section(text={"type": "html", "text": "x"})], "unsupported type: html"),
    ([section(fields=[plain(2_001)])], "less than 2001"),
    ([section(fields=[plain()] * 11)], "1 to 10 items"),
    ([{"type": "section"}], "text or fields"),
    ([section(colour="red")], "colour is unknown"),
    ([section(block_id="b" * 256)], "less than 256"),
    ([section(block_id="b"), section(block_id="b")], "block_id must be unique"),
    ([section()] * 51, "0 to 50 items"),
    ([{"type": "song"}], "unsupported type: song"),
    ([actions()], "1 to 25 items"),
    ([actions(*[button(action_id=str(number)) for number in range(26)])], "1 to 25 items"),
    ([actions(button(action_id="a"), button(action_id="a"))], "action_id must be unique"),
    ([actions(button(action_id="a" * 256))], "less than 256"),
    ([actions(button(text=plain(76)))], "less than 76"),
    ([actions(button(text={"type": "mrkdwn", "text": "x"}))], "unsupported type: mrkdwn"),
    ([actions(button(value="v" * 2_001))], "less than 2001"),
    ([actions(button(style="green"))], "must be one of"),
    ([actions(button(url="javascript:alert()"))], "must match"),
    ([actions(select(options=[option(str(number)) for number in range(101)]))], "1 to 100 items"),
    ([actions(select(options=[option("v", 76)]))], "less than 76"),
    ([actions(select(options=[option("v" * 151)]))], "less than 151"),
    ([actions(select(options=[option(), option()]))], "values of options must be unique"),
    ([actions(select(initial_option=option("other")))], "initial options must equal"),
    ([actions(select(placeholder=plain(151)))], "less than 151"),
    ([actions({"type": "static_select", "action_id": "s"})], "either options or option_groups"),
    ([actions({"type": "overflow", "action_id": "o", "options": [option(str(number)) for number in range(6)]})], "1 to 5 items"),
    ([actions(typed())], "unsupported type: plain_text_input"),
    ([{"type": "context", "elements": [plain()] * 11}], "1 to 10 items"),
    ([{"type": "context", "elements": [button()]}], "unsupported type: button"),
    ([{"type": "header", "text": plain(151)}], "less than 151"),
    ([{"type": "image", "alt_text": "x"}], "either an image_url or a slack_file"),
    ([{"type": "image", "image_url": "https://a.example"}], "missing required field: alt_text"),
    ([{"type": "markdown", "text": "x" * 12_001}], "less than 12001"),
    ([{"type": "markdown", "text": "x" * 7_000}] * 2, "in all"),
    ([{"type": "card"}], "a card needs"),
    ([{"type": "carousel", "elements": [{"type": "card", "title": plain()}] * 11}], "1 to 10 items"),
]


def without_none(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: without_none(inside) for name, inside in value.items() if inside is not None}
    return [without_none(inside) for inside in value] if isinstance(value, list) else value


@pytest.mark.parametrize("blocks", WITHIN)
def test_what_slack_accepts(blocks: list[Payload]) -> None:
    assert check_blocks(without_none(blocks), MESSAGE) == []


@pytest.mark.parametrize(("blocks", "fault"), BEYOND)
def test_what_slack_refuses(blocks: list[Payload], fault: str) -> None:
    faults = check_blocks(blocks, MESSAGE)
    assert any(fault in each for each in faults), faults


def test_blocks_are_a_list_of_objects() -> None:
    wrong: list[Any] = [{}, "x", None, [None], ["x"], [{}], [{"type": ["section"]}]]
    assert all(check_blocks(blocks, MESSAGE) for blocks in wrong)


@pytest.mark.parametrize(
    "view",
    [
        modal(section()),
        modal(*[section()] * 100),
        modal(entry(typed(max_length=3_000, initial_value="x" * 3_000, multiline=True), optional=True, hint=plain(2_000))),
        modal(entry({"type": "number_input", "is_decimal_allowed": False, "min_value": "1", "max_value": "9"})),
        modal(entry({"type": "radio_buttons", "options": [option(str(number)) for number in range(10)]})),
        modal(
            entry({"type": "conversations_select", "default_to_current_conversation": True, "filter": {"include": ["public"]}})
        ),
        modal(entry({"type": "file_input", "filetypes": ["abc"], "max_files": 10})),
        modal(section(), private_metadata="x" * 3_000, callback_id="c" * 255, title=plain(24), close=plain(24)),
        {"type": "home", "blocks": [section()] * 100},
    ],
)
def test_views_that_slack_accepts(view: Payload) -> None:
    assert check_view(view) == []


@pytest.mark.parametrize(
    ("view", "fault"),
    [
        (modal(*[section()] * 101), "0 to 100 items"),
        (modal(title=plain(25)), "less than 25"),
        (modal(submit=plain(25)), "less than 25"),
        (modal(close={"type": "mrkdwn", "text": "x"}), "unsupported type: mrkdwn"),
        (modal(private_metadata="x" * 3_001), "less than 3001"),
        (modal(callback_id="x" * 256), "less than 256"),
        (modal(colour="red"), "colour is unknown"),
        ({"type": "modal", "blocks": []}, "missing required field: title"),
        ({"type": "modal", "title": plain(), "blocks": [entry(typed())]}, "needs submit"),
        ({"type": "home", "blocks": [], "submit": plain()}, "submit is unknown"),
        ({"type": "panel", "blocks": []}, "unsupported type: panel"),
        (modal({"type": "markdown", "text": "x"}), "not allowed in a modal"),
        ({"type": "home", "blocks": [{"type": "table", "rows": [[{"type": "raw_text", "text": "x"}]]}]}, "not allowed in a home"),
        ({"type": "home", "blocks": [entry({"type": "file_input"})]}, "file_input is allowed in modals only"),
        (modal(entry(typed(max_length=3_001))), "from 1 to 3000"),
        (modal(entry(typed(max_length=3, initial_value="long"))), "fit max_length"),
        (modal(entry(typed(), label=plain(2_001))), "less than 2001"),
        (modal(entry(button())), "unsupported type: button"),
        (modal(entry(typed(focus_on_load=True)), entry(typed(focus_on_load=True))), "focus_on_load"),
        (modal(entry({"type": "checkboxes", "options": [option(str(number)) for number in range(11)]})), "1 to 10 items"),
        (modal(entry({"type": "number_input"})), "missing required field: is_decimal_allowed"),
    ],
)
def test_views_that_slack_refuses(view: Payload, fault: str) -> None:
    faults = check_view(view)
    assert any(fault in each for each in faults), faults


def test_inputs_may_be_in_messages_and_homes() -> None:
    assert (
        check_blocks([entry(typed())], MESSAGE) == check_blocks([entry(typed())], HOME) == check_blocks([section()], MODAL) == []
    )


def test_options_in_groups_are_found() -> None:
    assert options_of({"option_groups": [{"options": [option("a")]}, {"options": [option("b")]}]}) == [option("a"), option("b")]
