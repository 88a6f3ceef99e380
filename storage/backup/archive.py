"""The file format of backups: a tar file with a manifest, a dump of the database, contents of files, and a closing summary.

Written and read block by block, with one content at a time in memory. tarfile keeps a list of all members and reads headers of
any size, so only its header blocks are used: plain files with short names, which every tar program can unpack.
"""

from __future__ import annotations

import glob
import hashlib
import os
import re
import tarfile
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, TypeVar

from pydantic import AwareDatetime, TypeAdapter, ValidationError

from storage.errors import StorageError
from storage.files.disk import PRIVATE_FILE, flush, open_private

FORMAT = 1
MANIFEST, DUMP, SUMMARY = "manifest.json", "database.dump", "summary.json"
CHUNK = 1 << 20  # bytes
MAX_DOCUMENT = 64 << 20  # bytes; the summary lists missing files
MAX_CONTENT = 256 << 20  # bytes; far more than any file of a tune, and as much as one read may take
UNFINISHED = ".unfinished"
_BLOCK = tarfile.BLOCKSIZE
_NAME = re.compile(rf"{re.escape(MANIFEST)}|{re.escape(DUMP)}|{re.escape(SUMMARY)}|files/[0-9a-f]{{64}}")
Document = TypeVar("Document")


@dataclass(frozen=True, slots=True)
class Manifest:
    """What the backup is of, known before anything is read."""

    tunesmith: str  # version
    revision: str  # of the tables, as in storage/migrations
    schema: str  # PostgreSQL schema of the tables
    postgresql: int  # major version of the server
    pg_dump: int  # major version
    taken_at: AwareDatetime  # the point in time, in UTC
    system: str  # identifies the database cluster; empty if the user may not know it
    transactions: str  # PostgreSQL's snapshot, xmin:xmax:xip
    with_files: bool
    format: int = FORMAT


@dataclass(frozen=True, slots=True)
class Missing:
    """A file whose content could not be backed up."""

    tune_id: str
    name: str
    digest: str
    damaged: bool = False  # there was a content, but another one


@dataclass(slots=True)
class Summary:
    """The last entry: without it, the backup is not complete."""

    dump_digest: str = ""
    contents: int = 0
    missing: list[Missing] = field(default_factory=list)


class Writer:
    """Writes a backup under a temporary name; `finish` flushes and renames it. Left without `finish`, it is removed."""

    def __init__(self, target: Path) -> None:
        self._target = target
        for leftover in target.parent.glob(f".{glob.escape(target.name)}-*{UNFINISHED}"):
            leftover.unlink(missing_ok=True)  # of a process that was killed
        self._unfinished = self._temporary_path()
        self._file: IO[bytes] = open(self._unfinished, "wb", opener=open_private)  # noqa: SIM115

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        with suppress(OSError):  # a full disk: what is left in the buffer can't be written
            self._file.close()
        self._unfinished.unlink(missing_ok=True)

    def add(self, name: str, size: int, chunks: Iterable[bytes]) -> None:
        """Adds an entry; `chunks` are `size` bytes in all."""
        header = tarfile.TarInfo(name)
        header.size, header.mode, header.mtime = size, 0o600, int(time.time())
        self._file.write(header.tobuf(tarfile.GNU_FORMAT))
        for chunk in chunks:
            self._file.write(chunk)
        self._file.write(bytes(-size % _BLOCK))

    @contextmanager
    def temporary_file(self) -> Iterator[Path]:
        """An empty file beside the target, which is removed when the context exits."""
        path = self._temporary_path()
        path.touch(PRIVATE_FILE)  # programs that write into it keep its rights
        try:
            yield path
        finally:
            path.unlink(missing_ok=True)

    def _temporary_path(self) -> Path:
        descriptor, name = tempfile.mkstemp(
            prefix=f".{self._target.name}-", suffix=UNFINISHED, dir=self._target.parent
        )  # mode 600
        os.close(descriptor)
        return Path(name)

    def add_document(self, name: str, document: Manifest | Summary) -> None:
        content = TypeAdapter(dict[str, object]).dump_json(asdict(document), indent=1)
        self.add(name, len(content), [content])

    def finish(self) -> None:
        self._file.write(bytes(2 * _BLOCK))  # the end of a tar file
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self._unfinished.replace(self._target)
        flush([self._target.parent])


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry. Its content can be read until the next one is asked for."""

    name: str
    size: int
    _file: IO[bytes]

    def chunks(self) -> Iterator[bytes]:
        left = self.size
        while left:
            chunk = self._file.read(min(left, CHUNK))
            if not chunk:
                raise StorageError("The backup is cut off: use another one.")
            left -= len(chunk)
            yield chunk

    def content(self, limit: int) -> bytes:
        if self.size > limit:
            raise damaged(f"{self.name} is too large")
        return b"".join(self.chunks())

    def digest(self) -> str:
        digest = hashlib.sha256()
        for chunk in self.chunks():
            digest.update(chunk)
        return digest.hexdigest()

    def document(self, kind: type[Document]) -> Document:
        try:
            return TypeAdapter(kind).validate_json(self.content(MAX_DOCUMENT))
        except ValidationError as error:
            raise damaged(f"{self.name} cannot be read") from error


class Reader:
    """Reads a backup. Raises StorageError for anything but what `Writer` writes: names are hashes, so none is a path."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        first = next(self.entries(), None)
        if first is None or first.name != MANIFEST:
            raise damaged("it does not begin with a manifest")
        self.manifest = first.document(Manifest)
        if self.manifest.format != FORMAT:
            raise StorageError(f"The backup is of Tunesmith {self.manifest.tunesmith}: install that version, or a newer one.")

    def entries(self) -> Iterator[Entry]:
        """All entries, from the first one on."""
        position = 0
        while True:
            self._file.seek(position)
            block = self._file.read(_BLOCK)
            if block == bytes(_BLOCK):
                return
            try:
                header = tarfile.TarInfo.frombuf(block, "ascii", "strict")
            except (tarfile.HeaderError, UnicodeDecodeError) as error:
                raise StorageError("The file is not a backup of Tunesmith, or it is cut off or damaged.") from error
            if header.type != tarfile.REGTYPE or header.size < 0 or not _NAME.fullmatch(header.name):
                raise damaged(f"it has an entry that does not belong there, {header.name!r}")
            yield Entry(header.name, header.size, self._file)
            position += _BLOCK + header.size + -header.size % _BLOCK

    def dump(self) -> Entry:
        for entry in self.entries():
            if entry.name == DUMP:
                return entry
        raise damaged("it has no dump of the database")


def damaged(what: str) -> StorageError:
    return StorageError(f"The backup is damaged: {what}. Use another one.")


def check_summary(summary: Summary | None, dump_digest: str, contents: int) -> Summary:
    """Raises StorageError if a backup doesn't consist of what its summary says."""
    if summary is None:
        raise damaged("its end is missing")
    if dump_digest != summary.dump_digest or contents != summary.contents:
        raise damaged("its parts do not belong together")
    return summary


def content_name(digest: str) -> str:
    return f"files/{digest}"


def content_digest(name: str) -> str:
    """The digest in the name of a content's entry; empty for other entries."""
    return name.removeprefix("files/") if name.startswith("files/") else ""
