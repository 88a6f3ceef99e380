"""The models of this machine by name, with a composer for each that is made when it is first needed."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from pathlib import Path

from generator.composer.composer import DEFAULT_SLOTS, Composer
from generator.composer.weights import SHIPPED, Card, WeightsError, load_weights, read_card
from generator.request import model_named


def folders(model: Path | None, further: Path | None) -> Iterator[Path]:
    """The folders of all models, the default one first: `model` if set, the shipped ones, those in subfolders of `further`."""
    if model:
        yield model
    yield SHIPPED
    for folder in (SHIPPED, further):
        if folder:
            yield from sorted(card.parent for card in folder.glob("*/card.json"))


class Models:
    """The models by the names in their cards as people type them, the default one first.

    If two models have the same name, the first one is used. A model that cannot be read is skipped, and `unreadable` says why.
    Raises WeightsError if the default one cannot be read.
    """

    def __init__(self, found: Iterable[Path], *, slots: int = DEFAULT_SLOTS) -> None:
        default, *others = found
        card = read_card(default)
        self.default = _name(card, default)
        self.descriptions = {self.default: str(card.get("description") or "")}
        self.unreadable: list[str] = []
        self._folders = {self.default: default}
        for folder in others:
            try:
                card = read_card(folder)
            except WeightsError as error:
                self.unreadable.append(str(error))
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
        """The model's composer; the default model's for an empty or unknown name. Can be called from any thread.

        The first call for a model takes seconds. Raises WeightsError if it cannot be read, RuntimeError after `close`.
        """
        name = name if name in self._folders else self.default
        if name not in self._composers:
            with self._loading:
                if self._closed:
                    raise RuntimeError("The models were closed.")
                if name not in self._composers:
                    self._composers[name] = Composer(load_weights(self._folders[name]), slots=self._slots)
        return self._composers[name]

    def remove(self, name: str) -> None:
        """Removes a model, which must not be the default one: its name is unknown from now on."""
        self._folders.pop(name, None)
        self.descriptions.pop(name, None)

    def close(self) -> None:
        """Closes all composers. Waits for a model that is being loaded."""
        with self._loading:
            self._closed = True
            for composer in self._composers.values():
                composer.close()


def _name(card: Card, folder: Path) -> str:
    """The card's name as people type it, or the folder's if that is empty (no Latin letters): an empty name means the default."""
    return model_named(str(card["name"])) or model_named(folder.name) or "unnamed"
