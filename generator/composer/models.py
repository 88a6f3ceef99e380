"""The models of a machine, by their names: a composer for each, from when it is first asked for."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

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
        self.usual = _name(card, usual)
        self.descriptions = {self.usual: str(card.get("description") or "")}
        self.left_out: list[str] = []
        self._folders = {self.usual: usual}
        for folder in others:
            try:
                card = read_card(folder)
            except WeightsError as error:
                self.left_out.append(str(error))
                continue
            name = _name(card, folder)
            self.descriptions.setdefault(name, str(card.get("description") or ""))
            self._folders.setdefault(name, folder)
        self._slots = slots
        self._composers: dict[str, Composer] = {}
        self._loading, self._closed = threading.Lock(), False

    @property
    def names(self) -> list[str]:
        return list(self._folders)

    def composer(self, name: str = "") -> Composer:
        """The model's composer; the usual one's without a name, or for one that is not here. Raises WeightsError,
        and RuntimeError once closed.

        The first time takes seconds; from any thread.
        """
        name = name if name in self._folders else self.usual
        if name not in self._composers:
            with self._loading:
                if self._closed:
                    raise RuntimeError("The models were closed.")
                if name not in self._composers:
                    self._composers[name] = Composer(load_weights(self._folders[name]), slots=self._slots)
        return self._composers[name]

    def leave_out(self, name: str) -> None:
        """Has a model no more, which cannot be the usual one: whoever asks for it gets the usual one's composer."""
        self._folders.pop(name, None)
        self.descriptions.pop(name, None)

    def close(self) -> None:
        """Waits for a model that is being loaded just now, and closes it with the others."""
        with self._loading:
            self._closed = True
            for composer in self._composers.values():
                composer.close()


def _name(card: Mapping[str, Any], folder: Path) -> str:
    """The card's as it is chosen; the folder's for one without Latin letters, for an empty name is the usual model's."""
    return model_named(str(card["name"])) or model_named(folder.name) or "unnamed"
