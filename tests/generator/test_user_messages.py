"""Messages keep their template and values: in memory, pickled, and stored as JSON."""

from __future__ import annotations

import json
import pickle
from fractions import Fraction

import pytest

from generator.notation.errors import NotationError
from generator.notation.keys import Mode
from generator.user_messages import AllOf, OneOf, UserMessage, message_as_dict

HOSTILE = "{0.__class__} {metre} {n} {{}} { } %s “\\u0000\n"

MESSAGES = {
    "no values": UserMessage("Only the first tune was read."),
    "braces without values": UserMessage("Write {3abc} or {}."),
    "text": UserMessage("I don't write in {metre}.", metre="5/8"),
    "hostile text": UserMessage("I don't write in {metre}.", metre=HOSTILE),
    "number": UserMessage("I read at most {most:,} bars.", most=2_000),
    "float": UserMessage("Not {value}.", value=2.5),
    "singular": UserMessage("{n} bar", "{n} bars", n=1),
    "plural": UserMessage("{n:,} bar", "{n:,} bars", n=1_234),
    "nested": UserMessage("{n} note in {key}", "{n} notes in {key}", n=2, key=UserMessage("{tonic} minor", tonic="A")),
    "nested twice": UserMessage("{a}!", a=UserMessage("{b}?", b=UserMessage("{c}", c=HOSTILE))),
    "choice": UserMessage("Try {names}.", names=OneOf(["D", UserMessage("jig"), UserMessage("{t} major", t="G")])),
    "list": UserMessage("without {things}", things=AllOf([UserMessage("rests"), HOSTILE])),
    "nothing": UserMessage("{tempo}", tempo=None),
    "names of parameters": UserMessage("{template} {plural} {self} {text}", template="a", plural="b", self="c", text="d"),
}


def pieces(value: object) -> object:
    """A message's template, plural and values, down to the innermost: messages compare equal by their text alone."""
    if isinstance(value, UserMessage):
        return value.template, value.plural, {name: pieces(inner) for name, inner in value.values.items()}
    if isinstance(value, OneOf | AllOf):
        return type(value), [pieces(inner) for inner in value]
    return value


@pytest.mark.parametrize("message", MESSAGES.values(), ids=MESSAGES.keys())
def test_a_message_is_stored_as_json_and_read_back(message: UserMessage) -> None:
    read_back = UserMessage.from_dict(json.loads(json.dumps(message.as_dict(), allow_nan=False)))
    assert read_back == message
    assert pieces(read_back) == pieces(message)


@pytest.mark.parametrize("message", MESSAGES.values(), ids=MESSAGES.keys())
def test_a_message_is_pickled_and_read_back(message: UserMessage) -> None:
    assert pieces(pickle.loads(pickle.dumps(message))) == pieces(message)


def test_the_stored_form_has_only_the_keys_that_are_needed() -> None:
    assert UserMessage("Only the first tune was read.").as_dict() == {"text": "Only the first tune was read."}
    assert UserMessage("{n} bar", "{n} bars", n=8).as_dict() == {"text": "{n} bar", "plural": "{n} bars", "values": {"n": 8}}
    nested = UserMessage("{key}: {names}", key=UserMessage("none"), names=OneOf(["D", UserMessage("G")]))
    assert nested.as_dict()["values"] == {"key": {"text": "none"}, "names": {"one_of": ["D", {"text": "G"}]}}


@pytest.mark.parametrize("value", [Fraction(1, 64), Mode.DORIAN, float("inf"), float("nan")])
def test_a_value_that_json_lacks_is_stored_as_its_text(value: object) -> None:
    message = UserMessage("a note of {length}", length=value)
    assert message.as_dict()["values"] == {"length": str(value)}
    assert UserMessage.from_dict(message.as_dict()) == message


@pytest.mark.parametrize("text", ["", "plain", HOSTILE])
def test_plain_text_is_stored_and_read_back_unchanged(text: str) -> None:
    stored = json.loads(json.dumps(message_as_dict(text)))
    assert stored == {"text": text}
    assert UserMessage.from_dict(stored) == text


def test_message_as_dict_keeps_the_values_of_a_message() -> None:
    message = MESSAGES["nested"]
    assert message_as_dict(message) == message.as_dict()


def test_the_message_of_an_error_is_stored_with_its_position() -> None:
    error = NotationError(UserMessage("“{text}” is not a key.", text="{H}"), line=3, column=1)
    read_back = UserMessage.from_dict(message_as_dict(error.message))
    assert read_back == "Line 3, column 1: “{H}” is not a key."
    assert read_back.values["message"].template == "“{text}” is not a key."
