"""Folders and files that survive a power cut: without a flush, the disk may have neither a new file nor its name."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable
from pathlib import Path

# Errors of folders that can't be flushed, which is no fault: their file system can't do it, or they may be entered but not read.
CANNOT_FLUSH = (errno.EACCES, errno.EPERM, errno.EBADF, errno.EINVAL, errno.EROFS)


PRIVATE_FOLDER, PRIVATE_FILE = 0o700, 0o600  # for the user that Tunesmith runs as
OTHERS = 0o077  # what they may


def make_folder(folder: Path, *, private: bool = False) -> None:
    """Makes the folder and those above it, if they are missing, and flushes its name.

    `private`: other users of the machine can't enter it, nor one that exists.
    """
    if not folder.is_dir():
        make_folder(folder.parent)
        folder.mkdir(PRIVATE_FOLDER if private else 0o777, exist_ok=True)
    if private and folder.stat().st_mode & OTHERS:
        folder.chmod(PRIVATE_FOLDER)
    flush([folder.parent])  # also if it exists: another process may have made it just now


def open_private(path: str, flags: int) -> int:
    """An opener for `open`: other users can't read the file that it makes."""
    return os.open(path, flags, PRIVATE_FILE)


def flush(paths: Iterable[Path]) -> None:
    """Waits until the disk has the contents of the files, and the names in the folders. Raises OSError."""
    for path in paths:
        is_folder = path.is_dir()
        if os.name == "nt" and is_folder:  # Windows can't open folders, and writes their changes to its journal
            continue
        try:
            descriptor = os.open(path, os.O_RDWR if os.name == "nt" else os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        except OSError as error:
            if not is_folder or error.errno not in CANNOT_FLUSH:
                raise
