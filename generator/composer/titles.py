"""Titles for tunes that have none. A small character LSTM wrote them when its training was over: `training.titles`."""

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
_SALT = 0x7171E5  # keeps the titles' random numbers apart from the notes'

Titles = Mapping[str, Sequence[str]]  # by rhythm; those by the empty one fit any tune


def load(path: Path = SHIPPED) -> Titles:
    """What `save` wrote; raises WeightsError."""
    titles: dict[str, list[str]] = {}
    try:
        for line in gzip.decompress(path.read_bytes()).decode().splitlines():
            rhythm, title = line.split("\t")
            titles.setdefault(rhythm, []).append(title)
        if "" not in titles:
            raise ValueError("none of them fits any tune")
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise WeightsError(f"The titles in {path} cannot be read ({error}). Restore them with git, or train them.") from error
    return titles


def save(titles: Titles, path: Path) -> None:
    """A line for each: rhythm, tab, title. The same titles give the same file."""
    lines = "".join(f"{rhythm}\t{title}\n" for rhythm, listed in titles.items() for title in listed)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(lines.encode(), mtime=0))


@cache
def shipped() -> Titles:
    return load()


def title_for(rhythm: str, seed: int, tokens: Sequence[str]) -> str:
    """The title of the tune that a seed led to.

    It takes nothing from the notes' random numbers. Tunes of one seed that differ in their notes have titles of their own.
    """
    titles = shipped()
    listed = titles.get(rhythm) or titles[""]
    notes = zlib.crc32(" ".join(tokens).encode())
    return listed[int(np.random.default_rng((seed, notes, _SALT)).integers(len(listed)))]
