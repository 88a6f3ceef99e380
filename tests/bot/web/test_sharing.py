"""Liking, sharing, unsharing and deleting."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.bot.web.conftest import Site, Visitor

pytestmark = pytest.mark.asyncio(loop_scope="session")
JSON = {"Accept": "application/json"}


async def finished(site: Site, visitor: Visitor, **changes: Any) -> str:
    tune_id = await visitor.compose()
    await site.finish(tune_id, bars=1, **changes)
    return tune_id


async def shared(site: Site, visitor: Visitor, **changes: Any) -> str:
    tune_id = await finished(site, visitor, **changes)
    assert (await visitor.post(f"/tunes/{tune_id}/share")).status == 303
    return tune_id


async def page(visitor: Visitor, path: str) -> str:
    return await (await visitor.get(path)).text()


async def test_each_cookie_likes_once_and_a_second_press_removes_the_like(site: Site, visitor: Visitor) -> None:
    tune_id = await shared(site, visitor)
    async with site.new_visitor() as other:
        await other.get("/")
        for who, likes, liked in ((visitor, 1, True), (other, 2, True), (visitor, 1, False), (visitor, 2, True)):
            answer = await who.post(f"/tunes/{tune_id}/like", headers=JSON)
            body = await answer.json()
            assert (answer.status, body["likes"], body["liked"]) == (200, likes, liked)
    assert "<span data-likes>2</span>" in await page(visitor, f"/tunes/{tune_id}")


async def test_pressing_like_twice_before_the_page_loads_counts_once(site: Site, visitor: Visitor) -> None:
    tune_id = await shared(site, visitor)
    answers = await asyncio.gather(*(visitor.post(f"/tunes/{tune_id}/like", {"liked": "yes"}) for _ in range(4)))
    assert {(answer.status, answer.headers["Location"]) for answer in answers} == {(303, f"/tunes/{tune_id}")}
    before = await page(visitor, f"/tunes/{tune_id}")
    assert 'aria-pressed="true"' in before and '<input type="hidden" name="liked" value="no"' in before
    assert (await (await visitor.get(f"/tunes/{tune_id}.json")).json())["likes"] == 1
    for liked in (False, False, True):
        body = await (await visitor.post(f"/tunes/{tune_id}/like", json={"liked": liked}, headers=JSON)).json()
        assert (body["liked"], body["likes"]) == (liked, int(liked))


async def test_a_browser_without_cookies_cannot_like(site: Site, visitor: Visitor) -> None:
    tune_id = await shared(site, visitor)
    async with site.new_visitor(cookies=False) as nobody:
        answer = await nobody.post(f"/tunes/{tune_id}/like")
        assert answer.status == 403 and "keeps no cookie" in await answer.text()
    assert (await (await visitor.get(f"/tunes/{tune_id}.json")).json())["likes"] == 0


async def test_a_shared_tune_is_in_the_gallery_until_it_is_unshared(site: Site, visitor: Visitor) -> None:
    tune_id = await finished(site, visitor, title="Here and Gone")
    async with site.new_visitor() as stranger:
        for action, there in (("share", True), ("unshare", False), ("share", True)):
            answer = await visitor.post(f"/tunes/{tune_id}/{action}")
            assert (answer.status, answer.headers["Location"]) == (303, f"/tunes/{tune_id}")
            assert ("Here and Gone" in await page(stranger, "/gallery")) == there
            assert (await stranger.get(f"/tunes/{tune_id}")).status == (200 if there else 404)


async def test_only_the_owner_sees_the_buttons_to_share_and_delete(site: Site, visitor: Visitor) -> None:
    tune_id = await finished(site, visitor)
    private = await page(visitor, f"/tunes/{tune_id}")
    assert f"/tunes/{tune_id}/share" in private and "unshare" not in private and f"/tunes/{tune_id}/delete" in private
    await visitor.post(f"/tunes/{tune_id}/share")
    mine = await page(visitor, f"/tunes/{tune_id}")
    assert f"/tunes/{tune_id}/share" not in mine and f"/tunes/{tune_id}/unshare" in mine
    async with site.new_visitor() as stranger:
        theirs = await page(stranger, f"/tunes/{tune_id}")
        assert "unshare" not in theirs and "/delete" not in theirs and f"/tunes/{tune_id}/like" in theirs


async def test_a_stranger_cannot_share_unshare_or_delete(site: Site, visitor: Visitor) -> None:
    tune_id = await shared(site, visitor)
    async with site.new_visitor() as stranger:
        for action, words in (("share", "can share it"), ("unshare", "can unshare it"), ("delete", "can delete it")):
            answer = await stranger.post(f"/tunes/{tune_id}/{action}")
            assert answer.status == 403 and words in await answer.text()
            body = await (await stranger.post(f"/tunes/{tune_id}/{action}", headers=JSON)).json()
            assert words in body["error"]
    assert (await visitor.get(f"/tunes/{tune_id}")).status == 200


async def test_deleting_asks_for_confirmation(site: Site, visitor: Visitor) -> None:
    tune_id = await shared(site, visitor, title="Soon & Gone")
    question = await page(visitor, f"/tunes/{tune_id}/delete")
    assert "Delete Soon &amp; Gone?" in question and f'<form method="post" action="/tunes/{tune_id}/delete">' in question
    assert (await visitor.get(f"/tunes/{tune_id}")).status == 200
    answer = await visitor.post(f"/tunes/{tune_id}/delete")
    assert answer.status == 200 and "The tune and all its files are deleted" in await answer.text()
    for path in (f"/tunes/{tune_id}", f"/tunes/{tune_id}.json", f"/tunes/{tune_id}/files/tune.mp3", f"/tunes/{tune_id}/delete"):
        assert (await visitor.get(path)).status == 404
    assert (await visitor.post(f"/tunes/{tune_id}/delete")).status == 404
    assert await site.storage.tune(tune_id) is None


async def test_a_failed_or_unfinished_tune_can_be_deleted(site: Site, visitor: Visitor) -> None:
    waiting, failed = await visitor.compose(title="Waiting"), await visitor.compose()
    await site.storage.fail(failed, "No.")
    for tune_id in (waiting, failed):
        assert f"/tunes/{tune_id}/delete" in await page(visitor, f"/tunes/{tune_id}")
        assert "will not be composed" in await page(visitor, f"/tunes/{tune_id}/delete")
        assert (await visitor.post(f"/tunes/{tune_id}/delete")).status == 200
        assert (await visitor.get(f"/tunes/{tune_id}")).status == 404


async def test_the_progress_stream_ends_when_the_tune_is_deleted(site: Site, visitor: Visitor) -> None:
    tune_id = await visitor.compose()
    steps = []
    async for step in visitor.progress(tune_id):
        steps.append(step["status"])
        await visitor.post(f"/tunes/{tune_id}/delete")
    assert steps == ["queued"]


async def test_programs_share_unshare_and_delete_with_json(site: Site, visitor: Visitor) -> None:
    tune_id = await finished(site, visitor)
    for action in ("share", "unshare"):
        answer = await visitor.post(f"/tunes/{tune_id}/{action}", headers=JSON)
        body = await answer.json()
        state = await (await visitor.get(f"/tunes/{tune_id}.json")).json()
        assert answer.status == 200 and body["address"] == f"/tunes/{tune_id}"
        assert body["shared_at"] == state["shared_at"] and (body["shared_at"] is None) == (action == "unshare")
    body = await (await visitor.post(f"/tunes/{tune_id}/delete", headers=JSON)).json()
    assert body == {"id": tune_id, "deleted": True}


@pytest.mark.parametrize("action", ["like", "share", "unshare", "delete"])
async def test_other_sites_cannot_like_share_or_delete(site: Site, visitor: Visitor, action: str) -> None:
    tune_id = await finished(site, visitor)
    for headers in ({"Origin": "https://elsewhere.example"}, {"Sec-Fetch-Site": "cross-site"}):
        answer = await visitor.post(f"/tunes/{tune_id}/{action}", headers=headers)
        assert answer.status == 403 and "another site" in await answer.text()
    body = await (await visitor.get(f"/tunes/{tune_id}.json")).json()
    assert (body["likes"], body["shared_at"]) == (0, None)


async def test_each_form_renews_the_cookie_for_a_year(site: Site, visitor: Visitor) -> None:
    await visitor.get("/")
    user_id = visitor.cookies["user"]
    answer = await visitor.post("/tunes")
    assert f"user={user_id}" in answer.headers["Set-Cookie"] and "Max-Age=31536000" in answer.headers["Set-Cookie"]
    await visitor.post(answer.headers["Location"] + "/delete")
