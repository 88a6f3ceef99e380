"""The buttons Instrument and More files."""

from __future__ import annotations

import io
import wave
from dataclasses import replace

import numpy as np
import pytest

from generator.rendering.audio.mastering import RATE
from generator.rendering.audio.mp3 import encode_mp3
from generator.request import INSTRUMENTS
from storage import FileMissing
from tests.bot import worker
from tests.bot.discord.conftest import ABC, FILES, Stage
from tests.loopback.discord import DIRECT, ELSEWHERE, FIDDLER, HERMIT, TUNES, Channel, Payload

SECOND = np.zeros((RATE, 2), np.int16)


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tunes have a recording of a second, a score and a sheet."""
    more = {
        "tune.mp3": ("audio/mpeg", encode_mp3(SECOND)),
        "tune.musicxml": ("application/vnd.recordare.musicxml+xml", b"<score-partwise/>"),
        "tune.svg": ("image/svg+xml", b"<svg/>"),
    }
    monkeypatch.setattr(worker, "FILES", FILES | more)


def select_of(message: Payload) -> Payload:
    [[select]] = [row["components"] for row in message["components"]]
    return dict(select)


@pytest.mark.parametrize("channel", [DIRECT, ELSEWHERE], ids=lambda channel: channel.name)
async def test_the_chosen_instrument_plays_the_same_tune_after_a_restart(stage: Stage, channel: Channel) -> None:
    first, message = await stage.posted(channel=channel, person=FIDDLER)
    await stage.restart()
    offered = await stage.discord.private_message(await stage.discord.click(message, "Instrument"))
    select = select_of(offered)
    assert len(select["options"]) == 2 * (1 + len(INSTRUMENTS))
    await stage.restart()
    chosen = await stage.discord.choose(offered, select["custom_id"], "flute without backing")
    tune = await stage.accepted(chosen)
    request = tune.request
    assert (request.mode, request.opening, request.instrument, request.backing) == ("play", ABC.strip(), "flute", False)
    assert (tune.parent_id, tune.origin.user_id) == (first, FIDDLER.id)
    await stage.compose(tune.id)
    await stage.delivered(tune.id)
    assert len(stage.discord.tunes(channel)) == 2


async def test_anybody_may_choose_the_default_instrument(stage: Stage) -> None:
    _, message = await stage.posted(instrument="harp", backing=False)
    offered = await stage.discord.private_message(await stage.discord.click(message, "Instrument", person=HERMIT))
    chosen = await stage.discord.choose(offered, select_of(offered)["custom_id"], "default", person=HERMIT)
    tune = await stage.accepted(chosen)
    assert (tune.request.instrument, tune.request.backing, tune.origin.user_id) == ("", True, HERMIT.id)


@pytest.mark.usefixtures("recorded")
@pytest.mark.parametrize("channel", [DIRECT, ELSEWHERE], ids=lambda channel: channel.name)
async def test_more_files_are_sent_privately_after_a_restart(stage: Stage, channel: Channel) -> None:
    _, message = await stage.posted(channel=channel, person=FIDDLER)
    await stage.restart()
    given = await stage.discord.private_message(await stage.discord.click(message, "More files"))
    names = [file["filename"] for file in given["attachments"]]
    assert names == ["the-loopback.mid", "the-loopback.musicxml", "the-loopback.svg", "the-loopback.wav"]
    assert stage.discord.file(given, ".mid") == b"MThd"
    with wave.open(io.BytesIO(stage.discord.file(given, ".wav"))) as recording:
        assert (recording.getnchannels(), recording.getframerate(), recording.getsampwidth()) == (2, RATE, 2)
        assert recording.getnframes() == pytest.approx(RATE, abs=4_000)  # an MP3 has padding at both ends
    assert len(stage.discord.tunes(channel)) == 1


@pytest.mark.parametrize(
    ("file_bytes", "given", "said"),
    [
        (900_000, "the-loopback.wav", ""),
        (800_000, "the-loopback.flac", "The WAV recording is too large to send here, so I sent it as FLAC"),
        (200_000, "the-loopback.mid", "Too large to send here: tune.wav."),
    ],
)
async def test_a_recording_that_is_too_large_is_compressed_or_named(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, file_bytes: int, given: str, said: str
) -> None:
    noise = np.random.default_rng(1).normal(0, 3_000, (220_500, 2)).astype(np.int16)
    monkeypatch.setattr(worker, "FILES", FILES | {"tune.mp3": ("audio/mpeg", encode_mp3(noise))})
    _, message = await stage.posted(channel=replace(TUNES, id="350", file_bytes=file_bytes))
    answer = await stage.discord.private_message(await stage.discord.click(message, "More files", person=HERMIT))
    assert answer["attachments"][-1]["filename"] == given
    assert answer["content"].startswith(said) and bool(answer["content"]) is bool(said)


async def test_a_recording_that_cannot_be_read_does_not_stop_the_other_files(stage: Stage) -> None:
    _, message = await stage.posted()  # its recording is only zeros
    given = await stage.discord.private_message(await stage.discord.click(message, "More files"))
    assert [file["filename"] for file in given["attachments"]] == ["the-loopback.mid"]


async def test_a_lost_file_is_answered_with_when_to_try_again(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    _, message = await stage.posted()

    async def lost(tune_id: str, name: str) -> bytes:
        raise FileMissing

    monkeypatch.setattr(stage.storage, "read", lost)
    answer = await stage.discord.private_message(await stage.discord.click(message, "More files"))
    assert answer["content"] == "A file of this tune was lost and is being made again. Please try again in a minute."
