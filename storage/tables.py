"""The tables of tunes, their files and likes, and of what people and servers have set; the queue's own are procrastinate's."""

from sqlalchemy import (
    BigInteger,
    Boolean,
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
shared = text("shared_at IS NOT NULL")

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
    Column("likes", Integer, nullable=False, server_default="0"),  # a trigger counts them
    Column("shared_at", DateTime(timezone=True)),
    Column("shared_server", Text),
    Column("shared_place", Text),
    Column("shared_message", Text),
    Column("round", Integer, nullable=False, server_default="0"),  # the turn's number: see storage.rounds
    Column("not_before", DateTime(timezone=True)),
    Column("set", Text),
    Column("set_index", Integer, nullable=False, server_default="0"),
    UniqueConstraint("platform", "event", name="tunes_event_key"),
    CheckConstraint("status IN ('queued', 'composing', 'rendering', 'finished', 'failed')", name="tunes_status_check"),
    Index("tunes_queued", "round", "created_at", "set_index", "id", postgresql_where=text("status = 'queued'")),
    Index("tunes_started", "round", postgresql_where=text("status <> 'queued'")),
    Index("tunes_turns", "platform", "person", "round"),
    Index("tunes_finished", "finished_at", postgresql_where=text("status = 'finished'")),
    Index("tunes_set", "set", "set_index", postgresql_where=text("set IS NOT NULL")),
    Index("tunes_open", "platform", "person", postgresql_where=text("status IN ('queued', 'composing', 'rendering')")),
    Index("tunes_undelivered", "platform", "created_at", postgresql_where=text("message IS NULL")),
    Index("tunes_parent", "parent"),
    Index("tunes_shared", "shared_at", "id", postgresql_where=shared),
    Index("tunes_liked", "likes", "shared_at", "id", postgresql_where=shared),
    Index("tunes_shared_server", "platform", "shared_server", "shared_at", "id", postgresql_where=shared),
    Index("tunes_shared_key", "key", "shared_at", "id", postgresql_where=shared),
    Index("tunes_shared_rhythm", "rhythm", "shared_at", "id", postgresql_where=shared),
    Index("tunes_person", "platform", "person", "finished_at", "id"),
)

files = Table(
    "files",
    metadata,
    Column("tune", Text, ForeignKey("tunes.id", name="files_tune_fkey", ondelete="CASCADE"), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("media_type", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("hash", Text, nullable=False),
    Index("files_hash", "hash"),
)

models = Table(
    "models",
    metadata,
    Column("name", Text, primary_key=True),
    Column("description", Text, nullable=False),
    Column("usual", Boolean, nullable=False),
    Column("seen_at", DateTime(timezone=True), nullable=False),
)

likes = Table(
    "likes",
    metadata,
    Column("tune", Text, ForeignKey("tunes.id", name="likes_tune_fkey", ondelete="CASCADE"), primary_key=True),
    Column("platform", Text, primary_key=True),
    Column("person", Text, primary_key=True),
    Column("liked_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Index("likes_person", "platform", "person"),
    Index("likes_recent", "liked_at", "tune"),
)

defaults = Table(
    "defaults",
    metadata,
    Column("platform", Text, primary_key=True),
    Column("person", Text, primary_key=True),
    Column("document", JSONB, nullable=False),
)

server_settings = Table(
    "server_settings",
    metadata,
    Column("platform", Text, primary_key=True),
    Column("server", Text, primary_key=True),
    Column("document", JSONB, nullable=False),
)
