"""Fixtures with an untrained model: its tokens are random, so that only the grammar makes tunes legal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from generator.composer.composer import Composer
from generator.composer.weights import Weights
from tests.generator.composer.untrained import untrained


@pytest.fixture(scope="session")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Weights:
    folder: Path = tmp_path_factory.mktemp("weights")
    return untrained(folder)


@pytest.fixture(scope="session")
def composer(weights: Weights) -> Iterator[Composer]:
    composer = Composer(weights)
    yield composer
    composer.close()


@pytest.fixture
def small(weights: Weights) -> Iterator[Callable[..., Composer]]:
    """Makes composers with a few slots and closes them."""
    made: list[Composer] = []

    def make(slots: int, *, lanes: int = 2) -> Composer:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("generator.composer.runtime.processors", lambda: lanes)
            made.append(Composer(weights, slots=slots))
        return made[-1]

    yield make
    for composer in made:
        composer.close()
