"""The tables of tunes and their files; the queue's own are procrastinate's."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

metadata = MetaData()

tunes = Table(
    "tunes",
    metadata,
    Column("id", Text, primary_key=True),
    Column("platform", Text, nullable=False),
    Column("event", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("place", Text, nullable=False),
    Column("server", Text, nullable=False),
    Column("reply", JSONB, nullable=False),
    Column("request", JSONB, nullable=False),
    Column("parent", Text, ForeignKey("tunes.id", name="tunes_parent_fkey", ondelete="SET NULL")),
    Column("status", Text, nullable=False, server_default="queued"),
    Column("bars", Integer, nullable=False, server_default="0"),
    Column("starts", Integer, nullable=False, server_default="0"),
    Column("abc", Text),
    Column("title", Text),
    Column("rhythm", Text),
    Column("key", Text),
    Column("metre", Text),
    Column("duration_ms", Integer),
    Column("model", Text),
    Column("scores", JSONB),
    Column("error", Text),
    Column("message", Text),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("started_at", DateTime(timezone=True)),
    Column("finished_at", DateTime(timezone=True)),
    UniqueConstraint("platform", "event", name="tunes_event_key"),
    CheckConstraint("status IN ('queued', 'composing', 'rendering', 'finished', 'failed')", name="tunes_status_check"),
    Index("tunes_queued", "created_at", "id", postgresql_where=text("status = 'queued'")),
    Index("tunes_open", "platform", "person", postgresql_where=text("status IN ('queued', 'composing', 'rendering')")),
    Index("tunes_undelivered", "platform", "created_at", postgresql_where=text("message IS NULL")),
    Index("tunes_latest", "platform", "finished_at", postgresql_where=text("status = 'finished'")),
    Index("tunes_parent", "parent"),
)

files = Table(
    "files",
    metadata,
    Column("tune", Text, ForeignKey("tunes.id", name="files_tune_fkey", ondelete="CASCADE"), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("media_type", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("hash", Text, nullable=False),
)
