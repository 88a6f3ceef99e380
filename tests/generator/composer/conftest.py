"""An untrained model: it proposes anything, so only the grammar keeps a tune together."""

from __future__ import annotations

from collections.abc import Iterator
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
