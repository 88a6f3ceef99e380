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

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Float, Integer, Select, bindparam, cast, func, or_, select, text

from storage import tables
from storage.tunes import Status

TURN = 2  # rounds between two requests of a user
RECENT = 20  # finished tunes from which the speed is estimated

# What a new request gets: its round, the end of its cooldown, the id of its parent if that exists (it can't be deleted before
# the commit), and how many unfinished tunes the user has. Requests of one user must be added one at a time. Without a user, each
# request counts as a user of its own.
#
# Deleted requests leave a gap: new requests must not fill it before those that wait behind it. A model that fewer workers have
# may lag: then its own round counts, until nobody waits for it. A user is as many rounds ahead for one model as for all.
#
# States are literals, as in the conditions of the indexes: so PostgreSQL keeps the plan. `mine` is read apart, by the index of
# a user's unfinished tunes: for `last_of_model` alone, the planner would rather search the whole queue of the model.
NEXT_TURN = text("""
    WITH mine AS MATERIALIZED (
        SELECT round, status, request ->> 'model' AS model FROM tunes
        WHERE :user_id <> '' AND platform = :platform AND user_id = :user_id AND status IN ('queued', 'composing', 'rendering')
    ), look AS MATERIALIZED (
        SELECT coalesce((SELECT max(round) FROM tunes WHERE status <> 'queued'), 0) AS started,
            (SELECT min(round) FROM tunes WHERE status = 'queued' AND (not_before IS NULL OR not_before <= now())) AS first,
            (SELECT min(round) FROM tunes WHERE status = 'queued' AND (not_before IS NULL OR not_before <= now())
                AND request ->> 'model' = :model) AS first_of_model,
            (SELECT max(round) FROM tunes WHERE status IN ('composing', 'rendering') AND request ->> 'model' = :model) AS in_hand,
            (SELECT max(round) FROM tunes WHERE :user_id <> '' AND platform = :platform AND user_id = :user_id) AS last,
            (SELECT max(round) FROM mine WHERE status = 'queued' AND model = :model) AS last_of_model
    ), overall AS (
        SELECT *, CASE WHEN first > started + :turn THEN first ELSE started END AS served FROM look
    ), now AS (
        SELECT *, least(served, CASE WHEN first_of_model IS NOT NULL THEN greatest(first_of_model, in_hand) END) AS of_model
        FROM overall
    )
    SELECT greatest(of_model + 1, last - (served - of_model) + :turn, last_of_model + :turn) AS round,
        CASE WHEN :cooldown_s > 0 AND :user_id <> '' THEN nullif(greatest(now(), make_interval(secs => :cooldown_s) + (
            SELECT coalesce(not_before, created_at) FROM tunes
            WHERE platform = :platform AND user_id = :user_id AND community_id = :community_id ORDER BY round DESC LIMIT 1
        )), now()) END AS not_before,
        (SELECT id FROM tunes WHERE id = :parent_id FOR KEY SHARE) AS parent_id,
        (SELECT count(*) FROM mine) AS open
    FROM now
""").bindparams(bindparam("cooldown_s", type_=Integer), turn=TURN)

tunes = tables.tunes
queued = tunes.c.status == Status.QUEUED
IN_HAND = tunes.c.status.in_((Status.COMPOSING, Status.RENDERING))


@dataclass(frozen=True, slots=True)
class QueueSpeed:
    """How fast tunes are made at the moment."""

    seconds: float | None = None  # per tune, the median of the last RECENT; None before the first
    in_progress: int = 0  # number of tunes


def may_start() -> ColumnElement[bool]:
    """Whether a tune is not in a cooldown."""
    return or_(tunes.c.not_before.is_(None), tunes.c.not_before <= func.now())


# `id` and `queue_position` of the queued tunes among `ids`; 1 is next. Tunes in a cooldown don't count.
POSITIONS = text("""
    SELECT id, 1 + (
        SELECT count(*) FROM tunes
        WHERE status = 'queued' AND (not_before IS NULL OR not_before <= now())
            AND (round, created_at, set_index, id) < (own.round, own.created_at, own.set_index, own.id)
    ) AS queue_position
    FROM tunes AS own WHERE id = ANY(:ids) AND status = 'queued'
""")


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
