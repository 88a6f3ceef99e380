"""Requests derived from a finished tune."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.core import derive
from bot.core.desk import Desk
from generator.notation.opening import read_opening
from generator.request import RequestError, TuneRequest
from storage import Storage, Tune
from tests.bot.core.conftest import ABC, COMPOSITION, origin, tune_request


async def test_again_is_the_same_request_with_a_new_seed_and_the_same_parent(desk: Desk, storage: Storage) -> None:
    parent = await desk.submit(tune_request(), origin("1"))
    tune = await desk.submit(tune_request(), origin("2"), parent_id=parent.id)
    request, parent_id = derive.again(tune)
    assert parent_id == parent.id
    assert request.seed != tune.request.seed
    assert replace(request, seed=7) == tune.request


async def test_a_variation_starts_from_the_whole_tune_as_it_was_composed(desk: Desk, storage: Storage) -> None:
    tune = await desk.submit(tune_request(), origin("1"))
    await storage.finish(tune.id, COMPOSITION, {})
    finished = await storage.tune(tune.id)
    assert finished is not None
    request, parent_id = derive.vary(finished)
    assert parent_id == tune.id
    assert request.seed != 7
    expected = TuneRequest(seed=7, rhythm="jig", key="Edor", metre="6/8", opening=ABC.strip(), temperature=0.7, mode="vary")
    assert replace(request, seed=7) == expected


async def test_what_is_derived_from_a_tune_of_kept_bars_keeps_none_but_another_like_it_does(desk: Desk, storage: Storage) -> None:
    kept = TuneRequest.check(opening=ABC, mode="vary", keep="1", seed=7)
    tune = await desk.submit(kept, origin("1"))
    await storage.finish(tune.id, COMPOSITION, {})
    finished = await storage.tune(tune.id)
    assert finished is not None and finished.request == kept
    assert derive.again(finished)[0].keep == "1"
    assert [derive.vary(finished)[0].keep, derive.continue_tune(finished)[0].keep] == ["", ""]


async def test_a_tune_that_is_not_finished_cannot_be_varied(desk: Desk) -> None:
    tune = await desk.submit(tune_request(), origin("1"))
    with pytest.raises(ValueError, match="not finished"):
        derive.vary(tune)


async def test_a_tune_with_an_unknown_rhythm_name_can_be_played_and_varied(desk: Desk, storage: Storage) -> None:
    tune = await desk.submit(TuneRequest.check(opening=ABC, mode="play", seed=7), origin("1"))
    assert tune.request.mode == "play"
    await storage.finish(tune.id, replace(COMPOSITION, rhythm="my own reel", metre=""), {})
    finished = await storage.tune(tune.id)
    assert finished is not None
    again, _ = derive.again(finished)
    assert (again.mode, again.opening) == ("play", tune.request.opening)
    varied, parent_id = derive.vary(finished)
    assert (varied.mode, varied.opening, varied.rhythm, varied.metre) == ("vary", ABC.strip(), None, None)
    assert parent_id == tune.id


async def finished_tune(desk: Desk, storage: Storage, abc: str = ABC, **changes: Any) -> Tune:
    tune = await desk.submit(tune_request(), origin("1"))
    await storage.finish(tune.id, replace(COMPOSITION, abc=abc, **changes), {})
    finished = await storage.tune(tune.id)
    assert finished is not None
    return finished


async def test_continuing_takes_the_whole_tune_and_names_its_parent(desk: Desk, storage: Storage) -> None:
    tune = await finished_tune(desk, storage)
    request, parent_id = derive.continue_tune(tune)
    assert (request.mode, request.opening, parent_id) == ("continue", ABC.strip(), tune.id)
    assert (request.rhythm, request.key, request.metre, request.title) == ("jig", "Edor", "6/8", "")


@pytest.mark.parametrize("pick_up", ["", "B,|"], ids=["", "after a pick-up"])
async def test_a_second_part_takes_only_the_first_part(desk: Desk, storage: Storage, pick_up: str) -> None:
    tune = await finished_tune(desk, storage, ABC.replace("|:EFG", f"{pick_up}|:EFG"))
    request, parent_id = derive.second_part(tune)
    assert (request.mode, parent_id) == ("second part", tune.id)
    assert "BGE E3:|" in request.opening
    assert "gfe" not in request.opening
    assert read_opening(request.opening, mode="second part").title == "The Test"


async def test_another_instrument_plays_the_same_notes(desk: Desk, storage: Storage) -> None:
    tune = await finished_tune(desk, storage)
    request, parent_id = derive.play_on(tune, "flute", backing=False)
    assert (request.mode, request.instrument, request.backing, request.opening, parent_id) == (
        "play",
        "flute",
        False,
        ABC.strip(),
        tune.id,
    )


async def test_a_tune_that_cannot_be_used_is_refused(desk: Desk, storage: Storage) -> None:
    tune = await finished_tune(desk, storage, ABC.split("|BAG")[0] + ":|\n")
    with pytest.raises(RequestError, match="nothing to vary"):
        derive.vary(tune, 3)
    with pytest.raises(RequestError, match="at least 4 bars"):
        derive.second_part(tune)
    with pytest.raises(RequestError, match="phrygian"):
        derive.continue_tune(replace(tune, composition=replace(COMPOSITION, key="Ephr")))
