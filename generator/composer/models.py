"""The models of a machine, by their names: a composer for each, from when it is first asked for."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from pathlib import Path

from generator.composer.composer import DEFAULT_SLOTS, Composer
from generator.composer.weights import SHIPPED, WeightsError, load_weights, read_card
from generator.request import model_named


def folders(model: Path | None, further: Path | None) -> Iterator[Path]:
    """Where models lie, the usual one first: the named one, the shipped ones, and those in the folder of further ones."""
    if model:
        yield model
    yield SHIPPED
    for folder in (SHIPPED, further):
        if folder:
            yield from sorted(card.parent for card in folder.glob("*/card.json"))


class Models:
    """By their cards' names as people choose them, the usual one first; of two that share a name the first counts.

    A model that cannot be read is left out; `left_out` says why. Raises WeightsError for the usual one.
    """

    def __init__(self, found: Iterable[Path], *, slots: int = DEFAULT_SLOTS) -> None:
        usual, *others = found
        card = read_card(usual)
        self.usual = model_named(str(card["name"]))
        self.descriptions = {self.usual: str(card.get("description", ""))}
        self.left_out: list[str] = []
        self._folders = {self.usual: usual}
        for folder in others:
            try:
                card = read_card(folder)
            except WeightsError as error:
                self.left_out.append(str(error))
                continue
            name = model_named(str(card["name"]))
            self.descriptions.setdefault(name, str(card.get("description", "")))
            self._folders.setdefault(name, folder)
        self._slots = slots
        self._composers: dict[str, Composer] = {}
        self._loading = threading.Lock()

    @property
    def names(self) -> list[str]:
        return list(self._folders)

    def composer(self, name: str = "") -> Composer:
        """The model's composer; the usual one's without a name, or for one that is not here. Raises WeightsError.

        The first time takes seconds; from any thread.
        """
        name = name if name in self._folders else self.usual
        if name not in self._composers:
            with self._loading:
                if name not in self._composers:
                    self._composers[name] = Composer(load_weights(self._folders[name]), slots=self._slots)
        return self._composers[name]

    def close(self) -> None:
        for composer in self._composers.values():
            composer.close()
