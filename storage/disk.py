"""Folders and files that survive a power cut: without a flush, the disk may have neither a new file nor its name."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path


def make_folder(folder: Path) -> None:
    """Makes the folder and those above it, if they are missing, and flushes its name."""
    if not folder.is_dir():
        make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
    flush([folder.parent])  # also if it exists: another process may have made it just now


def flush(paths: Iterable[Path]) -> None:
    """Waits until the disk has the contents of the files, and the names in the folders."""
    for path in paths:
        if os.name == "nt" and path.is_dir():  # Windows can't open folders, and writes their changes to its journal
            continue
        with suppress(PermissionError):  # a folder that may be entered but not listed
            descriptor = os.open(path, os.O_RDWR if os.name == "nt" else os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
