"""Files by content hash: equal contents are one file, and a partly written file is never visible."""

from __future__ import annotations

import asyncio
import errno
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from obstore.exceptions import BaseError
from obstore.store import S3Store
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.errors import StorageError
from storage.files.content_stores import Bucket, ContentStore, LocalFolder

MARKS = "to-remove"  # folder of markers; see storage.files.removal


@dataclass(frozen=True, slots=True)
class TuneFile:
    """A file of a tune, without its content."""

    name: str  # "tune.mp3"
    media_type: str
    size: int  # bytes
    hash: str  # of the content


class Files:
    """A local folder or a bucket. Names and media types are in the database, since a folder can't store them."""

    def __init__(self, store: ContentStore) -> None:
        self._store = store

    @classmethod
    def open(cls, data_dir: Path, url: str | None) -> Files:
        """Opens the folder or bucket at `url`, by default a folder in `data_dir`. Raises StorageError if it can't be used.

        S3 credentials come from the standard AWS sources.
        """
        try:
            if url is None:
                return cls(LocalFolder((data_dir / "files").resolve()))
            if url.startswith("file:///"):
                return cls(LocalFolder(Path(url2pathname(urlsplit(url).path))))
            if url.startswith("s3://"):
                return cls(Bucket(S3Store.from_url(url)))
        except (BaseError, OSError, ValueError) as error:
            raise StorageError("The folder or bucket for files cannot be used: check DATA_DIR and FILES_URL.") from error
        raise StorageError("FILES_URL is neither s3://bucket/prefix nor file:///folder: set it to one of them.")

    @property
    def folder(self) -> Path | None:
        """The folder, None for a bucket."""
        return self._store.folder if isinstance(self._store, LocalFolder) else None

    async def write(self, contents: Iterable[bytes]) -> None:
        """Writes contents, to be read by their hashes. They survive a power cut. Raises StorageError."""
        try:
            await self._store.put({_key(digest_of(content)): content for content in contents})
        except (BaseError, OSError) as error:
            raise StorageError("A tune's file cannot be written: check the space and rights of DATA_DIR or FILES_URL.") from error

    async def read(self, digest: str) -> bytes | None:
        """The content with this hash; None if it is missing or damaged. Raises StorageError if none can be read."""
        content = await self.read_unchecked(digest)
        return content if content is not None and await asyncio.to_thread(digest_of, content) == digest else None

    async def read_unchecked(self, digest: str) -> bytes | None:
        """What is stored under this hash, even if it is damaged; None if nothing is. Raises StorageError if none can be read."""
        try:
            return await self._store.get(_key(digest))
        except (BaseError, OSError) as error:
            if isinstance(error, FileNotFoundError) or getattr(error, "errno", None) == errno.EIO:  # a bad block of the disk
                return None
            raise StorageError("A tune's file cannot be read: check that DATA_DIR or FILES_URL is what it was.") from error

    async def remove(self, digest: str) -> None:
        """Removes the content with this hash, if it exists. Raises StorageError."""
        await self._remove(_key(digest))

    async def _remove(self, key: str) -> None:
        try:
            await self._store.delete(key)
        except FileNotFoundError:
            pass
        except (BaseError, OSError) as error:
            raise StorageError("A tune's file cannot be deleted: check the rights of DATA_DIR or FILES_URL.") from error

    async def mark_for_removal(self, digest: str) -> None:
        """Notes that the content is to be removed later. Raises StorageError."""
        try:
            await self._store.put({f"{MARKS}/{digest}": b""})
        except (BaseError, OSError) as error:
            raise StorageError("A tune's file cannot be deleted: check the space and rights of DATA_DIR or FILES_URL.") from error

    async def marked_for_removal(self) -> list[str]:
        """The hashes of contents that are to be removed. Raises StorageError."""
        try:
            return await self._store.names(MARKS)
        except (BaseError, OSError) as error:
            raise StorageError("The files to remove cannot be listed: check the rights of DATA_DIR or FILES_URL.") from error

    async def unmark(self, digest: str) -> None:
        """Forgets that the content is to be removed. Raises StorageError."""
        await self._remove(f"{MARKS}/{digest}")


def digest_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


async def lock_contents(connection: AsyncConnection, digests: Iterable[str], *, to_remove: bool) -> None:
    """Locks contents until the transaction ends: shared, so that nobody removes them, or exclusively `to_remove` them.

    Several tunes may have the same content: without the lock, a tune could be finished with a file that the deletion of another
    tune is removing at that moment.
    """
    lock = "pg_advisory_xact_lock" if to_remove else "pg_advisory_xact_lock_shared"
    for digest in sorted(set(digests)):  # sorted, so that no two transactions deadlock
        await connection.execute(text(f"SELECT {lock}(hashtextextended(:digest, 1))"), {"digest": digest})


def _key(digest: str) -> str:
    return f"{digest[:2]}/{digest[2:]}"  # many files in one folder are slow
