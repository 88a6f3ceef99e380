"""A short run of tests/benchmarks/fuzz_rendering.py, which is run in full by hand."""

from tests.benchmarks.fuzz_rendering import run
from tests.generator.rendering.hostile_abc import HOSTILE


async def test_hostile_text_is_refused_or_rendered_without_a_crash() -> None:
    outcome = await run(len(HOSTILE) + 10, seed=7)
    assert (outcome.faults, outcome.crashes, outcome.leftovers) == ([], [], set())
    assert min(outcome.counts["rendered"], outcome.counts["refused by the reader"]) > 15
    assert outcome.slowest[0][0] < 5
