"""The discussion of an evaluation and the suggested next steps, for made-up values."""

from collections.abc import Sequence
from dataclasses import replace

from tests.training.evaluations import Load, cell, made_up
from training.evaluation.results import Cell, Evaluation
from training.report.discussion import discussion
from training.report.next_steps import next_steps


def rows(losses: Sequence[float], gap: float = 0.05) -> list[dict[str, float]]:
    return [{"epoch": float(epoch), "loss": loss, "val_loss": loss + gap} for epoch, loss in enumerate(losses)]


def passage(found: Evaluation, title: str, log: Sequence[dict[str, float]] = ()) -> str:
    return " ".join(next(one.sentences for one in discussion(found, "tiny", log) if one.title == title))


def test_worse_results_are_stated_like_better_ones(loaded: Load) -> None:
    evaluation = made_up()
    bits = evaluation["metrics"]["bits_per_note_test"]
    bits["grammar"]["mean"], bits["folk_rnn"]["mean"], bits["mit_lab"]["mean"] = 2.2, 2.0, 4.4
    evaluation["metrics"]["ends_on_tonic"]["grammar"] = cell(0.5, 0.01)
    evaluation["metrics"]["rhythm"] |= {"raw": cell(0.4, 0.01), "grammar": cell(0.4, 0.01)}
    found = loaded(evaluation)
    likelihood = passage(found, "Likelihood")
    assert "folk_rnn needs 2.000: ours needs 10.0\u00a0% more, so folk_rnn predicts real tunes better." in likelihood
    assert "mit_lab needs 4.400: ours needs 50.0\u00a0% fewer." in likelihood
    assert "The last note is the tonic in 50.0\u00a0% of our tunes" in passage(found, "Form")
    assert "40.0 points fewer, a clear difference." in passage(found, "Form")
    assert "clearly worse in 2 (rhythm as requested; shares 17 notes or more)" in passage(found, "Comparison with the baselines")
    steps = next_steps(found, [])
    assert any("why folk_rnn predicts better" in step for step in steps)
    assert any("rare rhythms" in step for step in steps)


def test_small_differences_may_be_chance(loaded: Load) -> None:
    evaluation = made_up()
    evaluation["metrics"]["metre"]["grammar"] = cell(0.9, 0.01)
    found = loaded(evaluation)
    assert passage(found, "Well-formed").startswith(
        "All bars are complete in 89.0\u00a0% of our tunes (raw: 87.0\u00a0%) and in 90.0\u00a0% of real test tunes:"
        " 1.0 points fewer, which may be chance."
    )
    assert "The metre is the requested one in 90.0\u00a0% of our tunes (raw: 87.0\u00a0%), as in real test tunes." in passage(
        found, "As requested"
    )


def test_the_training_loss_is_discussed(loaded: Load) -> None:
    found = loaded(made_up())
    falling, turned, wide = rows([2.0, 1.5, 1.0]), rows([2.0, 1.0, 1.2]), rows([2.0, 1.0, 1.2], gap=0.5)
    assert "the last epoch: the loss was still falling" in passage(found, "Likelihood", falling)
    assert any(step.startswith("Train longer") for step in next_steps(found, falling))
    assert "lowest in epoch 2 of 3: 1.050 nats" in passage(found, "Likelihood", turned)
    assert "still falling" not in passage(found, "Likelihood", turned)
    assert "a sign of overfitting" in passage(found, "Likelihood", wide)
    assert not any("dropout" in step for step in next_steps(found, turned))
    assert any("the loss is 1.000 on training tunes and 1.500 on validation tunes" in step for step in next_steps(found, wide))


def test_the_similarity_to_real_tunes_is_discussed(loaded: Load) -> None:
    found = loaded(made_up())
    assert "about as near to the training tunes as real tunes are" in passage(found, "Similarity to real tunes")
    far = {**found.metrics, "jsd_interval_ratio": {"grammar": Cell(2.5, 0.1)}}
    assert "furthest from real tunes in their intervals" in passage(replace(found, metrics=far), "Similarity to real tunes")
    assert any("other temperatures" in step for step in next_steps(replace(found, metrics=far), []))
