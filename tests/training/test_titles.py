"""How titles are made ready for learning, and that the model learns and is saved as the composer reads it. No network."""

import codecs

import numpy as np
import pytest

from generator.composer.title_rules import letters
from generator.composer.titles import LETTERS, Titles
from generator.composer.unfit import unfit
from tests.training.tunes import melody, raw, text
from training import titles
from training.corpus.sources import RawTune


def tune(title: str, *, collection: str = "irish.abc", rhythm: str = "jig") -> RawTune:
    return RawTune(collection, text(melody(1), title=title, rhythm=rhythm))


@pytest.mark.parametrize(
    ("written", "small"),
    [
        ("Maid of Athens, The", "the maid of athens"),
        ("Fair Maid of Cavan., The", "the fair maid of cavan"),
        ("THE RED HAIRED LASS", "the red haired lass"),
        ("The Merry Old Woman. 2nd Setting.", "the merry old woman"),
        ("Fisher's Hornpipe (2nd Setting)", "fisher's hornpipe"),
        ("Blackthorn Stick No. 2", "blackthorn stick"),
        ("ACROBAT'S -- HORNPIPE", "acrobat's"),
        ("COME UNDER MY PLADDIE -- JIG.", "come under my pladdie"),
        ("Bird's Fat:her (Lancashire) -- Clog", "bird's father"),
        ('"BULLY FOR YOU" -- JIG.', "bully for you"),
        ("The Gobby O -- Jig (or Jefferson and Liberty)", "the gobby o"),
        ("Sweet Ellen, or Figure Eight", "sweet ellen"),
        ("T:Beebe's -- Hornpipe", "beebe's"),
        ("Mrs. Judge", "mrs judge"),
        ("The Humors of Whiskey.", "the humours of whiskey"),
        ("Father Dollard’s Favorite", "father dollard's favourite"),
        ("Sea & Sand", "sea and sand"),
        ("An Cailín Rua", "an cailín rua"),
    ],
)
def test_titles_are_tidied(written, small):
    assert [titles.tidy(title) for title in titles.field(f"X:1\nT:{written}\nK:D\n")] == [small]


def test_a_title_that_ends_in_a_name_takes_the_rhythm_of_its_tune():
    assert titles.examples([tune("Dan Murphy's"), tune("Dan Murphy's", rhythm="")]) == [
        ("jig", "dan murphy's jig"),
        ("", "dan murphy's"),
    ]


def test_what_cannot_be_a_title_is_not_learned():
    kept = tune("The Lamp in the Orchard")
    refused = [
        tune("Quick Step 42d. Regt."),
        tune("Lamp"),
        tune("The Lamp in the Orchard of the Man of the House"),
        tune("The Lamp Reel"),  # for a jig
        tune("La Nov\\'ell\\'e Hollande"),
        tune("Miss Bain's Strathsy.", collection="airdsAirs"),
        RawTune("irish.abc", "X:1\nK:D\nDFA|"),
    ]
    assert titles.examples([*refused, kept, kept]) == [("jig", "the lamp in the orchard")]


def test_no_unfit_title_is_learned():
    words = [codecs.decode(word, "rot13") for word in ("pbba", "avttre", "fyhg", "qnexvrf")]
    planted = [
        tune(form.format(word)) for word in words for form in ("Old Zip {}", "The {}'s Fancy", "The Lamp ({}) of Cork", "{}, The")
    ]
    assert all(unfit(title) for each in planted for title in titles.field(each.text))
    assert titles.examples(planted) == []


def test_the_second_titles_of_oneill_are_known_but_not_learned():
    both = RawTune("oneills1850", "X:1\nT:Short Grass, The\nT:An Feur Gearr\nM:6/8\nR:jig\nK:D\nDFA DFA|]\n")
    assert titles.examples([both]) == [("jig", "the short grass")]
    assert {letters("The Short Grass"), letters("An Feur Gearr")} <= titles.known([both])


def test_every_title_of_every_collection_is_known():
    aird = tune("Willie's Auld Trews, or Deil Stick the Minister", collection="airdsAirs")
    assert {letters("Willie's Auld Trews"), letters("Deil Stick the Minister")} <= titles.known([aird])
    assert letters("Acrobat's") in titles.known([tune("ACROBAT'S -- HORNPIPE", collection="ryansMammoth")])


def test_words_are_trusted_beside_new_ones_after_enough_neighbours():
    found = titles.shapes(["the morning star", "the morning dew", "morning air", "evening star"])
    assert {"morning *", "* star", "morning dew", "the morning -", "< the - - >"} <= found
    assert not {"evening *", "* dew", "evening dew"} & found


def test_arrays_shift_by_one_and_mask_what_lies_behind_the_end():
    inputs, rhythms, outputs = titles.arrays([("jig", "a maid"), ("", "an old maid")])
    assert inputs.shape == rhythms.shape == outputs.shape == (2, 12)
    assert "".join(LETTERS[code] for code in inputs[0][:7]) == "\na maid"
    assert "".join(LETTERS[code] for code in outputs[0][:7]) == "a maid\n"
    assert (outputs[0][7:] == -1).all()
    assert (rhythms[0] == titles.CONDITIONS.index("jig")).all()
    assert (rhythms[1] == 0).all()


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A small model of a small book, its figures, and the Keras model behind it."""
    names = [
        f"the {one} {two}" for one in ("red", "old", "morning", "mountain", "lilting") for two in ("lamp", "road", "dew", "maid")
    ]
    book = [raw(melody(number), "irish.abc", title=name.title()) for number, name in enumerate(names)]
    path = tmp_path_factory.mktemp("titles") / "titles.npz"
    models = []
    with pytest.MonkeyPatch.context() as patch:
        build = titles.build
        patch.setattr(titles, "build", lambda units: models.append(build(units)) or models[0])
        figures = titles.train(book, path, epochs=12, units=32)
    return names, path, figures, models[0]


def test_training_makes_held_out_titles_likelier(trained):
    _, path, figures, _ = trained
    assert figures["held_out_nats_per_character"] < np.log(len(LETTERS)) * 0.9
    assert figures["bytes"] == path.stat().st_size


def test_the_saved_model_steps_as_the_keras_model_does(trained):
    """The plain numpy steps give the scores that Keras gives, within half precision."""
    _, path, _, model = trained
    held = Titles(path)
    inputs, rhythms, _ = titles.arrays([("jig", "the old lamp")])
    expected = np.asarray(model([inputs, rhythms]))[0]
    units = len(held._recurrent)
    hidden, cell = np.zeros((1, units), np.float32), np.zeros((1, units), np.float32)
    for place, code in enumerate(inputs[0]):
        scores, hidden, cell = held.step(np.array([code]), "jig", hidden, cell)
        assert np.allclose(scores[0], expected[place], atol=0.02), place


def test_the_saved_model_draws_only_words_of_the_book_and_knows_its_titles(trained):
    names, path, _, _ = trained
    held = Titles(path)
    words = {word for name in names for word in name.split()}
    drawn = [title for seed in range(4) for title in held.draw("jig", np.random.default_rng(seed))]
    assert all(word in words for title in drawn for word in title.split()[:-1])
    assert all(held.is_known(name) for name in names)
    assert held.refusal("the old lamp", "jig") == "known"
