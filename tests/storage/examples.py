"""An example request, its origin and its composition, and SQL for the tests."""

from pathlib import Path

import psycopg

from generator.request import TuneRequest
from storage import Composition, Origin

ROOT = Path(__file__).parents[2]

COMPOSITION = Composition(
    abc="X:1\nT:The Test\nM:4/4\nL:1/8\nK:D\n|:DFAF DFAF:|",
    title="The Test",
    rhythm="reel",
    key="D",
    metre="4/4",
    duration_ms=12_345,
    model="none",
    scores={"novelty": 0.5},
)

DROP_CONNECTIONS = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


def request(seed: int = 7) -> TuneRequest:
    return TuneRequest.check(rhythm="reel", key="D", seed=seed)


def origin(event_id: str = "1", user_id: str = "ann", platform: str = "discord") -> Origin:
    return Origin(platform, event_id, user_id, channel_id="channel", community_id="guild", reply={"token": "t", "card": [1, 2]})


def execute(url: str, query: str) -> list[tuple[object, ...]]:
    """Runs a query on a connection of its own, as another program would. Returns the rows, if any."""
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(query.encode())
        return cursor.fetchall() if cursor.description else []
