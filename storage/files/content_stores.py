"""Where the contents of files are kept: a local folder or a bucket."""

from __future__ import annotations

import asyncio
import os
import secrets
import sys
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import IO, Protocol, TypeVar

from obstore.store import ObjectStore

from storage.files.disk import OTHERS, PRIVATE_FILE, PRIVATE_FOLDER, flush, make_folder, open_private

if sys.platform != "win32":
    import fcntl

T = TypeVar("T")


class ContentStore(Protocol):
    """Keeps contents by keys such as `ab/cdef`. Its methods raise OSError or obstore's BaseError."""

    async def put(self, contents: Mapping[str, bytes]) -> None:
        """Stores contents by key, so that all of them survive a power cut."""

    async def get(self, key: str) -> bytes:
        """Raises FileNotFoundError if there is no such content."""

    async def delete(self, key: str) -> None:
        """Raises FileNotFoundError, or does nothing, if there is no such content."""

    async def names(self, folder: str) -> list[str]:
        """The last parts of the keys that begin with `folder/`."""


class Bucket:
    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    async def put(self, contents: Mapping[str, bytes]) -> None:
        await asyncio.gather(*(self._store.put_async(key, content) for key, content in contents.items()))

    async def get(self, key: str) -> bytes:
        answer = await self._store.get_async(key)
        return bytes(await answer.bytes_async())

    async def delete(self, key: str) -> None:
        await self._store.delete_async(key)

    async def names(self, folder: str) -> list[str]:
        listed = await self._store.list_with_delimiter_async(folder)
        return [file["path"].rpartition("/")[2] for file in listed["objects"]]


class LocalFolder:
    """A folder. Contents are written into a subfolder, flushed to the disk, then renamed: none is visible before it is whole."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._unfinished = folder / ".unfinished"
        self._flushed: set[Path] = set()  # folders of which the disk has the names
        was_open = folder.is_dir() and folder.stat().st_mode & OTHERS
        make_folder(folder, private=True)
        if was_open:  # made by a Tunesmith that let others read
            self._close()
        self._remove_leftovers()

    async def put(self, contents: Mapping[str, bytes]) -> None:
        await asyncio.to_thread(self._put, contents)

    async def get(self, key: str) -> bytes:
        return await asyncio.to_thread((self.folder / key).read_bytes)

    async def delete(self, key: str) -> None:
        await asyncio.to_thread((self.folder / key).unlink)

    async def names(self, folder: str) -> list[str]:
        return await asyncio.to_thread(lambda: [path.name for path in (self.folder / folder).glob("*")])

    def _put(self, contents: Mapping[str, bytes]) -> None:
        targets = {self._unfinished / secrets.token_hex(8): self.folder / key for key in contents}
        folders = {target.parent for target in targets.values()}
        try:
            self._make({self._unfinished, *folders})
            with ExitStack() as stack:
                files = [stack.enter_context(open(path, "xb", buffering=0, opener=open_private)) for path in targets]
                for file, content in zip(files, contents.values(), strict=True):
                    with suppress(OSError):  # some network file systems have no locks
                        _lock(file)
                    _write(file, content)
                _at_once(_flush_file, files)
            for unfinished, target in targets.items():
                unfinished.replace(target)
            _at_once(lambda folder: flush([folder]), folders)
        finally:
            for unfinished in targets:  # those of a failed write
                unfinished.unlink(missing_ok=True)

    def _make(self, folders: set[Path]) -> None:
        """Makes subfolders that are missing, and flushes their names together."""
        if new := {folder for folder in folders if folder not in self._flushed or not folder.is_dir()}:
            if not self.folder.is_dir():
                make_folder(self.folder, private=True)
            for folder in new:
                folder.mkdir(PRIVATE_FOLDER, exist_ok=True)
            flush([self.folder])
            self._flushed |= new

    def _close(self) -> None:
        """Takes all rights from other users."""
        for folder, _, names in os.walk(self.folder):
            with suppress(OSError):  # one of another user
                Path(folder).chmod(PRIVATE_FOLDER)
            for name in names:
                with suppress(OSError):  # or one that is removed meanwhile
                    Path(folder, name).chmod(PRIVATE_FILE)

    def _remove_leftovers(self) -> None:
        """Removes what killed processes left. What is being written is locked, and Windows doesn't remove open files anyway."""
        for path in self._unfinished.glob("*"):
            with suppress(OSError), path.open("rb+") as file:
                _lock(file)
                path.unlink()


def _at_once(call: Callable[[T], None], values: Collection[T]) -> None:
    """Flushes at the same time: the disk answers all of them together, and one after another each waits for the disk."""
    with ThreadPoolExecutor(max_workers=max(len(values), 1)) as executor:
        list(executor.map(call, values))


def _flush_file(file: IO[bytes]) -> None:
    os.fsync(file.fileno())


def _lock(file: IO[bytes]) -> None:
    """Locks the file until it is closed or its process ends. Raises OSError if another process has locked it."""
    if sys.platform != "win32":
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _write(file: IO[bytes], content: bytes) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[file.write(rest) :]
