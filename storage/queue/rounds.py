"""Fair queueing: the order in which requests of different users are served, and the speed of the queue.

Each request gets a number, its `round`. Lower rounds are served first; within a round, earlier requests. The requests of one
user are two rounds apart, and a user without requests in the queue gets the round after the one being served. So:

- While a user waits, no other user is served twice, unless the waiting user was served in the current round: then no other
  user is served three times. (The next round is at most two ahead, and a user's rounds are at least two apart.)
- Nobody starves, however many new users come: a round that has begun accepts no new requests.

A model that only some workers have may be served later than others. It has a round of its own while requests for it wait, so that
a newcomer gets the round after the one being served there.

This is start-time fair queueing (Goyal, Vin, Cheng 1996). The virtual time is the round of the request that started last, which
also holds while several are served at once. New users start half a turn later, so that an endless stream of them can't stop the
virtual time.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Float, ScalarSelect, Select, and_, case, cast, func, or_, select, tuple_

from storage import tables
from storage.tunes import Origin, Status, is_id

TURN = 2  # rounds between two requests of a user
RECENT = 20  # finished tunes from which the speed is estimated

tunes = tables.tunes
queued = tunes.c.status == Status.QUEUED
IN_HAND = tunes.c.status.in_((Status.COMPOSING, Status.RENDERING))


@dataclass(frozen=True, slots=True)
class QueueSpeed:
    """How fast tunes are made at the moment."""

    seconds: float | None = None  # per tune, the median of the last RECENT; None before the first
    in_progress: int = 0  # number of tunes


def may_start(table: Any = tunes) -> ColumnElement[bool]:
    """Whether a tune is not in a cooldown."""
    return or_(table.c.not_before.is_(None), table.c.not_before <= func.now())


def next_round(origin: Origin, model: str) -> ScalarSelect[int]:
    """The round of a new request. Requests of one user must be added one at a time."""
    same_model = tunes.c.request["model"].astext == model
    waiting = select(func.min(tunes.c.round)).where(queued, may_start())
    look = {
        "started": func.coalesce(select(func.max(tunes.c.round)).where(tunes.c.status != Status.QUEUED).scalar_subquery(), 0),
        "first": waiting.scalar_subquery(),
        "first_of_model": waiting.where(same_model).scalar_subquery(),
        "in_hand": select(func.max(tunes.c.round)).where(IN_HAND, same_model).scalar_subquery(),
        "last": select(func.max(tunes.c.round)).where(of_user(origin)).scalar_subquery(),
        "last_of_model": select(func.max(tunes.c.round)).where(of_user(origin), queued, same_model).scalar_subquery(),
    }
    # OFFSET 0: each is looked up once, however often it is used.
    now = select(*(value.label(name) for name, value in look.items())).offset(0).subquery().c
    # Deleted requests leave a gap: new requests must not fill it before those that wait behind it.
    served = case((now.first > now.started + TURN, now.first), else_=now.started)
    # A model that fewer workers have may lag: then its own round counts, until nobody waits for it.
    of_model = func.least(served, case((now.first_of_model.is_not(None), func.greatest(now.first_of_model, now.in_hand))))
    if not origin.user_id:  # each request counts as a user of its own
        return select(of_model + 1).scalar_subquery()
    # A user is as many rounds ahead for one model as for all.
    ahead = now.last - (served - of_model) + TURN
    return select(func.greatest(of_model + 1, ahead, now.last_of_model + TURN)).scalar_subquery()


def not_before(origin: Origin, cooldown_s: int) -> ScalarSelect[Any] | ColumnElement[Any] | None:
    """When the cooldown after the user's last request in this community ends; None if it is over."""
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
    """`id` and `queue_position` of the queued tunes; 1 is next. Tunes in a cooldown don't count."""
    other = tunes.alias()
    before = _order(other) < _order(tunes)
    earlier = select(func.count()).where(other.c.status == Status.QUEUED, may_start(other), before).scalar_subquery()
    return select(tunes.c.id, (earlier + 1).label("queue_position")).where(
        tunes.c.id.in_([tune_id for tune_id in tune_ids if is_id(tune_id)]), queued
    )


@dataclass(frozen=True, slots=True)
class QueueState:
    """What waits and what is being made. Tunes in a cooldown don't count."""

    waiting: int = 0
    in_progress: int = 0
    oldest_s: float = 0.0  # how long the first of those that wait has waited


def queue_state() -> Select[Any]:
    """The columns of a QueueState."""
    waiting = select(
        func.count().label("waiting"), func.min(func.coalesce(tunes.c.not_before, tunes.c.created_at)).label("since")
    )
    waits = waiting.where(queued, may_start()).subquery()
    in_progress = select(func.count()).where(IN_HAND).scalar_subquery()
    oldest_s = func.coalesce(func.extract("epoch", func.now() - waits.c.since), 0)
    return select(waits.c.waiting, in_progress.label("in_progress"), cast(oldest_s, Float).label("oldest_s"))


def queue_speed() -> Select[Any]:
    """The columns of a QueueSpeed."""
    recent = (
        select(func.extract("epoch", tunes.c.finished_at - tunes.c.started_at).label("seconds"))
        .where(tunes.c.status == Status.FINISHED, tunes.c.started_at.is_not(None))
        .order_by(tunes.c.finished_at.desc())
        .limit(RECENT)
        .subquery()
    )
    # The median: a tune whose worker died, or whose machine slept, is an outlier.
    median = select(func.percentile_cont(0.5).within_group(recent.c.seconds)).scalar_subquery()
    in_progress = select(func.count()).where(IN_HAND).scalar_subquery()
    return select(median.label("seconds"), in_progress.label("in_progress"))


def _order(table: Any) -> Any:
    return tuple_(table.c.round, table.c.created_at, table.c.set_index, table.c.id)
