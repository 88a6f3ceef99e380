"""Requests derived from a finished tune: again, vary, continue, second part, another instrument; and from a set: again.

Each function returns the request and the id of its parent. All but `again` raise RequestError if the tune can't be used for
that, and ValueError if it isn't finished.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from generator.notation.errors import NotationError
from generator.notation.metres import Metre, rhythm_named
from generator.notation.reader import read
from generator.notation.structure import sections
from generator.notation.writer import write
from generator.request import DEFAULT_STRENGTH, RequestError, TuneRequest
from generator.sets import requests_of_set
from storage.tunes import Composition, Tune


def again(tune: Tune) -> tuple[TuneRequest, str | None]:
    """The same request with a new seed. The new tune is a sibling: it has the same parent."""
    return tune.request.again(), tune.parent_id


def vary(tune: Tune, strength: int = DEFAULT_STRENGTH) -> tuple[TuneRequest, str | None]:
    """A variation of the whole tune in the same rhythm, key and metre."""
    return _derived(tune, mode="vary", strength=strength), tune.id


def continue_tune(tune: Tune) -> tuple[TuneRequest, str | None]:
    """The whole tune, unchanged, with at least one new part after it."""
    return _derived(tune, mode="continue"), tune.id


def second_part(tune: Tune) -> tuple[TuneRequest, str | None]:
    """The tune's first part with a new second part; its other parts are dropped."""
    return _derived(tune, mode="second part", opening=_first_part(_composition(tune).abc)), tune.id


def play_on(tune: Tune, instrument: str, *, backing: bool) -> tuple[TuneRequest, str | None]:
    """The same notes on another instrument ("": the rhythm's default), with or without backing."""
    request = TuneRequest(
        seed=tune.request.seed,
        opening=_composition(tune).abc,
        mode="play",
        instrument=instrument,
        backing=backing,
        times=tune.request.times,
    )
    return TuneRequest.check(**request.as_dict()), tune.id


def finished_form(tune: Tune) -> dict[str, str]:
    """The rhythm, key and metre of the finished tune as request values; "" for a rhythm that can't be requested.

    A tune that somebody wrote can have any rhythm name, and a jig can be written in 4/4.
    """
    composition = _composition(tune)
    rhythm, metre = rhythm_named(composition.rhythm), Metre.parse(composition.metre) if composition.metre else None
    fits = rhythm and metre and rhythm.fits(metre)
    return {"rhythm": rhythm.name if rhythm and fits else "", "key": composition.key, "metre": composition.metre}


def _derived(tune: Tune, **changes: Any) -> TuneRequest:
    values = tune.request.again().as_dict() | finished_form(tune)
    return TuneRequest.check(**values | {"opening": _composition(tune).abc, "title": "", "keep": ""} | changes)


def _composition(tune: Tune) -> Composition:
    if tune.composition is None:
        raise ValueError(f"Tune {tune.id} is not finished.")
    return tune.composition


def _first_part(abc: str) -> str:
    """The tune's first part, with its pick-up if there is one. Raises RequestError."""
    try:
        score = read(abc)
    except NotationError as error:
        raise RequestError("opening", error.reason) from None
    (_, end), *others = sections(score.bars)
    if others and end == 1 and score.metre and score.bars[0].duration < score.metre.bar:  # the first section is the pick-up
        end = others[0][1]
    return write(replace(score, bars=score.bars[:end], order=""))


# What buttons under a tune are called on every platform, and what they request.
ACTIONS: Mapping[str, Callable[[Tune], tuple[TuneRequest, str | None]]] = {
    "again": again,
    "vary-little": lambda tune: vary(tune, 1),
    "vary": vary,
    "vary-lot": lambda tune: vary(tune, 3),
    "continue": continue_tune,
    "second-part": second_part,
}


def set_again(tunes: Sequence[Tune]) -> list[TuneRequest]:
    """The same requests with new seeds: a set that starts in the same key, or as many tunes for one request."""
    first = tunes[0].request.again()
    return first.in_a_row(len(tunes)) if is_one_request(tunes) else requests_of_set(first, len(tunes))


def are_one_request(requests: Sequence[TuneRequest]) -> bool:
    """Whether requests differ only in the seed: several tunes to choose from, rather than a set."""
    return len({replace(request, seed=0) for request in requests}) == 1


def is_one_request(tunes: Sequence[Tune]) -> bool:
    """Whether tunes that were requested together are several for the same request, rather than a set.

    The reply says it, because one tune that is left does not tell. If it was not stored, the requests tell.
    """
    stored = tunes[0].origin.reply.get("one_request")
    return are_one_request([tune.request for tune in tunes]) if stored is None else bool(stored)
