"""From a slash command to the posted tune, with all real parts: discord.py, PostgreSQL, the LSTM, verovio, FluidSynth."""

from io import BytesIO
from pathlib import Path

import psutil
import pytest
from PIL import Image

from generator.notation.keys import Key
from generator.notation.metres import Metre
from generator.notation.reader import read
from generator.notation.structure import illegal_bars, play_order
from tests.end_to_end.tunesmith import Tunesmith
from tests.generator.rendering.mp3_reader import frames
from tests.loopback.discord import PIPER, FakeDiscord

pytestmark = pytest.mark.asyncio(loop_scope="package")
POSTED_S = 240  # a few seconds on an idle machine


def duration_s(mp3: bytes) -> float:
    found = frames(mp3)
    return len(found) * 1152 / found[0].rate


async def test_a_slash_command_becomes_a_message_with_three_files(tunesmith: Tunesmith, discord: FakeDiscord) -> None:
    before = len(discord.tunes())
    interaction = await discord.slash("tune", rhythm="jig", key="Edor", seed=7)
    await discord.deferred(interaction)
    message = (await discord.posted(count=before + 1, timeout_s=POSTED_S))[-1]

    assert len(message["attachments"]) == 3
    score = read(discord.file(message, ".abc").decode())
    assert (score.key, score.metre, score.rhythm) == (Key.parse("Edor"), Metre(6, 8), "jig")
    assert illegal_bars(score) == []
    beat, minute = score.tempo or pytest.fail("the tune has no tempo")
    playing = sum(score.bars[index].duration for index in play_order(score.bars)) / beat * 60 / minute
    assert playing <= duration_s(discord.file(message, ".mp3")) <= playing + 3
    sheet = Image.open(BytesIO(discord.file(message, ".png")))
    assert sheet.width > 1000
    assert sheet.convert("L").getextrema() == (0, 255)  # black on white
    assert "```" in message["content"] or any("```" in str(embed) for embed in message["embeds"])
    assert "7" in str(message["embeds"]) + message["content"]
    await discord.until(lambda: discord.card(interaction) is None)  # the queue card was deleted
    discord.assert_no_pings()


async def test_an_invalid_opening_is_refused_privately(tunesmith: Tunesmith, discord: FakeDiscord) -> None:
    interaction = await discord.slash("tune", opening="M:6/8\nK:D\nDFA dfaa|d6|")
    refusal = await discord.private_text(interaction)
    assert "Bar 1" in refusal
    assert "7 of 6" in refusal


async def test_a_button_from_before_a_restart_still_works(tunesmith: Tunesmith, discord: FakeDiscord) -> None:
    before = len(discord.tunes())
    await discord.slash("tune", rhythm="polka", key="G", seed=11)
    first = (await discord.posted(count=before + 1, timeout_s=POSTED_S))[-1]
    assert await tunesmith.stop() == 0
    discord.commands.clear()
    await tunesmith.start()
    await discord.connected()

    await discord.click(first, "Vary", person=PIPER)
    varied = (await discord.posted(count=before + 2, timeout_s=POSTED_S))[-1]
    old, new = (read(discord.file(message, ".abc").decode()) for message in (first, varied))
    assert (new.key, new.metre, new.rhythm) == (old.key, old.metre, old.rhythm)
    assert len(new.bars) == len(old.bars)
    assert new.bars != old.bars


async def test_tunes_survive_a_killed_worker_and_are_posted_once(tunesmith: Tunesmith, discord: FakeDiscord) -> None:
    before = len(discord.tunes())
    worker = tunesmith.worker()
    logged = tunesmith.log.stat().st_size
    for seed in range(5):
        await discord.deferred(await discord.slash("tune", rhythm="reel", key="D", seed=seed))
    await discord.posted(count=before + 1, timeout_s=POSTED_S)  # the first is finished, the others are in progress
    worker.kill()
    await tunesmith.logged("The worker exited and is restarted.", logged)
    await tunesmith.logged("worker ready", logged)

    posted = await discord.posted(count=before + 5, timeout_s=POSTED_S)
    texts = [discord.file(message, ".abc") for message in posted[before:]]
    assert len(set(texts)) == 5
    assert tunesmith.worker().pid != worker.pid


async def test_only_the_workers_process_loads_the_composer(tunesmith: Tunesmith, discord: FakeDiscord) -> None:
    assert tunesmith.process is not None
    for process, composes in ((psutil.Process(tunesmith.process.pid), False), (tunesmith.worker(), True)):
        maps = Path(f"/proc/{process.pid}/maps")
        if not maps.exists():
            pytest.skip("only Linux shows the loaded libraries of another process")
        libraries = maps.read_text(encoding="utf-8")
        assert ("llvmlite" in libraries) is composes
        assert "tensorflow" not in libraries  # a GPU alone needs it
