"""The More files button."""

from __future__ import annotations

import io
import wave

import numpy as np
import pytest

from bot.core.texts import common
from bot.core.texts import files as file_texts
from bot.core.texts.delivery import sheet_music
from bot.languages import language
from bot.slack.delivery import texts
from generator.rendering.audio.mastering import RATE
from generator.rendering.audio.mp3 import encode_mp3
from storage.errors import FileMissing
from tests.bot import worker
from tests.bot.slack.conftest import Stage
from tests.loopback.slack import CONNECT, DIRECT, DIRECT_OF, GROUP, PIPER, SAILOR, TUNES, Channel, Payload

NAMES = ["the-loopback.mid", "the-loopback.musicxml", "the-loopback.svg", "the-loopback.wav"]
MORE = {
    "tune.mp3": ("audio/mpeg", encode_mp3(np.zeros((RATE, 2), np.int16))),
    "tune.musicxml": ("application/vnd.recordare.musicxml+xml", b"<score-partwise/>"),
    "tune.svg": ("image/svg+xml", b"<svg/>"),
}


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tunes have a recording of a second, a score and a sheet."""
    monkeypatch.setattr(worker, "FILES", worker.FILES | MORE)


def names_of(message: Payload) -> list[str]:
    return [file["name"] for file in message["files"]]


@pytest.mark.usefixtures("recorded")
@pytest.mark.parametrize("channel", [TUNES, GROUP], ids=["channel", "group"])
async def test_in_a_channel_the_files_come_in_a_direct_message_and_the_person_gets_a_link(stage: Stage, channel: Channel) -> None:
    slack = stage.slack
    _, message = await stage.posted(channel=channel)
    await stage.restart()
    await slack.acked(await slack.click(message, "tune:files", person=PIPER))
    told = await slack.private_text(PIPER)
    [sent] = slack.tunes(DIRECT_OF[PIPER.id])
    assert names_of(sent) == NAMES
    assert (slack.file(sent, ".mid"), slack.file(sent, ".svg")) == (b"MThd", b"<svg/>")
    with wave.open(io.BytesIO(slack.file(sent, ".wav"))) as recording:
        assert (recording.getnchannels(), recording.getframerate(), recording.getsampwidth()) == (2, RATE, 2)
    assert told == f"<{slack.link(sent)}|{language('de')(texts.FILES_SENT)}>"
    assert slack.messages_in(channel) == [message]
    [sheet] = [file for file in slack.files.all.values() if file.name.endswith(".svg")]
    assert sheet.alt_txt == language("de")(sheet_music("The Loopback"))
    slack.assert_rules_kept()


@pytest.mark.usefixtures("recorded")
async def test_in_direct_messages_the_files_are_in_the_thread_of_the_tune(stage: Stage) -> None:
    slack = stage.slack
    _, message = await stage.posted(channel=DIRECT)
    await stage.restart()
    await slack.acked(await slack.click(message, "tune:files"))
    [_, sent] = await stage.slack.posted(DIRECT, count=2)
    assert (names_of(sent), sent["thread_ts"]) == (NAMES, message["ts"])
    said = await slack.direct("a tune?")
    _, in_thread = await stage.posted(channel=DIRECT, thread=said)
    await slack.acked(await slack.click(in_thread, "tune:files"))
    sent = (await slack.posted(DIRECT, count=4))[-1]
    assert sent["thread_ts"] == said["ts"]
    assert slack.ephemerals() == []
    slack.assert_rules_kept()


@pytest.mark.usefixtures("recorded")
async def test_if_slack_hides_where_the_files_are_the_person_is_told_without_a_link(stage: Stage) -> None:
    _, message = await stage.posted()
    stage.slack.refuse("chat.getPermalink", "message_not_found")
    await stage.slack.click(message, "tune:files")
    assert await stage.slack.private_text() == texts.FILES_SENT


@pytest.mark.usefixtures("recorded")
async def test_who_gets_no_direct_messages_is_told_so(stage: Stage) -> None:
    _, message = await stage.posted(channel=CONNECT)
    await stage.slack.click(message, "tune:files", person=SAILOR)
    assert await stage.slack.private_text(SAILOR) == texts.NO_DIRECT_MESSAGES
    assert stage.slack.files.all.keys() == {file["id"] for file in message["files"]}


async def test_a_recording_that_cannot_be_read_does_not_stop_the_other_files(stage: Stage) -> None:
    _, message = await stage.posted()  # its recording is only zeros
    await stage.slack.click(message, "tune:files")
    [sent] = await stage.slack.posted(DIRECT)
    assert names_of(sent) == ["the-loopback.mid"]


async def test_without_more_files_the_person_is_told_so(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "FILES", {"tune.abc": worker.FILES["tune.abc"]})
    _, message = await stage.posted()
    await stage.slack.click(message, "tune:files")
    assert await stage.slack.private_text() == file_texts.NO_FILES


async def test_a_lost_file_is_answered_with_when_to_try_again(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    _, message = await stage.posted()

    async def lost(tune_id: str, name: str) -> bytes:
        raise FileMissing

    monkeypatch.setattr(stage.storage, "read", lost)
    await stage.slack.click(message, "tune:files", person=PIPER)
    assert await stage.slack.private_text(PIPER) == language("de")(FileMissing().message)


async def test_if_slack_fails_for_a_while_the_person_is_told_to_try_again(stage: Stage) -> None:
    _, message = await stage.posted()
    stage.slack.refuse("files.getUploadURLExternal", "internal_error")
    await stage.slack.click(message, "tune:files")
    assert await stage.slack.private_text() == common.REQUEST_FAILED
    await stage.slack.click(message, "tune:files")
    assert names_of((await stage.slack.posted(DIRECT))[0]) == ["the-loopback.mid"]


async def test_over_a_modal_the_files_are_sent_directly_and_nothing_else(stage: Stage) -> None:
    tune_id, _ = await stage.posted()
    shown = await stage.modal_with_buttons(tune_id)
    for count in (1, 2):
        await stage.slack.acked(await stage.slack.click(shown, "tune:files"))
        await stage.slack.posted(DIRECT, count=count)
    assert stage.slack.messages_in(DIRECT) == stage.slack.tunes(DIRECT)
    stage.slack.assert_rules_kept()
