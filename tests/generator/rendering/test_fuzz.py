"""A few of the texts of tests/benchmarks/fuzz_rendering.py, which is run in full by hand."""

from tests.benchmarks.fuzz_rendering import run
from tests.generator.rendering.hostile_abc import HOSTILE


async def test_hostile_text_is_refused_or_rendered_and_costs_no_more_than_one_process():
    outcome = await run(len(HOSTILE) + 10, seed=7)
    assert (outcome.faults, outcome.killers, outcome.rests) == ([], [], set())
    assert min(outcome.counts["rendered"], outcome.counts["refused by the reader"]) > 15
    assert outcome.slow[0][0] < 5
