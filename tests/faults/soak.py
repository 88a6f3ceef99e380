"""Hours of ordinary load: memory and open files of every process stay flat.

Capacity is measured first, as tunes a minute with IN_PROGRESS requests always open. Then requests come evenly at 80 % of it. The
slopes are those of least squares, without the first minutes, and per hour. Memory is RSS; for PostgreSQL it is what its processes
do not share (USS), since each of them counts the same shared buffers.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass, field
from statistics import fmean, linear_regression, quantiles

import psutil

from tests.faults.product import Product, product
from tests.faults.report import Report, fault
from tests.faults.verdict import judge

IN_PROGRESS = 16
CAPACITY_S = 120.0
SHARE = 0.8
SAMPLE_S = 10.0
SETTLING_MINUTES = 5.0
# Flat: what was gained while measuring is less than this. A sample is that uncertain.
MOST_GROWTH, MOST_GROWTH_MB = 0.05, 12.0
MOST_DESCRIPTORS = 8
COUNT = "SELECT count(*) FILTER (WHERE message_id IS NOT NULL) FROM tunes"
SECONDS = """
    SELECT extract(epoch FROM finished_at - created_at)::float FROM tunes
    WHERE status = 'finished' AND created_at > to_timestamp({})
"""


@dataclass
class Series:
    """One process over time."""

    hours: list[float] = field(default_factory=list)
    megabytes: list[float] = field(default_factory=list)
    descriptors: list[int] = field(default_factory=list)


@fault(
    "soak", promise="at 80 % of capacity memory and open files stay flat, and no tune fails (--minutes: how long)", limit_s=86_400
)
async def soak(report: Report) -> None:
    minutes = report.options.minutes
    async with product(report.folder) as running:
        capacity = await _capacity(running, min(CAPACITY_S, 30 * minutes))
        report.figure("capacity, tunes a minute", round(capacity, 1))
        report.figure("minutes", minutes)
        began = time.time()
        requesting = asyncio.create_task(_request_evenly(running, SHARE * capacity))
        try:
            series = await _sample(running, requesting, minutes)
        finally:
            requesting.cancel()
            await asyncio.wait([requesting])
        report.figure("seconds until the rest was done", round(await running.all_over(running.requested), 1))
        taken = sorted(seconds for (seconds,) in await running.query(SECONDS.format(began)))
        report.figure("tunes a minute", round(len(taken) / minutes, 1))
        report.figure("submission to finish, s (median, p95, longest)", [round(at, 1) for at in _percentiles(taken)])
        for name, each in series.items():
            _judge_flat(name, each, report, settling_h=min(SETTLING_MINUTES, minutes / 2) / 60)
        report.figure("starts of bot and worker", [running.starts, len(running.events("worker ready"))])
        await judge(running, report, most_starts=1)


async def _capacity(running: Product, seconds: float) -> float:
    """Tunes a minute when IN_PROGRESS requests are always open."""
    delivered, began = 0, 0.0
    while not began or time.monotonic() - began < seconds:
        [(done,)] = await running.query(COUNT)
        for _ in range(IN_PROGRESS - (len(running.requested) - done)):
            await running.request()
        if not began and done >= IN_PROGRESS:
            delivered, began = done, time.monotonic()
        await asyncio.sleep(0.2)
    [(done,)] = await running.query(COUNT)
    return 60 * float(done - delivered) / (time.monotonic() - began)


async def _request_evenly(running: Product, per_minute: float) -> None:
    due = time.monotonic()
    while True:
        await running.request()
        due += 60 / per_minute
        await asyncio.sleep(max(0.0, due - time.monotonic()))


async def _sample(running: Product, requesting: asyncio.Task[None], minutes: float) -> dict[str, Series]:
    series: dict[str, Series] = defaultdict(Series)
    began = time.monotonic()
    while (passed := time.monotonic() - began) < 60 * minutes:
        if requesting.done():
            requesting.result()
        for name, processes in _parts(running).items():
            with suppress(psutil.NoSuchProcess):
                each = series[name]
                memory = sum(_bytes(process, shared=name != "PostgreSQL") for process in processes) / 1e6
                descriptors = sum(process.num_fds() for process in processes)
                each.hours.append(passed / 3600)
                each.megabytes.append(memory)
                each.descriptors.append(descriptors)
        running.discord.forget_files()
        await asyncio.sleep(SAMPLE_S)
    return series


def _parts(running: Product) -> dict[str, list[psutil.Process]]:
    parts = {"bot": running.processes("bot"), "worker": running.processes("worker")}
    renderers = sorted(running.processes("renderer"), key=lambda process: process.pid)
    parts |= {f"renderer {number}": [process] for number, process in enumerate(renderers, start=1)}
    [postmaster] = running.processes("postgres")
    return parts | {"PostgreSQL": [postmaster, *postmaster.children()]}


def _bytes(process: psutil.Process, *, shared: bool) -> int:
    return int(process.memory_info().rss if shared else process.memory_full_info().uss)


def _judge_flat(name: str, series: Series, report: Report, *, settling_h: float) -> None:
    first = next((index for index, hours in enumerate(series.hours) if hours >= settling_h), 0)
    hours, megabytes, descriptors = series.hours[first:], series.megabytes[first:], series.descriptors[first:]
    if len(hours) < 3:
        report.check(False, f"{name}: not sampled often enough")
        return
    window_h, mean = hours[-1] - hours[0], fmean(megabytes)
    memory_slope = linear_regression(hours, megabytes).slope
    descriptor_slope = linear_regression(hours, descriptors).slope
    report.figure(f"{name}, MB (+ an hour)", f"{mean:.0f} ({memory_slope:+.1f})")
    report.figure(f"{name}, descriptors (+ an hour)", f"{fmean(descriptors):.0f} ({descriptor_slope:+.1f})")
    report.check(
        memory_slope * window_h <= max(MOST_GROWTH * mean, MOST_GROWTH_MB), f"the memory of {name} grows: {memory_slope:.1f} MB/h"
    )
    report.check(descriptor_slope * window_h <= MOST_DESCRIPTORS, f"the descriptors of {name} grow: {descriptor_slope:.1f}/h")


def _percentiles(ordered: list[float]) -> tuple[float, float, float]:
    if len(ordered) < 2:
        return (0.0, 0.0, 0.0)
    cuts = quantiles(ordered, n=20)
    return cuts[9], cuts[18], ordered[-1]
