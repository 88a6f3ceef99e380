"""Whose turn it is: fairness between people in the order of the queue, and how fast the queue moves.

Turns are served by their number, `round`; among equals the one that was asked for first. A person's turns are two apart, and
whoever has not waited in the queue gets the number after the one that is being served. So:

- While somebody waits nobody else has two turns, unless the person's last turn was in the very round that is being served:
  then nobody has three. (The next number is at most two ahead, and nobody's turns are closer than two.)
- Nobody starves, however many come anew: a round that has begun takes nobody in any more, so only those who are there
  already, or come before it begins, go first.

This is start-time fair queueing (Goyal, Vin, Cheng 1996) with the virtual time at whatever was started last, which keeps its
promise while several are served at once, and with newcomers half a round later, which keeps an endless stream of them from
holding the time still.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, Select, and_, case, func, or_, select, tuple_

from storage import tables
from storage.tunes import Origin, Status, is_id

TURN = 2  # between two of a person's
RECENT = 20  # tunes, by which the queue's speed is told

tunes = tables.tunes
queued = tunes.c.status == Status.QUEUED


@dataclass(frozen=True, slots=True)
class QueueSpeed:
    """How fast tunes are made just now."""

    seconds: float | None = None  # that a tune is in hand, by the last RECENT; None while nothing was made
    in_progress: int = 0  # tunes that are being made


def may_start(of: Any = tunes) -> ColumnElement[bool]:
    """Whether a tune's cooldown is over."""
    return or_(of.c.not_before.is_(None), of.c.not_before <= func.now())


def next_round(origin: Origin) -> ColumnElement[int]:
    """The number of the turn that a request gets. Requests of a person must be added one at a time."""
    started = func.coalesce(select(func.max(tunes.c.round)).where(tunes.c.status != Status.QUEUED).scalar_subquery(), 0)
    first = select(func.min(tunes.c.round)).where(queued, may_start()).scalar_subquery()
    # Where turns were deleted there is a gap: nobody may fill it before those who wait behind it.
    served = case((first > started + TURN, first), else_=started)
    if not origin.user_id:  # each request is a person of its own
        return served + 1
    last = select(func.max(tunes.c.round)).where(of_user(origin)).scalar_subquery()
    return func.greatest(served + 1, last + TURN)


def not_before(origin: Origin, cooldown_s: int) -> ScalarSelect[Any] | ColumnElement[Any] | None:
    """When the cooldown that the person's last turn in this server began is over; None where it is over already."""
    if not cooldown_s or not origin.user_id:
        return None
    last = (
        select(func.coalesce(tunes.c.not_before, tunes.c.created_at))
        .where(of_user(origin), tunes.c.community_id == origin.community_id)
        .order_by(tunes.c.round.desc())
        .limit(1)
        .scalar_subquery()
    )
    return func.nullif(func.greatest(last + timedelta(seconds=cooldown_s), func.now()), func.now())


def of_user(origin: Origin) -> ColumnElement[bool]:
    return and_(tunes.c.platform == origin.platform, tunes.c.user_id == origin.user_id)


def queue_positions(tune_ids: Iterable[str]) -> Select[Any]:
    """`id` and `queue_position` of those that are queued, 1 for the next. Others whose cooldown goes on do not count."""
    other = tunes.alias()
    before = _order(other) < _order(tunes)
    earlier = select(func.count()).where(other.c.status == Status.QUEUED, may_start(other), before).scalar_subquery()
    return select(tunes.c.id, (earlier + 1).label("queue_position")).where(
        tunes.c.id.in_([one for one in tune_ids if is_id(one)]), queued
    )


def queue_speed() -> Select[Any]:
    """The columns of a QueueSpeed."""
    recent = (
        select(func.extract("epoch", tunes.c.finished_at - tunes.c.started_at).label("seconds"))
        .where(tunes.c.status == Status.FINISHED, tunes.c.started_at.is_not(None))
        .order_by(tunes.c.finished_at.desc())
        .limit(RECENT)
        .subquery()
    )
    # The median: one tune whose worker died, or whose machine slept, says nothing about the next.
    median = select(func.percentile_cont(0.5).within_group(recent.c.seconds)).scalar_subquery()
    in_progress = select(func.count()).where(tunes.c.status.in_((Status.COMPOSING, Status.RENDERING))).scalar_subquery()
    return select(median.label("seconds"), in_progress.label("in_progress"))


def _order(of: Any) -> Any:
    return tuple_(of.c.round, of.c.created_at, of.c.set_index, of.c.id)
