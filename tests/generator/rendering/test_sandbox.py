"""The sandbox: code that takes over a renderer process can do nothing outside its own folder."""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import pytest_asyncio

from generator.notation.opening import read_opening
from generator.rendering.renderer import Renderer
from generator.rendering.result import RenderingError
from tests.generator.rendering.hostile_abc import HOSTILE
from tests.generator.rendering.test_renderer import Trap
from tests.patience import HANG_S

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems have neither Landlock nor seccomp"),
]

# Each runs in the renderer process, which writes the results to `found.json` in its own folder.
ATTEMPTS = {
    "read": "open({file!r}).read()",
    "write": "open({file!r}, 'a')",
    "truncate": "os.truncate({file!r}, 0)",
    "remove": "os.remove({file!r})",
    "make": "open({folder!r} + '/new', 'w')",
    "make a folder": "os.mkdir({folder!r} + '/new')",
    "move": "os.rename('own', {folder!r} + '/own')",
    "list": "os.listdir({folder!r})",
    "list all": "os.listdir('/')",
    "passwords": "open('/etc/passwd').read()",
    "the parent's secrets": "open(f'/proc/{{os.getppid()}}/environ').read()",
    "the parent's memory": "open(f'/proc/{{os.getppid()}}/mem')",
    "kill": "os.kill(os.getppid(), 0)",
    "network": "socket.socket()",
    "database": "socket.socket(socket.AF_UNIX).connect({socket!r})",
    "a program": "subprocess.run(['cat', {file!r}], check=True, stderr=subprocess.DEVNULL)",
    "a program of its own": "open('x', 'w').write('#!/bin/sh'), os.chmod('x', 0o700), subprocess.run(['./x'], check=True)",
    "its own file": "open('own', 'w').write('x')",
    "its own folder": "os.mkdir('d'), os.rmdir('d')",
    "a library": "open(json.__file__).read()",
    "the environment": "DISCORD, os.environ['DISCORD_TOKEN']",
}
ALLOWED = {"its own file", "its own folder", "a library"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def renderer() -> AsyncIterator[Renderer]:
    os.environ["DISCORD_TOKEN"] = "secret"  # in the environment of the parent process
    try:
        one = Renderer(soundfont=None, timeout_s=HANG_S, processes=1)  # the one whose folder the tests read
        await one.start()
    finally:
        del os.environ["DISCORD_TOKEN"]
    yield one
    one.close()


def _folder(renderer: Renderer) -> Path:
    return Path(psutil.Process(renderer.pid).cmdline()[-1])


async def _attempt(renderer: Renderer, attempts: dict[str, str]) -> dict[str, Any]:
    code = (
        "import json, os, socket, subprocess\nfound = {}\n"
        f"for name, attempt in {attempts!r}.items():\n"
        "    try:\n        exec(attempt)\n        found[name] = 'done'\n"
        "    except Exception as error:\n        found[name] = repr(error)\n"
        "json.dump(found, open('found.json', 'w'))\n"
    )
    with pytest.raises(RenderingError):
        await renderer.render(Trap(exec, code, {}))
    found: dict[str, Any] = json.loads((_folder(renderer) / "found.json").read_text())
    return found


async def test_a_renderer_process_reaches_no_foreign_file_process_or_socket(renderer: Renderer, tmp_path: Path) -> None:
    file = tmp_path / "somebody's"
    file.write_text("private")
    address = str(tmp_path / "socket")
    with socket.socket(socket.AF_UNIX) as database:
        database.bind(address)
        database.listen()
        paths = {"file": str(file), "folder": str(tmp_path), "socket": address}
        found = await _attempt(renderer, {name: attempt.format(**paths) for name, attempt in ATTEMPTS.items()})
    assert {name for name, result in found.items() if result == "done"} == ALLOWED
    assert file.read_text() == "private"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["socket", "somebody's"]


async def test_a_custom_sound_font_is_readable_and_its_folder_not_writable(tmp_path: Path) -> None:
    font = tmp_path / "own.sf2"
    font.write_bytes(b"RIFF\0\0\0\0sfbk")
    renderer = Renderer(soundfont=font, timeout_s=HANG_S)
    try:
        await renderer.start()
        folder = Path(psutil.Process(renderer.pid).cmdline()[-2])
        code = f"open('found', 'wb').write(open({str(font)!r}, 'rb').read())\nopen({str(tmp_path / 'new')!r}, 'w')"
        with pytest.raises(RenderingError):
            await renderer.render(Trap(exec, code, {}))
        assert (folder / "found").read_bytes() == font.read_bytes()
        assert not (tmp_path / "new").exists()
    finally:
        renderer.close()


async def test_its_files_are_private_to_the_user(renderer: Renderer) -> None:
    await _attempt(renderer, {"own": "open('own', 'w')"})
    assert (_folder(renderer) / "own").stat().st_mode & 0o077 == 0
    assert _folder(renderer).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "name",
    ["an included file", "a symbol that is markup", "a path for a title", "a title of other scripts", "changes at every note"],
)
async def test_hostile_abc_is_rendered_without_opening_foreign_files(renderer: Renderer, name: str) -> None:
    """Python opens only files of the process's own folder, of programs, and the sound font."""
    code = (
        "import sys, os\nnames = open('opened', 'a', buffering=1)\n"
        "sys.addaudithook(lambda event, arguments: event == 'open' and print(arguments[0], file=names))\n"
    )
    (_folder(renderer) / "opened").unlink(missing_ok=True)  # of an earlier tune
    with pytest.raises(RenderingError):
        await renderer.play(Trap(exec, code, {}))
    assert (await renderer.render(read_opening(HOSTILE[name], mode="play"))).mp3
    opened = {line for line in (_folder(renderer) / "opened").read_text().splitlines() if line.startswith("/")}
    assert opened
    generator = str(Path(__file__).parents[3] / "generator")
    allowed = (str(_folder(renderer)), "/usr/", "/dev/null", sys.prefix, sys.base_prefix, generator)
    assert {path for path in opened if not path.startswith(allowed)} == set()


async def test_the_kernel_limits_the_size_and_number_of_files(renderer: Renderer) -> None:
    attempts = {
        "large": "open('large', 'wb').write(bytes(129 << 20))",
        "many": "kept = [open(f'many{i}', 'w') for i in range(64)]",
    }
    found = await _attempt(renderer, attempts)
    assert "File too large" in found["large"] and "Too many open files" in found["many"]
