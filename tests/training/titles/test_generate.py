"""The title model learns, and generated titles follow the rules."""

from typing import Any

import numpy as np
import pytest

from generator.composer import titles as composer
from tests.training.tunes import melody, raw
from training.titles import __main__ as command
from training.titles.generate import NumpyTitleModel, generate_titles
from training.titles.model import CONDITIONS, LETTERS, encode_titles, train
from training.titles.title_filter import LONGEST, TitleFilter, comparison_key

NEW = ["the red lamp", "the old road", "the morning dew", "the mountain maid"]
NAMES = [
    f"the {one} {two}"
    for one in ("red", "old", "morning", "mountain", "harbour")
    for two in ("lamp", "road", "dew", "maid")
    if f"the {one} {two}" not in NEW
]


def test_targets_are_the_inputs_shifted_by_one_and_masked_after_the_end() -> None:
    inputs, rhythms, outputs = encode_titles([("jig", "a maid"), ("", "an old maid")])
    assert inputs.shape == rhythms.shape == outputs.shape == (2, 12)
    assert "".join(LETTERS[code] for code in inputs[0][:7]) == "\na maid"
    assert "".join(LETTERS[code] for code in outputs[0][:7]) == "a maid\n"
    assert (outputs[0][7:] == -1).all()
    assert (rhythms[0] == CONDITIONS.index("jig")).all()
    assert (rhythms[1] == 0).all()


Trained = tuple[Any, dict[str, float], composer.Titles]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """A small model trained on a small collection, its figures, and the titles that it generated."""
    book = [raw(melody(number), "irish.abc", title=name.title()) for number, name in enumerate(NAMES)]
    path = tmp_path_factory.mktemp("titles") / "titles.txt.gz"
    models: list[Any] = []

    def keep_model(*arguments: Any, **options: Any) -> tuple[Any, dict[str, float]]:
        model, figures = train(*arguments, **options)
        models.append(model)
        return model, figures

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(command, "train", keep_model)
        figures = command.write_titles(book, path, epochs=24, units=32, rounds=1)
    assert figures["bytes"] == path.stat().st_size
    return models[0], figures, composer.load(path)


@pytest.fixture
def model(trained: Trained) -> NumpyTitleModel:
    return NumpyTitleModel.of(trained[0], NAMES)


def test_training_lowers_the_loss_of_held_out_titles(trained: Trained) -> None:
    assert trained[1]["held_out_nats_per_character"] < np.log(len(LETTERS)) * 0.9


def test_the_numpy_model_gives_the_logits_of_the_keras_model(trained: Trained, model: NumpyTitleModel) -> None:
    inputs, rhythms, _ = encode_titles([("jig", "the old lamp")])
    expected = np.asarray(trained[0]([inputs, rhythms]))[0]
    hidden, cell = model.start(1)
    for place, code in enumerate(inputs[0]):
        scores, hidden, cell = model.step(np.array([code]), "jig", hidden, cell)
        assert np.allclose(scores[0], expected[place], atol=1e-4), place


def test_titles_use_known_words_have_an_end_and_repeat_with_the_seed(model: NumpyTitleModel) -> None:
    words = {word for name in NAMES for word in name.split()}
    generated = model.generate("jig", np.random.default_rng(1), 64)
    assert len(generated) == 64
    assert all(word in words for title in generated for word in title.split()[:-1])
    assert max(map(len, generated)) <= LONGEST + 1
    assert generated == model.generate("jig", np.random.default_rng(1), 64) != model.generate("jig", np.random.default_rng(2), 64)


class FixedTitles:
    """Stands in for a model: returns the same titles in each round."""

    def __init__(self, **titles: list[str]) -> None:
        self._titles = titles

    def generate(self, rhythm: str, _: np.random.Generator) -> list[str]:
        return self._titles.get(rhythm, [])


def test_generated_titles_pass_the_filter_and_are_distinct() -> None:
    """A title generated for both goes to the reel, the first rhythm. Duplicates and rejected titles are dropped."""
    title_filter = TitleFilter.of([*NAMES, "mountain road", "kitty's jig", "kitty's reel"], [comparison_key("The Red Lamp")])
    model = FixedTitles(
        reel=["the red lamp", "the old maid", "the the", "mountain road", "kitty's reel"],
        jig=["the mountain road", "the morning maid", "the morning maid", "kitty's reel"],
    )
    titles = generate_titles(model, title_filter, rounds=2)
    assert tuple(titles) == CONDITIONS
    assert {rhythm: listed for rhythm, listed in titles.items() if listed} == {
        "reel": ["The Old Maid", "Mountain Road", "Kitty's Reel"],
        "jig": ["The Morning Maid"],
    }


def test_the_written_file_holds_the_new_titles_that_the_composer_reads(trained: Trained) -> None:
    _, figures, titles = trained
    counts = {rhythm: figures[f"new titles for {rhythm or 'any rhythm'}"] for rhythm in CONDITIONS}
    assert {rhythm: len(listed) for rhythm, listed in titles.items()} == {rhythm: n for rhythm, n in counts.items() if n}
    assert {title.lower() for listed in titles.values() for title in listed} <= set(NEW)
