"""The tables. The queue's tables belong to procrastinate."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    func,
    text,
    true,
)
from sqlalchemy.dialects.postgresql import JSONB

metadata = MetaData()

tunes = Table(
    "tunes",
    metadata,
    Column("id", Text, primary_key=True),
    Column("platform", Text, nullable=False),
    Column("event_id", Text, nullable=False),
    Column("user_id", Text, nullable=False),
    Column("channel_id", Text, nullable=False),
    Column("community_id", Text, nullable=False),
    Column("reply", JSONB, nullable=False),
    Column("request", JSONB, nullable=False),
    Column("parent_id", Text, ForeignKey("tunes.id", name="tunes_parent_fkey", ondelete="SET NULL")),
    Column("status", Text, nullable=False, server_default="queued"),
    Column("bars", Integer, nullable=False, server_default="0"),
    Column("starts", Integer, nullable=False, server_default="0"),
    Column("draft", Text),
    Column("abc", Text),
    Column("title", Text),
    Column("rhythm", Text),
    Column("key", Text),
    Column("metre", Text),
    Column("duration_ms", Integer),
    Column("model", Text),
    Column("scores", JSONB),
    Column("notices", JSONB),
    Column("error", JSONB),
    Column("message_id", Text),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("started_at", DateTime(timezone=True)),
    Column("finished_at", DateTime(timezone=True)),
    Column("likes", Integer, nullable=False, server_default="0"),  # a trigger keeps this count
    Column("shared_at", DateTime(timezone=True)),
    Column("shared_community_id", Text),
    Column("shared_channel_id", Text),
    Column("shared_message_id", Text),
    Column("round", Integer, nullable=False, server_default="0"),  # see storage.queue.rounds
    Column("not_before", DateTime(timezone=True)),
    Column("set_id", Text),
    Column("set_index", Integer, nullable=False, server_default="0"),
    Column("deaths", Integer, nullable=False, server_default="0"),  # of workers that had the tune in hand
    Column("lone_deaths", Integer, nullable=False, server_default="0"),  # of those, with no other tune in hand
    Column("failures", Integer, nullable=False, server_default="0"),  # how often making it raised an error
    UniqueConstraint("platform", "event_id", name="tunes_event_key"),
    CheckConstraint("status IN ('queued', 'composing', 'rendering', 'finished', 'failed')", name="tunes_status_check"),
    Index(
        "tunes_queued",
        "round",
        "created_at",
        "set_index",
        "id",
        postgresql_include=["not_before"],
        postgresql_where=text("status = 'queued'"),
    ),
    Index("tunes_queued_model", text("(request ->> 'model')"), "round", postgresql_where=text("status = 'queued'")),
    Index("tunes_in_hand", "round", postgresql_where=text("status IN ('composing', 'rendering')")),
    Index("tunes_started", "round", postgresql_where=text("status <> 'queued'")),
    Index("tunes_turns", "platform", "user_id", "round"),
    Index("tunes_finished", "finished_at", postgresql_where=text("status = 'finished'")),
    Index("tunes_set", "set_id", "set_index", postgresql_where=text("set_id IS NOT NULL")),
    Index("tunes_open", "platform", "user_id", postgresql_where=text("status IN ('queued', 'composing', 'rendering')")),
    Index("tunes_undelivered", "platform", "created_at", postgresql_where=text("message_id IS NULL")),
    Index("tunes_message", "message_id", postgresql_where=text("message_id IS NOT NULL")),
    Index("tunes_shared_message", "shared_message_id", postgresql_where=text("shared_message_id IS NOT NULL")),
    Index("tunes_reply", "reply", postgresql_using="gin", postgresql_ops={"reply": "jsonb_path_ops"}),
    Index("tunes_parent", "parent_id"),
    Index("tunes_user", "platform", "user_id", "finished_at", "id"),
)

files = Table(
    "files",
    metadata,
    Column("tune_id", Text, ForeignKey("tunes.id", name="files_tune_fkey", ondelete="CASCADE"), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("media_type", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("hash", Text, nullable=False),
    Index("files_hash", "hash"),
)

# The shared tunes with what they are sorted by: when they were shared, and their likes ever and in each period. Triggers keep it.
shared_tunes = Table(
    "shared_tunes",
    metadata,
    Column("tune_id", Text, ForeignKey("tunes.id", name="shared_tunes_tune_fkey", ondelete="CASCADE"), primary_key=True),
    Column("shared_at", DateTime(timezone=True), nullable=False),
    Column("ever", Integer, nullable=False),
    Column("month", Integer, nullable=False),
    Column("week", Integer, nullable=False),
    Index("shared_tunes_newest", "shared_at", "tune_id"),
    *(
        Index(f"shared_tunes_{period}", period, "shared_at", "tune_id", postgresql_where=text(f"{period} > 0"))
        for period in ("ever", "month", "week")
    ),
)

# What can be searched for in them. Apart from the likes, since each change would write all terms anew.
searched_tunes = Table(
    "searched_tunes",
    metadata,
    Column(
        "tune_id",
        Text,
        ForeignKey("shared_tunes.tune_id", name="searched_tunes_tune_fkey", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("platform", Text, nullable=False),
    Column("community_id", Text, nullable=False),  # where it was shared from
    Column("title", Text, nullable=False),  # in lower case
    Column("rhythm", Text, nullable=False),
    Column("key", Text, nullable=False),
    Index(
        "searched_tunes_terms",
        text("search_terms(title, rhythm, key, platform, community_id)"),
        postgresql_using="gin",
        postgresql_with={"fastupdate": False},
    ),
)

last_seen = Table(
    "last_seen",
    metadata,
    Column("platform", Text, primary_key=True),
    Column("community_id", Text, primary_key=True),
    Column("channel_id", Text, primary_key=True),  # of direct messages; a community has one row for all its channels
    Column("user_id", Text, nullable=False),  # whose direct messages
    Column("message_id", BigInteger, nullable=False),
    Index("last_seen_user", "platform", "user_id"),
)

model_offers = Table(
    "model_offers",
    metadata,
    Column("name", Text, primary_key=True),
    Column("description", Text, nullable=False),
    Column("is_default", Boolean, nullable=False),
    Column("seen_at", DateTime(timezone=True), nullable=False),
)

likes = Table(
    "likes",
    metadata,
    Column("tune_id", Text, ForeignKey("tunes.id", name="likes_tune_fkey", ondelete="CASCADE"), primary_key=True),
    Column("platform", Text, primary_key=True),
    Column("user_id", Text, primary_key=True),
    Column("liked_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    # Whether `shared_tunes` counts it as of this week and month: see storage.like_periods.
    Column("in_week", Boolean, nullable=False, server_default=true()),
    Column("in_month", Boolean, nullable=False, server_default=true()),
    Index("likes_week", "liked_at", postgresql_where=text("in_week")),
    Index("likes_month", "liked_at", postgresql_where=text("in_month")),
    Index("likes_user", "platform", "user_id"),
    Index("likes_recent", "liked_at", "tune_id"),
)

defaults = Table(
    "defaults",
    metadata,
    Column("platform", Text, primary_key=True),
    Column("user_id", Text, primary_key=True),
    Column("document", JSONB, nullable=False),
)

community_settings = Table(
    "community_settings",
    metadata,
    Column("platform", Text, primary_key=True),
    Column("community_id", Text, primary_key=True),
    Column("document", JSONB, nullable=False),
)

credentials = Table(
    "credentials",
    metadata,
    Column("platform", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("secret", LargeBinary, nullable=False),  # encrypted
    Column("updated_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("expires_at", DateTime(timezone=True)),
)

signing_keys = Table(
    "signing_keys",
    metadata,
    Column("name", Text, primary_key=True),
    Column("key", LargeBinary, nullable=False),
)

claims = Table(
    "claims",
    metadata,
    Column("platform", Text, primary_key=True),
    Column("event_id", Text, primary_key=True),
    Column("claimed_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
)

lease_holders = Table(
    "lease_holders",
    metadata,
    Column("id", Text, primary_key=True),
    Column("expires_at", DateTime(timezone=True), nullable=False),
)

leases = Table(
    "leases",
    metadata,
    Column("name", Text, primary_key=True),
    Column("holder", Text, ForeignKey("lease_holders.id", name="leases_holder_fkey", ondelete="CASCADE"), nullable=False),
    Index("leases_holder", "holder"),
)

sessions = Table(
    "sessions",
    metadata,
    Column("platform", Text, primary_key=True),
    Column("channel_id", Text, primary_key=True),
    Column("thread_id", Text, primary_key=True),
    Column("rhythm", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("tune_id", Text, ForeignKey("tunes.id", name="sessions_tune_fkey", ondelete="SET NULL")),  # of the latest answer
    Column("begun_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("advanced_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Index("sessions_tune", "tune_id"),
)
