"""Recordings and sheets, kept by what they contain: the same content is one file, and a half-written one is never named."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from obstore.exceptions import BaseError
from obstore.store import LocalStore, ObjectStore, S3Store
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.errors import StorageError


@dataclass(frozen=True, slots=True)
class TuneFile:
    name: str  # "tune.mp3"
    media_type: str
    size: int  # bytes


class Files:
    """A local folder or a bucket; the names and media types are in the database, for a folder cannot keep them."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    @classmethod
    def open(cls, data_dir: Path, url: str | None) -> Files:
        """Raises StorageError when the address cannot be used; S3's credentials come from where AWS's tools look."""
        try:
            if url is None:
                return cls(LocalStore((data_dir / "files").resolve(), mkdir=True))
            if url.startswith("file:///"):
                return cls(LocalStore.from_url(url, mkdir=True))
            if url.startswith("s3://"):
                return cls(S3Store.from_url(url))
        except (BaseError, OSError, ValueError) as error:
            raise StorageError("The folder or bucket for files cannot be used: check DATA_DIR and FILES_URL.") from error
        raise StorageError("FILES_URL is neither s3://bucket/prefix nor file:///folder: set it to one of them.")

    async def write(self, content: bytes) -> str:
        """Keeps the content and gives its hash, by which it is read again; raises StorageError."""
        digest = digest_of(content)
        try:
            await self._store.put_async(_key(digest), content)
        except (BaseError, OSError) as error:
            raise StorageError("A tune's file cannot be written: check the space and rights of DATA_DIR or FILES_URL.") from error
        return digest

    async def read(self, digest: str) -> bytes:
        """Raises StorageError when the content has gone."""
        try:
            answer = await self._store.get_async(_key(digest))
            return bytes(await answer.bytes_async())
        except (BaseError, OSError) as error:
            raise StorageError("A tune's file cannot be read: check that DATA_DIR or FILES_URL is what it was.") from error

    async def remove(self, digest: str) -> None:
        """Raises StorageError; what is not there any more counts as removed."""
        try:
            await self._store.delete_async(_key(digest))
        except FileNotFoundError:
            pass
        except (BaseError, OSError) as error:
            raise StorageError("A tune's file cannot be deleted: check the rights of DATA_DIR or FILES_URL.") from error


def digest_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


async def hold(connection: AsyncConnection, digests: Iterable[str], *, to_remove: bool) -> None:
    """Until the transaction ends nobody removes these contents, or, `to_remove`, nobody else counts on them either.

    One content may belong to several tunes: without this, one tune could be finished with a file that the deletion of
    another is just removing.
    """
    lock = "pg_advisory_xact_lock" if to_remove else "pg_advisory_xact_lock_shared"
    for digest in sorted(set(digests)):  # always in this order, so that no two wait for each other
        await connection.execute(text(f"SELECT {lock}(hashtextextended(:digest, 1))"), {"digest": digest})


def _key(digest: str) -> str:
    return f"{digest[:2]}/{digest[2:]}"  # file systems grow slow with many files in one folder
