"""Links to the pages of shared tunes are shown with sheet and player; all other links are left alone."""

from __future__ import annotations

from typing import Any

import pytest

from storage.viewer import Viewer
from tests.bot.slack.conftest import Stage
from tests.loopback.slack import DIRECT, FIDDLER, PIPER, Payload

WEB = "https://tunes.example.org"


@pytest.fixture
async def stage(stopped_stage: Stage) -> Stage:
    stopped_stage.slack.unfurl_domains = ("tunes.example.org",)
    await stopped_stage.start_app(web_url=WEB)
    return stopped_stage


async def shared(stage: Stage, **changes: Any) -> str:
    tune = await stage.requested(channel=DIRECT)
    await stage.compose(tune.id, **changes)
    await stage.delivered(tune.id)
    await stage.storage.sharing.share(tune.id, Viewer("slack", FIDDLER.id))
    return tune.id


async def unfurled(stage: Stage, said: Payload) -> list[Payload]:
    """What the app shows below a message."""
    await stage.slack.until(lambda: said.get("attachments"))
    found: list[Payload] = said["attachments"]
    return found


async def left_alone(stage: Stage, said: Payload) -> None:
    """Waits until the app has handled a later link too."""
    before = stage.slack.calls_of.get("chat.unfurl", 0)
    await unfurled(stage, await stage.slack.write(f"{WEB}/tunes/{await shared(stage)}"))
    assert stage.slack.calls_of["chat.unfurl"] == before + 1
    assert "attachments" not in said
    stage.slack.assert_rules_kept()


async def test_a_link_to_a_shared_tune_is_shown_with_sheet_and_player(stage: Stage) -> None:
    tune_id = await shared(stage)
    page = f"{WEB}/tunes/{tune_id}"
    said = await stage.slack.write(f"Listen: {page}", person=PIPER)
    [shown] = await unfurled(stage, said)
    sheet, player = shown["blocks"]
    assert sheet["image_url"] == f"{page}/files/tune.png" and sheet["alt_text"] == "Noten von The Loopback"
    assert player["video_url"] == f"{page}/player"
    assert (player["title"]["text"], player["title_url"]) == ("The Loopback", page)
    assert player["description"]["text"] == "Reel · A-dorisch"
    stage.slack.assert_rules_kept()


async def test_several_links_in_a_message_are_shown_at_once(stage: Stage) -> None:
    pages = [f"{WEB}/tunes/{await shared(stage)}" for _ in range(2)]
    said = await stage.slack.write(" and ".join(pages))
    assert [shown["app_unfurl_url"] for shown in await unfurled(stage, said)] == pages
    assert stage.slack.calls_of["chat.unfurl"] == 1


async def test_a_link_in_a_thread_or_with_a_query_is_shown(stage: Stage) -> None:
    first = await stage.slack.write("Which one?")
    said = await stage.slack.reply(first, f"{WEB}/tunes/{await shared(stage)}?from=mail&x=1#sheet")
    [shown] = await unfurled(stage, said)
    assert len(shown["blocks"]) == 2


async def test_a_hostile_title_is_shown_literally(stage: Stage) -> None:
    stage.slack.refuse("chat.unfurl", "invalid_blocks")
    said = await stage.slack.write(f"{WEB}/tunes/{await shared(stage, title='<!here> *b* | <https://evil.example|x>')}")
    [shown] = await unfurled(stage, said)
    text = shown["blocks"][0]["text"]["text"]
    assert "<!" not in text and text.count("<http") == 1
    stage.slack.assert_rules_kept()


@pytest.mark.parametrize(
    "path", ["", "/gallery", "/tunes/{id}/files/tune.mp3", "/tunes/{id}.json", "/tunes/{id}/player", "/tunes/../x"]
)
async def test_other_pages_are_left_alone(stage: Stage, path: str) -> None:
    await left_alone(stage, await stage.slack.write(f"{WEB}{path}".replace("{id}", await shared(stage))))


@pytest.mark.parametrize(
    "address", ["https://tunes.example.org.evil.example", "https://evil.tunes.example.org", "ftp://tunes.example.org"]
)
async def test_other_hosts_are_left_alone(stage: Stage, address: str) -> None:
    stage.slack.unfurl_domains = ("example.org", "evil.example")
    await left_alone(stage, await stage.slack.write(f"{address}/tunes/{await shared(stage)}"))


async def test_a_tune_that_is_not_shared_is_not_shown_even_to_its_owner(stage: Stage) -> None:
    tune_id, _ = await stage.posted()
    await left_alone(stage, await stage.slack.write(f"{WEB}/tunes/{tune_id}"))


async def test_an_unshared_tune_is_not_shown(stage: Stage) -> None:
    tune_id = await shared(stage)
    await stage.storage.sharing.unshare(tune_id, Viewer("slack", FIDDLER.id))
    await left_alone(stage, await stage.slack.write(f"{WEB}/tunes/{tune_id}"))


async def test_an_event_that_is_sent_again_is_handled_once(stage: Stage) -> None:
    said = await stage.slack.write(f"{WEB}/tunes/{await shared(stage)}")
    await unfurled(stage, said)
    await stage.slack.acked(await stage.slack.repeat(stage.slack.event_of(said)))
    await left_alone(stage, await stage.slack.write("Well?"))
    assert stage.slack.calls_of["chat.unfurl"] == 2


async def test_two_processes_show_a_link_once(stage: Stage, other: Stage) -> None:
    await other.restart(web_url=WEB)
    said = await stage.slack.write(f"{WEB}/tunes/{await shared(stage)}")
    await unfurled(stage, said)
    await stage.slack.repeat(stage.slack.event_of(said))
    await stage.slack.acked(await stage.slack.repeat(stage.slack.event_of(said)))
    assert stage.slack.calls_of["chat.unfurl"] == 1


async def test_without_a_player_slack_gets_the_sheet_alone(stage: Stage) -> None:
    stage.slack.refuse("chat.unfurl", "invalid_blocks")
    [shown] = await unfurled(stage, await stage.slack.write(f"{WEB}/tunes/{await shared(stage)}"))
    assert [block["type"] for block in shown["blocks"]] == ["section", "image"]
    stage.slack.refuse("chat.unfurl", "invalid_blocks", times=2)
    [shown] = await unfurled(stage, await stage.slack.write(f"{WEB}/tunes/{await shared(stage)}"))
    assert [block["type"] for block in shown["blocks"]] == ["section"]


@pytest.mark.parametrize("web_url", [None, "http://127.0.0.1:8080"])
async def test_without_a_public_address_no_link_is_shown(stopped_stage: Stage, web_url: str | None) -> None:
    stage = stopped_stage
    stage.slack.unfurl_domains = ("127.0.0.1",)
    await stage.start_app(web_url=web_url)
    tune_id = await shared(stage)
    await stage.slack.acked(await stage.slack.write(f"http://127.0.0.1:8080/tunes/{tune_id}"))
    assert "chat.unfurl" not in stage.slack.calls_of
