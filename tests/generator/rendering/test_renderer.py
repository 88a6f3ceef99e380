"""Renderer and renderer processes: limits, crashes, timeouts and shutdown."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
import pytest_asyncio

from generator.notation.reader import read
from generator.notation.score import Score
from generator.rendering.render import RenderingError, render
from generator.rendering.renderer import CPU_S, Renderer
from generator.rendering.result import NoRoomToRender, Sheet
from tests.full_disk import Disk
from tests.generator.rendering.tunes import PLAIN
from tests.patience import HANG_S

pytestmark = pytest.mark.asyncio(loop_scope="module")  # one renderer for all tests: music21 starts only once

ROOT = Path(__file__).parents[3]
ENDLESS_S = 10**6


class Trap(Score):
    """A score that calls a function in the process that unpickles it."""

    def __init__(self, call: Callable[..., Any], *arguments: Any) -> None:
        object.__setattr__(self, "trap", (call, arguments))

    def __reduce__(self) -> Any:
        return self.trap  # type: ignore[attr-defined]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def renderer() -> AsyncIterator[Renderer]:
    one = Renderer(soundfont=None, processes=1, timeout_s=HANG_S)
    yield one
    one.close()


def _pids(renderer: Renderer) -> set[int]:
    """The process ids of the renderer processes."""
    return {process.popen.pid for process in renderer._running}


async def _has_ended(pid: int) -> bool:
    """Waits until a process has ended."""
    deadline = time.monotonic() + HANG_S
    while time.monotonic() < deadline:
        with suppress(psutil.NoSuchProcess):
            if psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
                await asyncio.sleep(0.05)
                continue
        return True
    return False


async def test_a_renderer_process_gives_the_same_result_as_render_and_is_reused(renderer: Renderer) -> None:
    score = read(PLAIN)
    first, second = await asyncio.gather(renderer.render(score), renderer.render(score))
    here = render(score)
    assert (first.midi, first.png, first.svg, first.duration_ms) == (here.midi, here.png, here.svg, here.duration_ms)
    assert first.midi == second.midi
    pid = renderer.pid
    await renderer.render(score)
    assert renderer.pid == pid


async def test_a_refused_tune_raises_its_message_and_keeps_the_process(renderer: Renderer) -> None:
    with pytest.raises(RenderingError, match="There are no notes"):
        await renderer.render(read("X:1\nM:4/4\nK:C\nz8|\n"))
    pid = renderer.pid
    assert (await renderer.render(read(PLAIN))).mp3
    assert renderer.pid == pid


async def test_a_tune_whose_process_is_killed_is_rendered_again(renderer: Renderer) -> None:
    await renderer.start()
    pid = renderer.pid
    assert pid
    started = Path(psutil.Process(pid).cmdline()[-1]) / "started"
    # In this process it never ends; in any other it is an ordinary tune.
    endless = f"open({str(started)!r}, 'w').close() or __import__('time').sleep({ENDLESS_S})"
    ordinary = f"__import__('generator.notation.reader').notation.reader.read({PLAIN!r})"
    task = asyncio.create_task(renderer.render(Trap(eval, f"{endless} if __import__('os').getpid() == {pid} else {ordinary}")))
    async with asyncio.timeout(HANG_S):
        while not started.exists():
            await asyncio.sleep(0.01)
    os.kill(pid, signal.SIGKILL)
    assert (await task).mp3
    assert renderer.pid != pid


async def test_a_tune_that_crashes_two_processes_fails_and_the_next_is_rendered(renderer: Renderer) -> None:
    with pytest.raises(RenderingError, match="crashed the renderer twice"):
        await renderer.render(Trap(os._exit, 1))
    assert (await renderer.render(read(PLAIN))).mp3


async def test_a_process_that_takes_too_long_is_killed_and_the_next_tune_is_rendered(
    renderer: Renderer, monkeypatch: pytest.MonkeyPatch
) -> None:
    await renderer.start()
    pid = renderer.pid
    assert pid
    monkeypatch.setattr(renderer, "timeout_s", 0.3)
    with pytest.raises(RenderingError, match="longer than 0\\.3 s"):
        await renderer.render(Trap(time.sleep, ENDLESS_S))
    assert await _has_ended(pid)
    monkeypatch.setattr(renderer, "timeout_s", HANG_S)
    assert (await renderer.render(read(PLAIN))).mp3


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit of processor time")
async def test_a_tune_that_uses_too_much_processor_time_is_refused_at_once_and_the_next_is_rendered() -> None:
    renderer = Renderer(soundfont=None, cpu_s=1, processes=1, timeout_s=HANG_S)
    try:
        await renderer.start()
        pid = renderer.pid
        with pytest.raises(RenderingError, match="longer than 1 s"):
            await renderer.draw(Trap(eval, "[None for _ in iter(int, 1)]"))
        assert pid and await _has_ended(pid) and not _pids(renderer)  # no second process tried it
        renderer.cpu_s = CPU_S
        assert (await renderer.render(read(PLAIN))).mp3
    finally:
        renderer.close()


@pytest.mark.skipif(sys.platform == "win32", reason="processes cannot be stopped there")
async def test_a_tune_that_gets_no_processor_time_for_a_while_is_rendered() -> None:
    """As on a machine with other work: what counts is processor time, not the clock."""
    renderer = Renderer(soundfont=None, cpu_s=2, processes=1, timeout_s=HANG_S)
    try:
        await renderer.start()
        assert renderer.pid
        process = psutil.Process(renderer.pid)
        process.suspend()
        drawing = asyncio.create_task(renderer.draw(read(PLAIN)))
        await asyncio.wait([drawing], timeout=3)
        process.resume()
        assert (await drawing).svg
    finally:
        renderer.close()


async def test_a_tune_may_take_ten_times_as_long_by_the_clock_as_in_processor_time() -> None:
    renderer = Renderer(soundfont=None)
    assert renderer.timeout_s >= 10 * renderer.cpu_s
    renderer.close()


async def test_cancelling_a_tune_kills_its_process(renderer: Renderer) -> None:
    await renderer.start()
    pid = renderer.pid
    assert pid
    task = asyncio.create_task(renderer.render(Trap(time.sleep, ENDLESS_S)))
    await asyncio.sleep(0.1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await _has_ended(pid)


async def test_a_tune_that_takes_too_much_memory_fails_with_a_message(renderer: Renderer) -> None:
    with pytest.raises(RenderingError, match="too much memory"):
        await renderer.render(Trap(bytearray, 3 << 30))
    assert (await renderer.render(read(PLAIN))).mp3


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux shows another process's limits")
async def test_files_and_processor_time_are_limited(renderer: Renderer) -> None:
    await renderer.render(read(PLAIN))
    process = psutil.Process(renderer.pid)
    assert process.rlimit(psutil.RLIMIT_FSIZE)[0] == 128 << 20
    assert process.rlimit(psutil.RLIMIT_NOFILE)[0] == 64
    assert process.rlimit(psutil.RLIMIT_CORE)[0] == 0
    soft, _ = process.rlimit(psutil.RLIMIT_CPU)
    times = process.cpu_times()
    assert 0 < soft - times.user - times.system <= CPU_S + 1


async def test_an_exception_in_a_library_fails_the_tune_with_a_message(renderer: Renderer) -> None:
    with pytest.raises(RenderingError, match="could not be rendered"):
        await renderer.render(Trap(int, "not a score"))


async def test_a_renderer_process_ignores_ctrl_c(renderer: Renderer) -> None:
    await renderer.start()
    pid = renderer.pid
    assert pid and os.getpgid(pid) != os.getpgid(0)
    os.kill(pid, signal.SIGINT)
    assert (await renderer.render(read(PLAIN))).mp3
    assert renderer.pid == pid


async def test_tunes_are_rendered_in_parallel_and_cancelling_one_does_not_stop_the_other() -> None:
    renderer = Renderer(soundfont=None, processes=2, timeout_s=HANG_S)
    try:
        await renderer.start()
        slow = asyncio.create_task(renderer.play(Trap(time.sleep, ENDLESS_S)))
        await asyncio.sleep(0)  # it takes the first process
        assert (await renderer.render(read(PLAIN))).mp3
        both = _pids(renderer)
        assert len(both) == 2
        slow.cancel()
        with pytest.raises(asyncio.CancelledError):
            await slow
        assert len(both & _pids(renderer)) == 1
        await asyncio.gather(*(renderer.render(read(PLAIN)) for _ in range(3)))
        assert len(_pids(renderer)) == 2
    finally:
        renderer.close()


async def test_sheet_and_recording_are_made_at_the_same_time_by_the_processes_that_made_their_kind_before() -> None:
    renderer = Renderer(soundfont=None, processes=2, timeout_s=HANG_S)
    try:
        await renderer.render(read(PLAIN))
        kinds = {process.popen.pid: process.kind for process in renderer._running}
        assert list(kinds.values()).count(Sheet) == 1 and len(kinds) == 2
        await renderer.render(read(PLAIN))
        assert {process.popen.pid: process.kind for process in renderer._running} == kinds
        for pid in kinds:
            os.kill(pid, signal.SIGKILL)  # while they wait for a tune
        assert (await renderer.render(read(PLAIN))).mp3
        assert len(_pids(renderer)) == 2
    finally:
        renderer.close()


async def test_close_kills_the_processes_and_deletes_their_folders() -> None:
    renderer = Renderer(soundfont=None, processes=2, timeout_s=HANG_S)
    await asyncio.gather(renderer.start(), renderer.start())
    pids = _pids(renderer)
    assert len(pids) == 2
    folders = [Path(psutil.Process(pid).cmdline()[-1]) for pid in pids]
    assert all(folder.is_dir() for folder in folders)
    renderer.close()
    for pid, folder in zip(pids, folders, strict=True):
        assert await _has_ended(pid)
        assert not folder.exists()
    with pytest.raises(RenderingError, match="closed"):
        await renderer.render(read(PLAIN))


async def test_a_renderer_process_ends_when_its_parent_is_killed() -> None:
    code = (
        "import asyncio\n"
        "from generator.rendering.renderer import Renderer\n"
        "async def main():\n"
        "    renderer = Renderer(soundfont=None)\n"
        "    await renderer.start()\n"
        "    print(renderer.pid, flush=True)\n"
        "    await asyncio.Event().wait()\n"
        "asyncio.run(main())\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        pid = int(await asyncio.to_thread(parent.stdout.readline))
        assert psutil.pid_exists(pid)
        folder = Path(psutil.Process(pid).cmdline()[-1])
        parent.kill()
        assert await _has_ended(pid)
        assert not folder.exists() or not list(folder.iterdir())
        shutil.rmtree(folder, ignore_errors=True)


async def test_importing_the_renderer_does_not_load_music21() -> None:
    code = "import sys, generator.rendering.renderer\nprint({'music21', 'verovio', 'numpy'} & set(sys.modules))"
    done = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "set()"


async def test_a_tune_without_room_for_temporary_files_is_rendered_when_there_is_room(
    disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(disk.folder))
    renderer = Renderer(soundfont=None, processes=1, timeout_s=HANG_S)
    try:
        await renderer.start()
        pid = renderer.pid
        disk.fill()
        with pytest.raises(NoRoomToRender):
            await renderer.render(read(PLAIN))
        disk.clear()
        assert (await renderer.render(read(PLAIN))).mp3
        assert renderer.pid == pid
    finally:
        renderer.close()
