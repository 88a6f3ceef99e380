"""The desk on a real database: accepted, refused and cancelled requests."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.core.desk import Desk, DeskError
from generator.user_messages import UserError
from storage import Storage, Viewer
from tests.bot.core.conftest import ABC, ANN, COMPOSITION, following, in_guild, origin, tune_request


async def test_an_event_is_accepted_once(desk: Desk, storage: Storage) -> None:
    first = await desk.submit(tune_request(), origin("1"))
    assert await desk.submit(tune_request(seed=8), origin("1")) == first
    assert [tune.id for tune in await storage.undelivered("discord")] == [first.id]


async def test_a_third_unfinished_tune_of_a_user_is_refused(desk: Desk, storage: Storage) -> None:
    first = await desk.submit(tune_request(), origin("1"))
    await desk.submit(tune_request(), origin("2"))
    with pytest.raises(UserError, match=r"2 unfinished tunes.*\.$"):
        await desk.submit(tune_request(), origin("3"))
    await desk.submit(tune_request(), origin("4", user_id="bob"))
    await storage.fail(first.id, "It broke.")
    await desk.submit(tune_request(), origin("5"))


async def test_text_that_cannot_be_stored_is_refused(desk: Desk) -> None:
    with pytest.raises(UserError, match="again without them"):
        await desk.submit(replace(tune_request(), title="nul \0"), origin("1"))


async def test_tunes_are_requested_in_the_chosen_channels_and_their_threads(desk: Desk, storage: Storage) -> None:
    await storage.preferences.change_community(ANN, channels=["1", "22"])
    for refused in (
        desk.submit(tune_request(), in_guild("1", channel_id="3")),
        desk.submit(tune_request(), in_guild("2", channel_id="3"), parent_channel_id="4"),
        desk.submit_set(tune_request().in_a_row(2), in_guild("3", channel_id="3")),
    ):
        with pytest.raises(DeskError, match=r"^I make tunes in <#1>, <#22> here\. Please ask there\.$"):
            await refused
    assert await storage.undelivered("discord") == []
    await desk.submit(tune_request(), in_guild("4", channel_id="22"))
    await desk.submit(tune_request(), in_guild("5", channel_id="3", user_id="bob"), parent_channel_id="1")
    await desk.submit(tune_request(), origin("6", user_id="cat"))  # in direct messages


async def test_many_channels_are_not_all_named(desk: Desk, storage: Storage) -> None:
    await storage.preferences.change_community(ANN, channels=[str(10**18 + number) for number in range(100)])
    with pytest.raises(DeskError, match=r"<#1000000000000000009> and other channels here\. Please ask there\.$") as refusal:
        await desk.submit(tune_request(), in_guild("1"))
    assert len(str(refusal.value)) < 500


async def test_the_lower_limit_of_server_and_host_applies(desk: Desk, storage: Storage) -> None:
    await storage.preferences.change_community(ANN, open_requests=1)
    await desk.submit(tune_request(), in_guild("1"))
    with pytest.raises(UserError, match=r"^You have 1 unfinished tune\. Please wait until it is finished\.$"):
        await desk.submit(tune_request(), in_guild("2"))
    await storage.preferences.change_community(ANN, open_requests=50)
    await desk.submit(tune_request(), in_guild("2"))
    with pytest.raises(UserError, match=r"^You have 2 unfinished tunes\. Please wait until one of them is finished\.$"):
        await desk.submit(tune_request(), in_guild("3"))


async def test_every_tune_of_a_set_counts_towards_the_limit(desk: Desk) -> None:
    with pytest.raises(UserError, match=r"a set of 3 is more than that\.$"):
        await desk.submit_set(tune_request().in_a_row(3), origin("1"))
    tunes = await desk.submit_set(tune_request().in_a_row(2), origin("1"))
    assert await desk.submit_set(tune_request().in_a_row(2), origin("1")) == tunes


async def test_only_the_owner_cancels_a_tune(desk: Desk, storage: Storage) -> None:
    tune = await desk.submit(tune_request(), origin("1"))
    for other in (Viewer("discord", "bob", "guild"), Viewer("web", "ann"), Viewer("discord", "", "guild")):
        with pytest.raises(DeskError, match="Only the person who requested"):
            await desk.cancel(tune.id, other)
    async with following(desk, tune.id) as follower:
        assert await desk.cancel(tune.id, ANN) == [tune]
        await follower
    assert await storage.tune(tune.id) is None
    with pytest.raises(DeskError, match="no longer exists"):
        await desk.cancel(tune.id, ANN)


async def test_a_finished_tune_cannot_be_cancelled(desk: Desk, storage: Storage) -> None:
    tune = await desk.submit(tune_request(), origin("1"))
    await storage.finish(tune.id, COMPOSITION, {})
    with pytest.raises(DeskError, match="already finished"):
        await desk.cancel(tune.id, ANN)
    assert await storage.tune(tune.id) is not None


async def test_cancelling_one_tune_of_a_set_cancels_the_set(desk: Desk, storage: Storage) -> None:
    first, second = await desk.submit_set(tune_request().in_a_row(2), origin("1"))
    await storage.finish(first.id, COMPOSITION, {"tune.abc": ("text/vnd.abc", ABC.encode())})
    assert [tune.id for tune in await desk.cancel(second.id, ANN)] == [first.id, second.id]
    assert await storage.set_of(first.id) == []
