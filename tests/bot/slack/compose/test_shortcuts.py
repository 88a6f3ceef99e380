"""The entries “Continue this tune” and “Play this ABC” in the menu of a message."""

from __future__ import annotations

import pytest

from bot.core.abc_input import MAX_FILE_BYTES
from bot.core.texts import common as common_texts
from bot.core.texts import compose as texts
from bot.slack.core import limits
from storage import Viewer
from tests.bot.slack.conftest import Stage
from tests.bot.worker import ABC
from tests.loopback.slack import CONNECT, FIDDLER, PIPER, SAILOR, Upload

CONTINUE, PLAY = "continue_tune", "play_abc"
LINE = "|:EAAB c2Bc|dBAB G2EG|"
FILE = Upload("The Loopback.ABC", ABC.encode())


@pytest.mark.parametrize(("entry", "mode"), [(CONTINUE, "continue"), (PLAY, "play")])
async def test_abc_among_words_is_found_in_any_message(stage: Stage, entry: str, mode: str) -> None:
    said = await stage.slack.write(f"How does this one go?\nK:D\n|:A>B c<d|{LINE}\nIt is from Clare.", person=PIPER)
    tune = await stage.accepted(await stage.slack.shortcut(entry, said))
    assert (tune.request.mode, tune.request.opening, tune.parent_id) == (mode, f"K:D\n|:A>B c<d|{LINE}", None)
    assert tune.origin.user_id == FIDDLER.id, "who chose the entry is the owner, not the author of the message"
    await stage.compose(tune.id)
    await stage.slack.posted()
    stage.slack.assert_rules_kept()


async def test_a_code_block_comes_before_a_file_and_a_file_before_words(stage: Stage) -> None:
    block = await stage.slack.write(f"```\nK:D\n{LINE}\n```", files=[FILE])
    tune = await stage.accepted(await stage.slack.shortcut(PLAY, block))
    assert tune.request.opening == f"K:D\n{LINE}"
    words = await stage.slack.write(LINE, files=[Upload("photo.png", b"\x89PNG"), FILE])
    tune = await stage.accepted(await stage.slack.shortcut(PLAY, words))
    assert tune.request.opening == ABC.strip()


async def test_abc_in_a_shared_message_is_found(stage: Stage) -> None:
    said = await stage.slack.write("look", attachments=[{"text": f"K:D\n{LINE}", "is_share": True}])
    tune = await stage.accepted(await stage.slack.shortcut(PLAY, said))
    assert tune.request.opening == f"K:D\n{LINE}"


async def test_abc_in_a_message_of_another_app_is_found(stage: Stage) -> None:
    block = {"type": "section", "text": {"type": "mrkdwn", "text": f"```K:D\n{LINE}```"}}
    said = await stage.slack.write("a tune", bot_id="B0OTHER", blocks=[block])
    tune = await stage.accepted(await stage.slack.shortcut(PLAY, said))
    assert tune.request.opening == f"K:D\n{LINE}"


@pytest.mark.parametrize("entry", [CONTINUE, PLAY])
async def test_a_tune_of_ours_is_the_parent(stage: Stage, entry: str) -> None:
    parent_id, message = await stage.posted()
    await stage.restart()
    tune = await stage.accepted(await stage.slack.shortcut(entry, message, person=PIPER))
    assert (tune.parent_id, tune.request.opening) == (parent_id, ABC.strip())
    assert tune.origin.user_id == PIPER.id


async def test_a_message_whose_ts_slack_never_told_is_known_by_its_files(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SHARES_S", 0.1)
    stage.slack.files.shares_after_s = None
    tune = await stage.requested()
    await stage.compose(tune.id)
    [message] = await stage.slack.posted()
    await stage.delivered(tune.id)
    again = await stage.accepted(await stage.slack.shortcut(CONTINUE, message))
    assert again.parent_id == tune.id


async def test_a_deleted_tune_is_read_from_its_message(stage: Stage) -> None:
    tune_id, message = await stage.posted()
    await stage.storage.sharing.delete(tune_id, Viewer("slack", FIDDLER.id))
    tune = await stage.accepted(await stage.slack.shortcut(CONTINUE, message))
    assert (tune.parent_id, tune.request.opening) == (None, ABC.strip())


async def test_a_tune_requested_in_a_thread_stays_there(stage: Stage) -> None:
    first = await stage.slack.write("a session?")
    said = await stage.slack.reply(first, LINE)
    tune = await stage.accepted(await stage.slack.shortcut(PLAY, said))
    await stage.compose(tune.id)
    [message] = await stage.slack.posted()
    assert message["thread_ts"] == first["ts"]


@pytest.mark.parametrize(
    ("text", "files", "told"),
    [
        ("no notes here", [], texts.NO_ABC),
        ("", [Upload("big.abc", b"A" * (MAX_FILE_BYTES + 1))], common_texts.file_too_large(MAX_FILE_BYTES)),
        ("", [Upload("photo.abc", b"\x89PNG\x00\x00")], common_texts.FILE_NOT_TEXT),
        ("", [Upload("photo.png", b"\x89PNG\x00\x00")], texts.NO_ABC),
    ],
)
async def test_what_cannot_be_read_is_told_privately(stage: Stage, text: str, files: list[Upload], told: str) -> None:
    said = await stage.slack.write(text, files=files, person=PIPER)
    await stage.slack.acked(await stage.slack.shortcut(PLAY, said))
    assert await stage.slack.private_text() == told
    assert await stage.storage.undelivered("slack") == []


async def test_a_file_that_slack_does_not_give_is_told(stage: Stage) -> None:
    said = await stage.slack.write("", files=[FILE])
    said["files"][0]["url_private_download"] = "https://evil.example/tune.abc"
    await stage.slack.acked(await stage.slack.shortcut(PLAY, said))
    assert await stage.slack.private_text() == common_texts.FILE_OUT_OF_REACH


async def test_a_file_in_a_shared_channel_is_looked_up(stage: Stage) -> None:
    said = await stage.slack.write("", files=[FILE], person=SAILOR, channel=CONNECT)
    said["files"] = [{"id": said["files"][0]["id"], "mode": "file_access", "file_access": "check_file_info"}]
    tune = await stage.accepted(await stage.slack.shortcut(PLAY, said))
    assert tune.request.opening == ABC.strip()
