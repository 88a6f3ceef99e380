"""That the title model learns, and that new titles are written as it learned. No network."""

from typing import Any

import numpy as np
import pytest

from generator.composer import titles as composer
from tests.training.tunes import melody, raw
from training.titles import __main__ as command
from training.titles.draw import Network, new_titles
from training.titles.model import CONDITIONS, LETTERS, arrays
from training.titles.rules import LONGEST, Rules, letters

NEW = ["the red lamp", "the old road", "the morning dew", "the mountain maid"]
NAMES = [
    f"the {one} {two}"
    for one in ("red", "old", "morning", "mountain", "harbour")
    for two in ("lamp", "road", "dew", "maid")
    if f"the {one} {two}" not in NEW
]


def test_arrays_shift_by_one_and_mask_what_lies_behind_the_end():
    inputs, rhythms, outputs = arrays([("jig", "a maid"), ("", "an old maid")])
    assert inputs.shape == rhythms.shape == outputs.shape == (2, 12)
    assert "".join(LETTERS[code] for code in inputs[0][:7]) == "\na maid"
    assert "".join(LETTERS[code] for code in outputs[0][:7]) == "a maid\n"
    assert (outputs[0][7:] == -1).all()
    assert (rhythms[0] == CONDITIONS.index("jig")).all()
    assert (rhythms[1] == 0).all()


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> tuple[Any, dict[str, float], composer.Titles]:
    """A small model of a small book, its figures, and the titles that came of it."""
    book = [raw(melody(number), "irish.abc", title=name.title()) for number, name in enumerate(NAMES)]
    path = tmp_path_factory.mktemp("titles") / "titles.txt.gz"
    models = []
    with pytest.MonkeyPatch.context() as patch:
        train = command.train
        patch.setattr(command, "train", lambda *given, **options: models.append(train(*given, **options)) or models[0])
        figures = command.write(book, path, epochs=24, units=32, rounds=1)
    assert figures["bytes"] == path.stat().st_size
    return models[0][0], figures, composer.load(path)


@pytest.fixture
def network(trained) -> Network:
    return Network.of(trained[0], NAMES)


def test_training_makes_held_out_titles_likelier(trained):
    assert trained[1]["held_out_nats_per_character"] < np.log(len(LETTERS)) * 0.9


def test_the_network_steps_as_the_keras_model_does(trained, network):
    inputs, rhythms, _ = arrays([("jig", "the old lamp")])
    expected = np.asarray(trained[0]([inputs, rhythms]))[0]
    hidden, cell = network.start(1)
    for place, code in enumerate(inputs[0]):
        scores, hidden, cell = network.step(np.array([code]), "jig", hidden, cell)
        assert np.allclose(scores[0], expected[place], atol=1e-4), place


def test_only_words_of_the_book_are_drawn_and_draws_end(network):
    words = {word for name in NAMES for word in name.split()}
    drawn = network.draw("jig", np.random.default_rng(1), 64)
    assert len(drawn) == 64
    assert all(word in words for title in drawn for word in title.split()[:-1])
    assert max(map(len, drawn)) <= LONGEST + 1
    assert drawn == network.draw("jig", np.random.default_rng(1), 64) != network.draw("jig", np.random.default_rng(2), 64)


class Book:
    """Draws the same titles again and again."""

    def __init__(self, **titles: list[str]) -> None:
        self._titles = titles

    def draw(self, rhythm: str, _: np.random.Generator) -> list[str]:
        return self._titles.get(rhythm, [])


def test_new_titles_keep_the_rules_and_no_two_are_alike():
    """The reel, which is asked first, takes what both write; nothing comes twice, known, ill-formed or of another rhythm."""
    rules = Rules.of([*NAMES, "mountain road", "kitty's jig", "kitty's reel"], [letters("The Red Lamp")])
    book = Book(
        reel=["the red lamp", "the old maid", "the the", "mountain road", "kitty's reel"],
        jig=["the mountain road", "the morning maid", "the morning maid", "kitty's reel"],
    )
    found = new_titles(book, rules, rounds=2)
    assert tuple(found) == CONDITIONS
    assert {rhythm: listed for rhythm, listed in found.items() if listed} == {
        "reel": ["The Old Maid", "Mountain Road", "Kitty's Reel"],
        "jig": ["The Morning Maid"],
    }


def test_what_is_written_is_new_and_is_what_the_composer_reads(trained):
    _, figures, titles = trained
    counts = {rhythm: figures[f"new {rhythm or 'open'} titles"] for rhythm in CONDITIONS}
    assert {rhythm: len(listed) for rhythm, listed in titles.items()} == {rhythm: n for rhythm, n in counts.items() if n}
    assert {title.lower() for listed in titles.values() for title in listed} <= set(NEW)
