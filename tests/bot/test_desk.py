"""The front desk on a real database: what is accepted, cancelled, and made of a tune."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot import desk as rules
from bot.desk import Desk, DeskError
from generator.notation.opening import read_opening
from generator.request import RequestError, TuneRequest
from storage import Storage, Tune, Viewer
from tests.bot.conftest import ABC, ANN, MADE, following, in_guild, origin, wish


async def test_an_event_is_accepted_once(desk: Desk, storage: Storage) -> None:
    first = await desk.submit(wish(), origin("1"))
    assert await desk.submit(wish(seed=8), origin("1")) == first
    assert [tune.id for tune in await storage.undelivered("discord")] == [first.id]


async def test_the_third_open_request_of_a_person_is_turned_down_in_a_sentence(desk: Desk, storage: Storage) -> None:
    first = await desk.submit(wish(), origin("1"))
    await desk.submit(wish(), origin("2"))
    with pytest.raises(DeskError, match=r"2 unfinished tunes.*\.$"):
        await desk.submit(wish(), origin("3"))
    await desk.submit(wish(), origin("4", user_id="bob"))
    await storage.fail(first.id, "It broke.")
    await desk.submit(wish(), origin("5"))


async def test_a_request_that_cannot_be_kept_is_turned_down_in_a_sentence(desk: Desk) -> None:
    with pytest.raises(DeskError, match="again without them"):
        await desk.submit(replace(wish(), title="nul \0"), origin("1"))


async def test_again_is_the_same_wish_with_another_seed_and_the_same_parent(desk: Desk, storage: Storage) -> None:
    parent = await desk.submit(wish(), origin("1"))
    tune = await desk.submit(wish(), origin("2"), parent_id=parent.id)
    request, of = rules.again(tune)
    assert of == parent.id
    assert request.seed != tune.request.seed
    assert replace(request, seed=7) == tune.request


async def test_a_variation_starts_from_the_whole_tune_as_it_was_composed(desk: Desk, storage: Storage) -> None:
    tune = await desk.submit(wish(), origin("1"))
    await storage.finish(tune.id, MADE, {})
    finished = await storage.tune(tune.id)
    assert finished is not None
    request, of = rules.vary(finished)
    assert of == tune.id
    assert request.seed != 7
    expected = TuneRequest(seed=7, rhythm="jig", key="Edor", metre="6/8", opening=ABC.strip(), temperature=0.7, mode="vary")
    assert replace(request, seed=7) == expected


async def test_a_tune_that_is_not_finished_cannot_be_varied(desk: Desk) -> None:
    tune = await desk.submit(wish(), origin("1"))
    with pytest.raises(ValueError, match="not finished"):
        rules.vary(tune)


async def test_a_tune_of_somebodys_own_may_be_played_and_varied_whatever_it_is_called(desk: Desk, storage: Storage) -> None:
    tune = await desk.submit(TuneRequest.check(opening=ABC, mode="play", seed=7), origin("1"))
    assert tune.request.mode == "play"
    await storage.finish(tune.id, replace(MADE, rhythm="my own reel", metre=""), {})
    finished = await storage.tune(tune.id)
    assert finished is not None
    again, _ = rules.again(finished)
    assert (again.mode, again.opening) == ("play", tune.request.opening)
    varied, of = rules.vary(finished)
    assert (varied.mode, varied.opening, varied.rhythm, varied.metre) == ("vary", ABC.strip(), None, None)
    assert of == tune.id


async def test_a_server_has_its_tunes_in_the_channels_it_chose_and_their_threads(desk: Desk, storage: Storage) -> None:
    await storage.preferences.change_community(ANN, channels=["1", "22"])
    for refused in (
        desk.submit(wish(), in_guild("1", channel_id="3")),
        desk.submit(wish(), in_guild("2", channel_id="3"), parent_channel_id="4"),
        desk.submit_set(wish().in_a_row(2), in_guild("3", channel_id="3")),
    ):
        with pytest.raises(DeskError, match=r"^Tunes are made in <#1>, <#22> here; please ask there\.$"):
            await refused
    assert await storage.undelivered("discord") == []
    await desk.submit(wish(), in_guild("4", channel_id="22"))
    await desk.submit(wish(), in_guild("5", channel_id="3", user_id="bob"), parent_channel_id="1")
    await desk.submit(wish(), origin("6", user_id="cat"))  # in direct messages


async def test_many_channels_are_not_all_named(desk: Desk, storage: Storage) -> None:
    await storage.preferences.change_community(ANN, channels=[str(10**18 + number) for number in range(100)])
    with pytest.raises(DeskError, match=r"<#1000000000000000009> and others here; please ask there\.$") as refusal:
        await desk.submit(wish(), in_guild("1"))
    assert len(str(refusal.value)) < 500


async def test_the_lower_of_the_servers_limit_and_the_hosts_holds(desk: Desk, storage: Storage) -> None:
    await storage.preferences.change_community(ANN, open_requests=1)
    await desk.submit(wish(), in_guild("1"))
    with pytest.raises(DeskError, match=r"^You have 1 unfinished tune; wait until it is finished\.$"):
        await desk.submit(wish(), in_guild("2"))
    await storage.preferences.change_community(ANN, open_requests=50)
    await desk.submit(wish(), in_guild("2"))
    with pytest.raises(DeskError, match=r"^You have 2 unfinished tunes; wait until one of them is finished\.$"):
        await desk.submit(wish(), in_guild("3"))


async def test_a_set_counts_as_its_tunes_to_the_limit(desk: Desk) -> None:
    with pytest.raises(DeskError, match=r"a set of 3 is more than that\.$"):
        await desk.submit_set(wish().in_a_row(3), origin("1"))
    tunes = await desk.submit_set(wish().in_a_row(2), origin("1"))
    assert await desk.submit_set(wish().in_a_row(2), origin("1")) == tunes


async def test_whoever_asked_cancels_their_tune_and_nobody_else(desk: Desk, storage: Storage) -> None:
    tune = await desk.submit(wish(), origin("1"))
    for other in (Viewer("discord", "bob", "guild"), Viewer("web", "ann"), Viewer("discord", "", "guild")):
        with pytest.raises(DeskError, match="Only whoever asked"):
            await desk.cancel(tune.id, other)
    async with following(desk, tune.id) as follower:
        assert await desk.cancel(tune.id, ANN) == [tune]
        await follower
    assert await storage.tune(tune.id) is None
    with pytest.raises(DeskError, match="no longer there"):
        await desk.cancel(tune.id, ANN)


async def test_what_is_over_cannot_be_cancelled(desk: Desk, storage: Storage) -> None:
    tune = await desk.submit(wish(), origin("1"))
    await storage.finish(tune.id, MADE, {})
    with pytest.raises(DeskError, match="finished already"):
        await desk.cancel(tune.id, ANN)
    assert await storage.tune(tune.id) is not None


async def test_a_set_is_cancelled_whole_by_any_of_its_tunes(desk: Desk, storage: Storage) -> None:
    first, second = await desk.submit_set(wish().in_a_row(2), origin("1"))
    await storage.finish(first.id, MADE, {"tune.abc": ("text/vnd.abc", ABC.encode())})
    assert [tune.id for tune in await desk.cancel(second.id, ANN)] == [first.id, second.id]
    assert await storage.set_of(first.id) == []


async def finished_tune(desk: Desk, storage: Storage, abc: str = ABC, **changes: Any) -> Tune:
    tune = await desk.submit(wish(), origin("1"))
    await storage.finish(tune.id, replace(MADE, abc=abc, **changes), {})
    finished = await storage.tune(tune.id)
    assert finished is not None
    return finished


async def test_a_tune_is_gone_on_from_as_a_whole_and_its_parent_is_named(desk: Desk, storage: Storage) -> None:
    tune = await finished_tune(desk, storage)
    request, of = rules.go_on(tune)
    assert (request.mode, request.opening, of) == ("continue", ABC.strip(), tune.id)
    assert (request.rhythm, request.key, request.metre, request.title) == ("jig", "Edor", "6/8", "")


@pytest.mark.parametrize("pick_up", ["", "B,|"], ids=["", "after a pick-up"])
async def test_a_second_part_is_written_to_the_first_part_alone(desk: Desk, storage: Storage, pick_up: str) -> None:
    tune = await finished_tune(desk, storage, ABC.replace("|:EFG", f"{pick_up}|:EFG"))
    request, of = rules.second_part(tune)
    assert (request.mode, of) == ("second part", tune.id)
    assert "BGE E3:|" in request.opening
    assert "gfe" not in request.opening
    assert read_opening(request.opening, mode="second part").title == "The Test"


async def test_the_same_tune_is_played_by_another_instrument(desk: Desk, storage: Storage) -> None:
    tune = await finished_tune(desk, storage)
    request, of = rules.play_by(tune, "flute", backing=False)
    assert (request.mode, request.instrument, request.backing, request.opening, of) == (
        "play",
        "flute",
        False,
        ABC.strip(),
        tune.id,
    )


async def test_what_cannot_be_made_of_a_tune_is_said_in_a_sentence(desk: Desk, storage: Storage) -> None:
    tune = await finished_tune(desk, storage, ABC.split("|BAG")[0] + ":|\n")
    with pytest.raises(RequestError, match="nothing to vary"):
        rules.vary(tune, 3)
    with pytest.raises(RequestError, match="4 bars at least"):
        rules.second_part(tune)
    with pytest.raises(RequestError, match="phrygian"):
        rules.go_on(replace(tune, composition=replace(MADE, key="Ephr")))
