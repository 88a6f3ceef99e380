"""Which headers models get."""

from tests.training.tunes import melody, raw
from training.corpus.build import build
from training.corpus.corpus import Corpus
from training.evaluation.prompts import choose_prompts, further_prompts, held_out

CORPUS = build([raw(melody(seed, 16), rhythm=("jig", "jig", "slide")[seed % 3]) for seed in range(120)])


def test_prompts_are_real_tunes_chosen_by_the_seed() -> None:
    entries = CORPUS.split("train")
    chosen = choose_prompts(entries, 0, 50)
    assert chosen == choose_prompts(entries, 0, 50) == choose_prompts(entries, 0, 60)[:50]
    assert chosen != choose_prompts(entries, 1, 50)
    assert len({entry.id for entry in chosen}) == 50
    around = choose_prompts(entries, 0, 2 * len(entries))
    assert around[: len(entries)] == around[len(entries) :]


def test_further_prompts_fill_up_each_rhythm() -> None:
    given = held_out(CORPUS)
    assert {entry.split for entry in given} == {"validation", "test"}
    for count in (0, 30, 100):
        further = further_prompts(CORPUS, given, count)
        assert {entry.split for entry in further} <= {"train"}
        for rhythm in ("jig", "slide"):
            has = sum(entry.rhythm == rhythm for entry in [*given, *further])
            assert has == max(count, sum(entry.rhythm == rhythm for entry in given))


def test_a_rhythm_with_few_training_tunes_is_left_as_it_is() -> None:
    slides = [entry for entry in CORPUS.split("train") if entry.rhythm == "slide"]
    assert further_prompts(Corpus(slides[:29]), [], 5) == []
