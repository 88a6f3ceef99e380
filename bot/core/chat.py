"""What a message to the bot asks for: in ABC, in words and options, or both, alone or as a reply to a tune."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

from bot.core import abc_input, derive
from bot.core.caller import Caller
from bot.core.keys import key_in_same_mode
from bot.core.sessions import Turn, answer_parameters
from bot.core.submission import Derived
from bot.core.texts import common as texts
from bot.core.tune_access import is_opening_visible, visible_tune
from bot.core.typed_request import COUNT, typed_options
from bot.core.words import Words, words_in
from generator.notation.errors import NotationError
from generator.notation.keys import Key, mode_named
from generator.notation.metres import rhythm_named
from generator.request import RequestError, TuneRequest
from storage.storage import Storage
from storage.tunes import Tune

# Parameters with which a finished tune can be played again, and those with which a variation of it can be composed.
_PLAYING = {"tempo", "instrument", "backing", "times", "title"}
_VARYING = _PLAYING | {"temperature", "strength", "seed", "model", "without"}


@dataclass(frozen=True, slots=True)
class Message:
    """A message that addresses the bot. What it replies to is read only if it is needed."""

    text: str
    abc: str | None  # in the message or in a file that is attached to it
    by_name: bool  # it mentions the bot in its text, or is a direct message
    channel_id: str
    tune_id: str | None  # the tune or the set of ours that it replies to; a set has the id of its first tune
    find_turn: Callable[[], Awaitable[Turn | None]]  # of a session that it may continue or end
    quoted_abc: Callable[[], Awaitable[str | None]]  # in somebody else's message that it replies to


@dataclass(frozen=True, slots=True)
class Meaning:
    """A request, the end of a session, or neither."""

    request: TuneRequest | None = None
    parent_id: str | None = None
    ended: Turn | None = None  # the last turn of a session that the person ends


async def understand(message: Message, caller: Caller, storage: Storage) -> Meaning:
    """Raises UserError with the text to reply."""
    options, text = typed_options(message.text)
    options.pop(COUNT, None)
    abc = options.pop("opening", None) or message.abc or abc_input.abc_at_line_end(text)
    words = words_in(abc_input.words_around_abc(text))
    words = replace(words, parameters=words.parameters | options, is_request=words.is_request or bool(options))
    if abc:
        turn = await message.find_turn() if words.parameters.get("mode", "answer") == "answer" else None
        if turn is None:
            return Meaning(await caller.request(**{**words.parameters, "opening": abc}), message.tune_id)
        answer, parent_id = await answer_parameters(storage, caller.viewer, message.channel_id, turn, abc)
        return Meaning(await caller.request(**answer | words.parameters), parent_id)
    if words.stop and (turn := await message.find_turn()):
        return Meaning(ended=turn)
    if not (message.by_name or words.is_request or words.again):  # a reply to a tune may just be about it
        return Meaning()
    if message.tune_id is not None and (words.parameters or words.again):
        return Meaning(*await _derived_request(message, message.tune_id, words, caller, storage))
    return Meaning(await _request_in_words(words, await message.quoted_abc(), caller))


async def _derived_request(message: Message, tune_id: str, words: Words, caller: Caller, storage: Storage) -> Derived:
    """The request that a reply to a tune makes from it. Raises RequestError."""
    tune = await visible_tune(storage, caller.viewer, message.channel_id, tune_id)
    if tune is None:
        raise RequestError("message", texts.TUNE_GONE)
    if words.again and not words.parameters:
        if not await is_opening_visible(storage, caller.viewer, message.channel_id, tune):
            raise RequestError("message", texts.OPENING_UNAVAILABLE)
        return derive.again(tune)
    request = await caller.request(**_derived_parameters(tune, words.parameters))
    if "model" not in words.parameters and request.mode != "play":
        request = replace(request, model=tune.request.model)
    return request, tune.id


async def _request_in_words(words: Words, quoted_abc: str | None, caller: Caller) -> TuneRequest | None:
    """The request of a message without ABC; None if it is not a request. Raises RequestError."""
    parameters = dict(words.parameters)
    if quoted_abc:
        parameters["opening"] = quoted_abc
    elif len(parameters) > 1 or words.again:
        parameters.pop("mode", None)  # “play me a reel” has no opening to play
    return await caller.request(**parameters) if parameters or words.is_request or words.again else None


def _derived_parameters(tune: Tune, typed: dict[str, Any]) -> dict[str, Any]:
    """The parameters of a reply such as “vary it”, “slower”, “on the flute”, “in D” (transpose) or “in D minor” (a new tune)."""
    made, before = tune.composition, tune.request
    assert made is not None
    playing = {
        "instrument": before.instrument or None,
        "backing": before.backing,
        "times": before.times,
        "without": before.without,
    }
    if typed.keys() - {"key"} <= _PLAYING and (key := _transposed_key(made.key, typed.get("key", ""))):
        return {**playing, "mode": "play", "opening": made.abc, **typed, "key": key}
    if typed.get("mode") == "play" and "without" in typed:  # nothing can be left out of a tune that is played as written
        typed = {**typed, "mode": "vary"}
    if "mode" in typed or typed.keys() <= _VARYING:
        mode = "play" if typed.keys() <= _PLAYING else "vary"
        return {**playing, "mode": mode, "opening": made.abc, **typed}
    rhythm = rhythm_named(made.rhythm)
    kept = {**playing, "rhythm": rhythm and rhythm.name, "key": made.key, "temperature": before.temperature}
    if "metre" in typed:
        del kept["rhythm"]
    return {**kept, "structure": before.structure, "tempo": before.tempo, **typed}


def _transposed_key(key: str, typed: str) -> str:
    """The typed key if the tune in `key` can be transposed to it: it has the same mode and another tonic. Empty for others."""
    if not typed or mode_named(typed):
        return ""
    try:
        own = Key.parse(key)
        wanted = Key.parse(key_in_same_mode(typed, own))
    except NotationError:
        return ""  # the check of the request explains it
    return wanted.abc if wanted.mode is own.mode and wanted.tonic != own.tonic else ""
