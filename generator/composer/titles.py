"""Titles for tunes that were requested without one, from a list that a small character LSTM wrote (see training.titles)."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import numpy as np

from generator.composer.weights import SHIPPED as FOLDER
from generator.composer.weights import WeightsError

SHIPPED = FOLDER / "titles.txt.gz"
_SALT = 0x7171E5  # makes the random numbers of titles independent of those of notes

Titles = Mapping[str, Sequence[str]]  # by rhythm; the titles under the empty rhythm fit any tune


def load(path: Path = SHIPPED) -> Titles:
    """Reads what `save` wrote. Raises WeightsError."""
    titles: dict[str, list[str]] = {}
    try:
        for line in gzip.decompress(path.read_bytes()).decode().splitlines():
            rhythm, title = line.split("\t")
            titles.setdefault(rhythm, []).append(title)
        if "" not in titles:
            raise ValueError("no titles that fit any tune")
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise WeightsError(f"The titles in {path} cannot be read ({error}). Restore them with git, or train them.") from error
    return titles


def save(titles: Titles, path: Path) -> None:
    """Writes a line for each title: rhythm, tab, title. The same titles give the same bytes."""
    lines = "".join(f"{rhythm}\t{title}\n" for rhythm, listed in titles.items() for title in listed)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(lines.encode(), mtime=0))


@cache
def shipped_titles() -> Titles:
    """The titles that come with Tunesmith, read once. Raises WeightsError."""
    return load()


def title_for(rhythm: str, seed: int, tokens: Sequence[str]) -> str:
    """A title for a tune: the same for the same rhythm, seed and tokens.

    The seed alone would give all candidates of a request the same title. Choosing a title does not change the random numbers
    of the notes.
    """
    titles = shipped_titles()
    listed = titles.get(rhythm) or titles[""]
    notes = zlib.crc32(" ".join(tokens).encode())
    return listed[int(np.random.default_rng((seed, notes, _SALT)).integers(len(listed)))]
