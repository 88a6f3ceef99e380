"""The gallery: who sees which tunes, and in which order, pages and searches."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from generator.request import RequestError
from storage import PUBLIC, Order, Origin, Page, Search, Storage, Viewer, tune_lists
from storage.like_periods import count_out_old_likes
from tests.storage.examples import COMPOSITION, execute, request
from tests.storage.test_storage import ODD_IDS

ANN = Viewer("discord", "ann", "guild")
GUILD = Viewer("discord", "", "guild")
ELSEWHERE = Viewer("discord", "eve", "elsewhere")
# None of these is Ann or in her server, although some of the ids are similar.
STRANGERS = [
    PUBLIC,
    ELSEWHERE,
    Viewer("discord"),
    Viewer("web", "ann", "guild"),
    Viewer("", "ann", "guild"),
    Viewer("discord", "", "guil_"),
    Viewer("discord", "guild", "ann"),
]


async def add_finished(
    storage: Storage,
    event: str,
    *,
    user_id: str = "ann",
    community_id: str = "guild",
    parent_id: str | None = None,
    share: bool = False,
    **values: Any,
) -> str:
    tune = await storage.add(request(), Origin("discord", event, user_id, "channel", community_id), parent_id=parent_id)
    await storage.finish(tune.id, replace(COMPOSITION, title=values.pop("title", event), **values), {})
    if share:
        await storage.sharing.share(tune.id, Viewer("discord", user_id, community_id))
    return tune.id


def ids(page: Page) -> list[str]:
    return [tune.id for tune in page.tunes]


async def ids_of_all_pages(read_page: Callable[[str], Awaitable[Page]]) -> list[str]:
    """The ids of all pages. Each page is read with the cursor from the one before."""
    page = await read_page("")
    found = ids(page)
    while page.next:
        assert len(page.next) <= 40
        page = await read_page(page.next)
        assert page.tunes
        found += ids(page)
    return found


async def _shared(storage: Storage, order: Order, limit: int, cursor: str) -> Page:
    return await storage.gallery.shared(order=order, limit=limit, after=cursor)


async def like(storage: Storage, url: str, tune_id: str, people: int, days_ago: int = 0) -> None:
    for number in range(people):
        name = f"{days_ago} {number}"
        await storage.sharing.like(tune_id, Viewer("discord", name, "guild"))
        execute(url, f"UPDATE likes SET liked_at = now() - interval '{days_ago} days' WHERE user_id = '{name}'")
    await count_out_old_likes(storage.database)


async def test_a_private_tune_is_visible_in_its_server_and_to_its_owner(storage: Storage) -> None:
    tune_id = await add_finished(storage, "1")
    for viewer in (
        GUILD,
        ANN,
        Viewer("discord", "ben", "guild"),
        Viewer("discord", "ann"),
        Viewer("discord", "ann", "elsewhere"),
    ):
        tune = await storage.gallery.visible_tune(tune_id, viewer)
        assert tune is not None and tune.id == tune_id
    for viewer in STRANGERS:
        assert await storage.gallery.visible_tune(tune_id, viewer) is None


async def test_a_shared_tune_is_visible_to_everybody_until_it_is_unshared(storage: Storage) -> None:
    tune_id = await add_finished(storage, "1", share=True)
    for viewer in STRANGERS:
        assert await storage.gallery.visible_tune(tune_id, viewer) == await storage.tune(tune_id)
    await storage.sharing.unshare(tune_id, ANN)
    for viewer in STRANGERS:
        assert await storage.gallery.visible_tune(tune_id, viewer) is None


async def test_a_private_tune_from_outside_a_server_is_visible_only_to_its_owner(storage: Storage) -> None:
    tune_id = await add_finished(storage, "1", community_id="")
    of_unknown_user = await add_finished(storage, "2", community_id="", user_id="")
    for viewer in (*STRANGERS, GUILD):
        assert await storage.gallery.visible_tune(tune_id, viewer) is None
        assert await storage.gallery.visible_tune(of_unknown_user, viewer) is None
    assert await storage.gallery.visible_tune(tune_id, Viewer("discord", "ann")) is not None


async def test_an_unfinished_or_failed_tune_is_not_visible(storage: Storage) -> None:
    tune = await storage.add(request(), Origin("discord", "1", "ann", community_id="guild"))
    assert await storage.gallery.visible_tune(tune.id, ANN) is None
    await storage.fail(tune.id, "No.")
    assert await storage.gallery.visible_tune(tune.id, ANN) is None


@pytest.mark.parametrize("tune_id", [*ODD_IDS, "0123456789ab"])
async def test_an_unknown_tune_id_shows_nothing(storage: Storage, tune_id: str) -> None:
    await add_finished(storage, "1", share=True)
    assert await storage.gallery.visible_tune(tune_id, ANN) is None
    with pytest.raises(KeyError):
        await storage.gallery.family(tune_id, ANN)


@pytest.mark.parametrize("order", Order)
async def test_the_gallery_contains_only_shared_tunes(storage: Storage, url: str, order: Order) -> None:
    private, shared = await add_finished(storage, "1"), await add_finished(storage, "2", share=True)
    unshared = await add_finished(storage, "3", share=True)
    for tune_id in (private, shared, unshared):
        await like(storage, url, tune_id, 1)
    await storage.sharing.unshare(unshared, ANN)
    for viewer in (PUBLIC, ANN, GUILD, Viewer("discord", "ann")):
        assert ids(await storage.gallery.shared(viewer, order=order)) == [shared]
    assert shared in {tune.id for tune in (await storage.gallery.shared(Viewer("web", "ann"), order=order)).tunes}


@pytest.mark.parametrize("order", Order)
async def test_the_gallery_of_a_server_contains_the_tunes_shared_from_it(storage: Storage, url: str, order: Order) -> None:
    here = await add_finished(storage, "1", share=True)
    there = await add_finished(storage, "2", user_id="eve", community_id="elsewhere", share=True)
    moved = await add_finished(storage, "3", community_id="elsewhere")
    await storage.sharing.share(moved, ANN)  # made in one server, shared from another
    direct = await add_finished(storage, "4", community_id="", share=True)
    for tune_id in (here, there, moved, direct):
        await like(storage, url, tune_id, 1)
    assert ids(await storage.gallery.shared(GUILD, order=order)) == [moved, here]
    assert ids(await storage.gallery.shared(ELSEWHERE, order=order)) == [there]
    assert ids(await storage.gallery.shared(Viewer("web", "", "guild"), order=order)) == []
    assert ids(await storage.gallery.shared(PUBLIC, order=order)) == [direct, moved, there, here]


async def test_the_newest_tunes_are_those_that_were_shared_last(storage: Storage) -> None:
    tunes = [await add_finished(storage, str(event)) for event in range(3)]
    for index in (1, 0, 2):
        await storage.sharing.share(tunes[index], ANN)
    assert ids(await storage.gallery.shared()) == [tunes[2], tunes[0], tunes[1]]


async def test_the_most_liked_tunes_are_ranked_by_likes_of_the_week_the_month_or_all_time(storage: Storage, url: str) -> None:
    names = ("this week", "this month", "long ago", "never")
    week, month, ever, never = [await add_finished(storage, name, share=True) for name in names]
    await like(storage, url, week, 2)
    await like(storage, url, month, 1)
    await like(storage, url, month, 3, days_ago=8)
    await like(storage, url, ever, 5, days_ago=31)
    found = {order: await storage.gallery.shared(order=order) for order in Order}
    assert (ids(found[Order.WEEK]), found[Order.WEEK].likes) == ([week, month], [2, 1])
    assert (ids(found[Order.MONTH]), found[Order.MONTH].likes) == ([month, week], [4, 2])
    assert (ids(found[Order.EVER]), found[Order.EVER].likes) == ([ever, month, week], [5, 4, 2])
    assert (ids(found[Order.NEWEST]), found[Order.NEWEST].likes) == ([never, ever, month, week], [0, 5, 4, 2])


@pytest.mark.parametrize("order", Order)
async def test_pages_contain_every_tune_once_even_if_they_sort_equally(storage: Storage, url: str, order: Order) -> None:
    for event in range(7):
        await like(storage, url, await add_finished(storage, str(event), share=True), 1 + event % 2)
    execute(url, "UPDATE tunes SET shared_at = shared_at + interval '1 microsecond' WHERE title = '3'")
    execute(url, "UPDATE tunes SET shared_at = (SELECT max(shared_at) FROM tunes) WHERE title IN ('1', '2', '5')")
    whole = ids(await storage.gallery.shared(order=order))
    assert len(set(whole)) == 7
    for limit in (1, 2, 3, 7):
        assert whole == await ids_of_all_pages(partial(_shared, storage, order, limit))


@pytest.mark.parametrize("order", Order)
async def test_paging_back_gives_the_same_pages(storage: Storage, url: str, order: Order) -> None:
    for event in range(7):
        await like(storage, url, await add_finished(storage, str(event), share=True), 1 + event % 2)
    execute(url, "UPDATE tunes SET shared_at = (SELECT max(shared_at) FROM tunes) WHERE title IN ('1', '2', '5')")
    pages = [await storage.gallery.shared(order=order, limit=2)]
    assert pages[0].previous == ""
    while pages[-1].next:
        pages.append(await storage.gallery.shared(order=order, limit=2, after=pages[-1].next))
    assert [len(page.tunes) for page in pages] == [2, 2, 2, 1]
    back = pages[-1]
    for page in pages[-2::-1]:
        assert 0 < len(back.previous) <= 40
        back = await storage.gallery.shared(order=order, limit=2, before=back.previous)
        assert (ids(back), back.next, back.previous) == (ids(page), page.next, page.previous)


async def test_the_first_page_is_full_and_up_to_date_after_paging_back(storage: Storage) -> None:
    tunes = [await add_finished(storage, str(event), share=True) for event in range(3)]
    first = await storage.gallery.shared(limit=2)
    second = await storage.gallery.shared(limit=2, after=first.next)
    await storage.sharing.unshare(tunes[2], ANN)
    new = await add_finished(storage, "new", share=True)
    back = await storage.gallery.shared(limit=2, before=second.previous)
    assert (ids(back), back.previous) == ([new, tunes[1]], "")
    mine = await storage.gallery.mine(ANN, limit=2, after=(await storage.gallery.mine(ANN, limit=2)).next)
    assert ids(await storage.gallery.mine(ANN, limit=2, before=mine.previous)) == [new, tunes[2]]


async def test_own_and_shared_returns_the_users_tunes_and_those_shared_from_their_server(storage: Storage) -> None:
    own = await add_finished(storage, "own")
    abroad = await add_finished(storage, "abroad", community_id="elsewhere")
    by_ben = await add_finished(storage, "ben's", user_id="ben", share=True)
    private = await add_finished(storage, "private", user_id="ben")
    by_eve = await add_finished(storage, "eve's", user_id="eve", community_id="elsewhere", share=True)

    async def own_and_shared(viewer: Viewer, **options: Any) -> list[str]:
        return [tune.id for tune in await storage.gallery.own_and_shared(viewer, **options)]

    assert await own_and_shared(ANN) == [by_ben, abroad, own]
    assert await own_and_shared(ANN, limit=1, search=Search(title="A")) == [abroad]
    assert await own_and_shared(GUILD) == [by_ben]
    assert await own_and_shared(Viewer("discord", "ann")) == [by_eve, by_ben, abroad, own]
    assert private in await own_and_shared(Viewer("discord", "ben", "elsewhere"))


async def test_sharing_and_deleting_do_not_shift_the_next_page(storage: Storage) -> None:
    tunes = [await add_finished(storage, str(event), share=True) for event in range(5)]
    first = await storage.gallery.shared(limit=2)
    assert ids(first) == [tunes[4], tunes[3]]
    await add_finished(storage, "new", share=True)
    await storage.sharing.delete(tunes[3], ANN)
    assert ids(await storage.gallery.shared(limit=2, after=first.next)) == [tunes[2], tunes[1]]


@pytest.mark.parametrize("cursor", ["x", "1_2", "1_2_3", "-1_2_0123456789ab", "1_2_0123456789ab\n", "\0", "\ud800", "1" * 99_999])
async def test_an_invalid_cursor_is_refused_with_a_message(storage: Storage, cursor: str) -> None:
    for query in (storage.gallery.shared, storage.gallery.mine):
        for direction in ("after", "before"):
            options: dict[str, Any] = {direction: cursor}
            with pytest.raises(ValueError, match="start again"):
                await query(ANN, **options)


async def test_the_largest_and_the_smallest_cursor_are_valid(storage: Storage) -> None:
    tune_id = await add_finished(storage, "1", share=True)
    assert ids(await storage.gallery.shared(after="9" * 9 + "_" + "9" * 16 + "_zzzzzzzzzzzz")) == [tune_id]
    assert ids(await storage.gallery.shared(after="0_0_000000000000")) == []


@pytest.mark.parametrize("limit", [-1, 0, 1, 10**9])
async def test_a_page_has_at_least_one_and_at_most_a_hundred_tunes(storage: Storage, url: str, limit: int) -> None:
    first = await add_finished(storage, "1", share=True)
    execute(
        url,
        f"""
        CREATE TEMP TABLE copies AS SELECT tunes FROM tunes WHERE id = '{first}';
        INSERT INTO tunes SELECT (jsonb_populate_record(tunes, jsonb_build_object(
            'id', lpad(number::text, 12, '0'), 'event_id', 'copy ' || number))).* FROM copies, generate_series(1, 120) AS number
        """,
    )
    assert len((await storage.gallery.shared(limit=limit)).tunes) == min(max(limit, 1), 100)


async def test_a_search_finds_words_of_the_title_in_any_case_and_order(storage: Storage) -> None:
    titles = ["The Humours of Ennis", "Ennis Market", "100 % Fun", "Ó Súilleabháin’s", "A_B"]
    tunes = {title: await add_finished(storage, title, share=True) for title in titles}

    async def titled(text: str) -> list[str]:
        return [tune.composition.title for tune in (await search(title=text)).tunes if tune.composition]

    async def search(**typed: str) -> Page:
        return await storage.gallery.shared(search=Search.check(**typed))

    assert await titled("ENNIS") == ["Ennis Market", "The Humours of Ennis"]
    assert await titled(" ennis   humours") == ["The Humours of Ennis"]
    assert await titled("%") == ["100 % Fun"]
    assert await titled("_") == ["A_B"]
    assert await titled("ó súil") == ["Ó Súilleabháin’s"]
    assert await titled("'; DROP TABLE tunes") == await titled("\\") == []
    assert len(await titled("\0\ud800")) == len(tunes)  # the text contains no readable character


async def test_a_search_finds_rhythms_keys_and_modes(storage: Storage) -> None:
    rhythms_and_keys = [("reel", "D"), ("jig", "Ador"), ("jig", "Em"), ("slip jig", "Edor"), ("reel", "F#m"), ("my own", "D ^g")]
    for rhythm, key in rhythms_and_keys:
        await add_finished(storage, f"{rhythm} {key}", share=True, rhythm=rhythm, key=key)

    async def keys(**typed: str) -> list[str]:
        page = await storage.gallery.shared(search=Search.check(**typed))
        return [tune.composition.key for tune in page.tunes if tune.composition]

    assert await keys(rhythm="Jigs") == ["Em", "Ador"]
    assert await keys(rhythm="hop jig") == ["Edor"]
    assert await keys(key="A Dorian") == ["Ador"]
    assert await keys(key="dorian") == ["Edor", "Ador"]
    assert await keys(key="any minor") == ["F#m", "Em"]
    assert await keys(key="major") == ["D"]
    assert await keys(rhythm="jig", key="Em", title="EM") == ["Em"]
    assert await keys(rhythm="reel", key="Em") == []


@pytest.mark.parametrize("order", Order)
async def test_a_search_finds_what_is_far_down_the_list(
    storage: Storage, url: str, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tune_lists, "LOOKED_THROUGH", 2)
    rare = [await add_finished(storage, f"Rare {event}", share=True, rhythm="jig") for event in range(3)]
    for tune_id in [*rare, *[await add_finished(storage, f"Tune {event}", share=True) for event in range(4)]]:
        await like(storage, url, tune_id, 1)
    for viewer in (PUBLIC, GUILD):
        for search in (
            Search(title="RARE"),
            Search(title="ra are"),
            Search(rhythm="jig"),
            Search(title="R", rhythm="jig", key="D"),
        ):
            shared = partial(storage.gallery.shared, viewer, order=order, search=search)
            pages = [await shared(limit=1)]
            while pages[-1].next:
                pages.append(await shared(limit=1, after=pages[-1].next))
            assert [tune_id for page in pages for tune_id in ids(page)] == rare[::-1]
            last = await shared(after=(await shared(limit=2)).next, limit=2)
            assert ids(await shared(before=last.previous, limit=2)) == rare[:0:-1]


async def test_a_search_for_an_unknown_rhythm_or_key_raises_a_request_error() -> None:
    for typed in ({"rhythm": "tango"}, {"key": "H"}):
        with pytest.raises(RequestError):
            Search.check(**typed)


async def test_a_search_finds_no_private_tunes_of_other_users(storage: Storage) -> None:
    await add_finished(storage, "The Private Reel")
    for viewer in (PUBLIC, ANN, GUILD):
        for search in (Search(title="private"), Search(rhythm="reel"), Search(key="D"), Search(key="major")):
            assert ids(await storage.gallery.shared(viewer, search=search)) == []
            if viewer is not ANN:
                assert ids(await storage.gallery.mine(viewer, search=search)) == []


async def test_mine_returns_the_users_finished_tunes_from_all_servers(storage: Storage) -> None:
    first = await add_finished(storage, "1")
    second = await add_finished(storage, "2", community_id="elsewhere", share=True)
    third = await add_finished(storage, "3", community_id="")
    await add_finished(storage, "4", user_id="ben", share=True)
    await add_finished(storage, "5", user_id="")
    await storage.add(request(), Origin("discord", "6", "ann", community_id="guild"))
    assert ids(await storage.gallery.mine(ANN)) == [third, second, first]
    assert await ids_of_all_pages(lambda cursor: storage.gallery.mine(ANN, after=cursor, limit=1)) == [third, second, first]
    assert ids(await storage.gallery.mine(ANN, search=Search(title="2"))) == [second]
    for viewer in (*STRANGERS, GUILD):
        assert ids(await storage.gallery.mine(viewer)) == []


async def test_a_family_contains_only_the_tunes_that_the_viewer_may_see(storage: Storage) -> None:
    parent_id = await add_finished(storage, "parent")
    tune_id = await add_finished(storage, "tune", parent_id=parent_id, share=True)
    private = await add_finished(storage, "private child", parent_id=tune_id)
    shared = await add_finished(storage, "shared child", parent_id=tune_id, share=True)
    foreign = await add_finished(storage, "child elsewhere", user_id="eve", community_id="elsewhere", parent_id=tune_id)
    await storage.add(request(), Origin("discord", "unfinished", "ann", community_id="guild"), parent_id=tune_id)

    async def family(viewer: Viewer) -> tuple[str | None, list[str]]:
        found = await storage.gallery.family(tune_id, viewer)
        return found.parent.id if found.parent else None, [child.id for child in found.children]

    assert await family(PUBLIC) == (None, [shared])
    assert await family(GUILD) == await family(ANN) == (parent_id, [private, shared])
    assert await family(ELSEWHERE) == (None, [shared, foreign])
    with pytest.raises(KeyError):
        await storage.gallery.family(parent_id, PUBLIC)
    alone = await storage.gallery.family(parent_id, GUILD)
    assert alone.parent is None and [child.id for child in alone.children] == [tune_id]


async def test_a_tunebook_is_one_text_with_numbered_tunes(storage: Storage) -> None:
    for event, share in (("one", True), ("two", False), ("three", True)):
        await add_finished(storage, event, share=share, abc=f"X:1\nT:{event}\nK:D\nX:B2|\n")
    await add_finished(storage, "four", user_id="eve", community_id="elsewhere", share=True, abc="X:7\nT:four\nK:G\nG2|")
    three, one = "X:1\nT:three\nK:D\nX:B2|\n", "X:2\nT:one\nK:D\nX:B2|\n"
    assert await storage.gallery.tunebook(GUILD) == f"{three}\n{one}"
    assert await storage.gallery.tunebook(ELSEWHERE) == "X:1\nT:four\nK:G\nG2|\n"
    assert (await storage.gallery.tunebook()).count("\nT:") == 3
    assert await storage.gallery.tunebook(search=Search(title="four")) == "X:1\nT:four\nK:G\nG2|\n"
    mine = await storage.gallery.tunebook(ANN, mine=True)
    assert [line for line in mine.splitlines() if line[:2] == "T:"] == ["T:three", "T:two", "T:one"]
    for viewer in (*STRANGERS, GUILD):
        if viewer is not ELSEWHERE:
            assert await storage.gallery.tunebook(viewer, mine=True) == ""
    assert await storage.gallery.tunebook(GUILD, order=Order.EVER) == ""
