"""The queue: one procrastinate job per tune, added in the transaction that stores the tune."""

from __future__ import annotations

from datetime import datetime

import psycopg
import structlog
from procrastinate import App, BaseRetryStrategy, JobContext, PsycopgConnector, RetryDecision
from procrastinate.jobs import Job

from generator.user_messages import UserMessage

QUEUE = "tunes"
TASK = "compose"
TRIES = 3
RETRY_PAUSE_S = 2  # times the number of the try: most temporary failures are of the database or the disk

GAVE_UP = UserMessage(
    "I tried {tries} times and couldn't finish this tune. Please ask again, perhaps with another seed.", tries=TRIES
)

log = structlog.get_logger(__name__)


class RetryForever(BaseRetryStrategy):
    """Retries every job: at once after a stop, after a pause if it failed. `_compose` counts the tries."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision:
        failed = isinstance(exception, Exception)
        return RetryDecision(retry_in={"seconds": RETRY_PAUSE_S * (job.attempts + 1) if failed else 0})


def make_app(conninfo: str) -> App:
    """The queue with its one task. It need not be open to enqueue on an existing connection."""
    app = App(connector=PsycopgConnector(conninfo=conninfo, min_size=1, max_size=4))
    app.task(name=TASK, queue=QUEUE, pass_context=True, retry=RetryForever())(_compose)
    return app


def queue_of(model: str) -> str:
    """The queue for requests of a model. Every worker takes jobs from the queue for no model."""
    return f"{QUEUE}:{model}" if model else QUEUE


async def enqueue(
    app: App, tune_id: str, connection: psycopg.AsyncConnection[object], *, model: str, round: int, not_before: datetime | None
) -> None:
    """Adds the tune's job in the connection's transaction. Jobs of earlier rounds are taken first, none before `not_before`."""
    job = app.configure_task(TASK, connection=connection, queue=queue_of(model), priority=-round, schedule_at=not_before)
    await job.defer_async(tune_id=tune_id)


async def _compose(context: JobContext, tune_id: str) -> None:
    storage, handle = context.additional_context["storage"], context.additional_context["handle"]
    try:
        await handle(tune_id)
    except Exception:
        log.exception("Making a tune failed.", tune=tune_id, tries=context.job.attempts + 1)
        if context.job.attempts + 1 < TRIES:
            raise
        await storage.fail(tune_id, GAVE_UP)
