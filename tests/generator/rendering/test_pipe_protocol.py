"""The pipe protocol: messages keep their templates, and a process that was taken over cannot abuse them."""

import io
import json
from typing import Any

import pytest

from generator.rendering.pipe_protocol import Outcome, receive_outcome, send, send_outcome
from generator.rendering.result import NoRoomToRender, Recording, RendererFault, RenderingError, Sheet
from generator.user_messages import AllOf, UserMessage

MESSAGE = UserMessage(
    "The tune would play for {time}; I play at most {most} s. Shorten it.",
    time=UserMessage("{n:,} hour", "{n:,} hours", n=20_000),
    most=180,
)


def _received(*frames: bytes) -> Outcome:
    stream = io.BytesIO()
    send(stream, *frames)
    stream.seek(0)
    return receive_outcome(stream)


def _sent(outcome: Outcome) -> Outcome:
    stream = io.BytesIO()
    send_outcome(stream, outcome)
    stream.seek(0)
    return receive_outcome(stream)


@pytest.mark.parametrize("kind", [RenderingError, RendererFault, NoRoomToRender])
def test_an_error_keeps_its_kind_and_its_message_with_template_and_values(kind: type[RenderingError]) -> None:
    received = _sent(kind(MESSAGE))
    assert type(received) is kind
    assert isinstance(received.message, UserMessage)
    assert received.message == MESSAGE
    assert received.message.as_dict() == MESSAGE.as_dict()


def test_a_fault_in_plain_text_stays_as_it_is() -> None:
    received = _sent(RendererFault("No font at {path}."))
    assert isinstance(received, RendererFault)
    assert str(received) == received.message == "No font at {path}."


def test_a_sheet_and_a_recording_keep_their_files_and_notices() -> None:
    notice = UserMessage("The sheet has no sign for {names}.", names=AllOf(["!a!", "!{b}!"]))
    sheet = Sheet(b"xml", b"png", b"svg", b"narrow", notices=(notice,))
    for sent in (sheet, Recording(b"midi", b"mp3", b"{}", notices=(notice,), duration_ms=1234)):
        received = _sent(sent)
        assert isinstance(received, Sheet | Recording)
        assert received == sent
        assert received.notices[0].as_dict() == notice.as_dict()


@pytest.mark.parametrize(
    "error",
    [
        {"text": "{m.from_dict.__globals__}", "values": {"m": {"text": "x"}}},
        {"text": "{m[0]}", "values": {"m": "secret"}},
        {"text": "{n:999999999}", "values": {"n": 1}},
        {"text": "{n!r}", "values": {"n": 1}},
        {"text": "{n:{m.values}}", "values": {"n": 1, "m": {"text": "x"}}},
        {"text": "{n}", "plural": "{n.real}", "values": {"n": 2}},
        {"text": "{m}", "values": {"m": {"text": "{n.real}", "values": {"n": 1}}}},
        {"text": "{m}", "values": {"m": {"all_of": [{"text": "{n.real}", "values": {"n": 1}}]}}},
        {"text": "{m}", "values": {"m": {"one_of": [{"all_of": [{"text": "{n.real}", "values": {"n": 1}}]}]}}},
        {"text": "{missing}", "values": {"n": 1}},
        {"text": "{", "values": {"n": 1}},
        {"text": 5},
        {},
        "text",
        None,
    ],
)
def test_a_message_that_is_malformed_or_reaches_into_its_values_is_refused(error: Any) -> None:
    with pytest.raises(ValueError):
        _received(json.dumps({"error": error, "type": "RenderingError"}).encode())


@pytest.mark.parametrize(
    "head", [[], 5, None, {}, {"error": {"text": "x"}}, {"notices": 5, "duration_ms": 1}, {"notices": [], "duration_ms": []}]
)
def test_a_malformed_head_is_refused(head: Any) -> None:
    with pytest.raises(ValueError):
        _received(json.dumps(head).encode())


def test_deeply_nested_json_is_refused() -> None:
    with pytest.raises(ValueError):
        _received(b'{"error": ' + b"[" * 100_000 + b"]" * 100_000 + b"}")
