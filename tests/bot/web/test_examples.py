"""The example tunes, and the tour after the first tune."""

from __future__ import annotations

import asyncio

import pytest

from bot.core.desk import Desk
from bot.web import make_app, serving
from bot.web.examples import Example, Examples, shipped
from generator.notation.reader import read
from generator.request import TuneRequest
from storage.storage import Storage
from storage.viewer import EXAMPLES
from tests.bot.web.conftest import Site, Visitor
from tests.patience import HANG_S


def test_six_examples_are_shipped_that_say_how_they_were_made() -> None:
    examples = shipped()
    assert len(examples) == len({example.title for example in examples}) == len({example.rhythm for example in examples}) == 6
    for example in examples:
        score = read(example.abc)
        assert not score.notices and score.title == example.title
        [made] = [value for name, value in score.fields if name == "N"]
        assert made.startswith("composed by the model ") and " with seed " in made
        TuneRequest.check(opening=example.abc, mode="play")


async def recorded(examples: Examples, count: int) -> list[Example]:
    """The examples once `count` of them are requested and recorded as far as they can be."""
    async with asyncio.timeout(HANG_S):
        while len(examples._ids) < count:
            await asyncio.sleep(0.01)
    return await examples.shown()


async def test_examples_are_requested_once_and_heard_by_everybody_but_are_not_in_the_gallery(storage: Storage) -> None:
    desk = Desk(storage, open_requests_per_person=3)
    app = make_app(storage=storage, desk=desk, examples=shipped()[:2])
    async with serving(app, "127.0.0.1", 0) as address:
        site = Site(address, storage, desk, app)
        async with site.new_visitor() as visitor:
            first = Examples(storage, shipped()[:2])
            [keeping] = [first.keep(app)]
            await anext(keeping)
            one, two = await recorded(first, 2)
            assert one.tune is two.tune is None
            assert "it is being recorded" in await (await visitor.get("/")).text()
            tune = await storage.tune(first._ids[0])
            assert tune is not None and tune.origin.platform == EXAMPLES and tune.request.mode == "play"
            assert (await visitor.get(f"/tunes/{tune.id}")).status == 404  # until it is recorded
            await site.finish(tune.id, bars=1, title=one.title, abc=one.abc, model="")
            page = await (await visitor.get("/")).text()
            assert f'src="/tunes/{tune.id}/files/tune.mp3"' in page and page.count("it is being recorded") == 1
            assert (await visitor.get(f"/tunes/{tune.id}/files/tune.mp3")).status == 200
            own_page = await (await visitor.get(f"/tunes/{tune.id}")).text()
            assert "composed by the model" in own_page and "/delete" not in own_page and "/share" not in own_page
            assert (await visitor.post(f"/tunes/{tune.id}/delete")).status == 403
            gallery = await (await visitor.get("/gallery")).text()
            assert f'href="/tunes/{tune.id}"' in gallery and "Nothing has been shared yet" in gallery
            assert (await (await visitor.get("/gallery.json")).json())["tunes"] == []
            assert one.title not in await (await visitor.get("/gallery?title=nothing")).text()
            await anext(keeping, None)


@pytest.mark.asyncio(loop_scope="session")
async def test_the_tour_is_shown_once_with_the_first_tune(site: Site, visitor: Visitor) -> None:
    tune_id = await visitor.compose()
    await site.finish(tune_id)
    assert "What next?" in await (await visitor.get(f"/tunes/{tune_id}")).text()
    assert (await visitor.post(f"/tunes/{tune_id}/tour")).headers["Location"] == f"/tunes/{tune_id}"
    assert "What next?" not in await (await visitor.get(f"/tunes/{tune_id}")).text()
    async with site.new_visitor() as other:
        ids = [await other.compose() for _ in range(2)]
        for each in ids:
            await site.finish(each)
        assert "What next?" not in await (await other.get(f"/tunes/{ids[1]}")).text()


@pytest.mark.asyncio(loop_scope="session")
async def test_continue_composes_another_part(site: Site, visitor: Visitor) -> None:
    tune_id = await visitor.compose()
    await site.finish(tune_id)
    answer = await visitor.post(f"/tunes/{tune_id}/continue")
    child = await site.storage.tune(answer.headers["Location"].removeprefix("/tunes/"))
    assert child is not None and child.parent_id == tune_id and child.request.mode == "continue"
    await site.finish(child.id, abc="X:1\nK:D\n|:")
    refused = await visitor.post(f"/tunes/{child.id}/continue")
    assert refused.status == 422 and 'role="alert"' in await refused.text()
