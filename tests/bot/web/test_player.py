"""The player of a shared tune, for frames in Slack."""

from __future__ import annotations

import pytest

from tests.bot.web.conftest import Site, Visitor

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def finished(site: Site, visitor: Visitor, *, share: bool = True, **changes: str) -> str:
    tune_id = await visitor.compose()
    await site.finish(tune_id, bars=1, **changes)
    if share:
        assert (await visitor.post(f"/tunes/{tune_id}/share")).status == 303
    return tune_id


async def test_it_has_the_sheet_the_recording_and_the_title(site: Site, visitor: Visitor) -> None:
    tune_id = await finished(site, visitor, title="Rolling <in> the Barn")
    text = await (await visitor.get(f"/tunes/{tune_id}/player")).text()
    assert "Rolling &lt;in&gt; the Barn" in text and "A dorian" in text
    assert f'src="/tunes/{tune_id}/files/tune.mp3"' in text
    assert f'src="/tunes/{tune_id}/files/tune.png"' in text
    assert "<script" not in text and "<form" not in text


async def test_only_slack_may_frame_it_and_nothing_else_of_the_site(site: Site, visitor: Visitor) -> None:
    tune_id = await finished(site, visitor)
    player = (await visitor.get(f"/tunes/{tune_id}/player")).headers
    allowed = "frame-ancestors https://*.slack.com https://*.slack-gov.com https://*.slack-mcps.com"
    assert player["Content-Security-Policy"].split("; ")[-1] == allowed
    assert "default-src 'none'" in player["Content-Security-Policy"] and "script-src" not in player["Content-Security-Policy"]
    assert "X-Frame-Options" not in player and "Set-Cookie" not in player
    page = (await visitor.get(f"/tunes/{tune_id}")).headers
    assert page["X-Frame-Options"] == "DENY" and "frame-ancestors 'none'" in page["Content-Security-Policy"]


async def test_a_tune_that_is_not_shared_has_no_player_even_for_its_owner(site: Site, visitor: Visitor) -> None:
    tune_id = await finished(site, visitor, share=False)
    assert (await visitor.get(f"/tunes/{tune_id}/player")).status == 404
    unfinished = await visitor.compose()
    assert (await visitor.get(f"/tunes/{unfinished}/player")).status == 404
    assert (await visitor.get("/tunes/nothing/player")).status == 404
