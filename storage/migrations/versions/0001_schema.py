"""The first schema: tunes, files, likes, settings, model offers, and procrastinate's queue."""

import sqlalchemy as sa
from alembic import op
from procrastinate.schema import SchemaManager
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None

# A trigger, so that every change of a row is announced. A deleted tune is announced as well: its followers look it up and
# find that it no longer exists.
ANNOUNCE_TUNE = """
CREATE FUNCTION announce_tune() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('tunes', coalesce(NEW.id, OLD.id));
    RETURN NULL;
END;
$$;
CREATE TRIGGER announce_tune AFTER INSERT OR UPDATE OR DELETE ON tunes FOR EACH ROW EXECUTE FUNCTION announce_tune();
"""

# The count is a column of the tune: queries can sort by it, and a change of it is announced like any other.
COUNT_LIKE = """
CREATE FUNCTION count_like() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        UPDATE tunes SET likes = likes + 1 WHERE id = NEW.tune_id;
    ELSE
        UPDATE tunes SET likes = likes - 1 WHERE id = OLD.tune_id;
    END IF;
    RETURN NULL;
END;
$$;
CREATE TRIGGER count_like AFTER INSERT OR DELETE ON likes FOR EACH ROW EXECUTE FUNCTION count_like();
"""

DROP_QUEUE = """
DROP TABLE procrastinate_periodic_defers, procrastinate_events, procrastinate_jobs, procrastinate_workers CASCADE;
DO $$
DECLARE routine regprocedure;
BEGIN
    FOR routine IN SELECT oid FROM pg_proc
        WHERE proname LIKE 'procrastinate\\_%' AND pronamespace = current_schema()::regnamespace
    LOOP
        EXECUTE 'DROP FUNCTION ' || routine;
    END LOOP;
END;
$$;
DROP TYPE procrastinate_job_to_defer_v1, procrastinate_job_event_type, procrastinate_job_status;
"""

queued = sa.text("status = 'queued'")
started = sa.text("status <> 'queued'")
unfinished = sa.text("status IN ('queued', 'composing', 'rendering')")
finished = sa.text("status = 'finished'")
shared = sa.text("shared_at IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "tunes",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("platform", sa.Text, nullable=False),
        sa.Column("event_id", sa.Text, nullable=False),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("channel_id", sa.Text, nullable=False),
        sa.Column("community_id", sa.Text, nullable=False),
        sa.Column("reply", JSONB, nullable=False),
        sa.Column("request", JSONB, nullable=False),
        sa.Column("parent_id", sa.Text, sa.ForeignKey("tunes.id", name="tunes_parent_fkey", ondelete="SET NULL")),
        sa.Column("status", sa.Text, nullable=False, server_default="queued"),
        sa.Column("bars", sa.Integer, nullable=False, server_default="0"),
        sa.Column("starts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("abc", sa.Text),
        sa.Column("title", sa.Text),
        sa.Column("rhythm", sa.Text),
        sa.Column("key", sa.Text),
        sa.Column("metre", sa.Text),
        sa.Column("duration_ms", sa.Integer),
        sa.Column("model", sa.Text),
        sa.Column("scores", JSONB),
        sa.Column("notices", JSONB),
        sa.Column("error", JSONB),
        sa.Column("message_id", sa.Text),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.Column("started_at", sa.DateTime(timezone=True)),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
        sa.Column("likes", sa.Integer, nullable=False, server_default="0"),
        sa.Column("shared_at", sa.DateTime(timezone=True)),
        sa.Column("shared_community_id", sa.Text),
        sa.Column("shared_channel_id", sa.Text),
        sa.Column("shared_message_id", sa.Text),
        sa.Column("round", sa.Integer, nullable=False, server_default="0"),
        sa.Column("not_before", sa.DateTime(timezone=True)),
        sa.Column("set_id", sa.Text),
        sa.Column("set_index", sa.Integer, nullable=False, server_default="0"),
        sa.UniqueConstraint("platform", "event_id", name="tunes_event_key"),
        sa.CheckConstraint("status IN ('queued', 'composing', 'rendering', 'finished', 'failed')", name="tunes_status_check"),
    )
    for name, columns, where in (
        ("tunes_queued", ["round", "created_at", "set_index", "id"], queued),
        ("tunes_started", ["round"], started),
        ("tunes_turns", ["platform", "user_id", "round"], None),
        ("tunes_finished", ["finished_at"], finished),
        ("tunes_set", ["set_id", "set_index"], sa.text("set_id IS NOT NULL")),
        ("tunes_open", ["platform", "user_id"], unfinished),
        ("tunes_undelivered", ["platform", "created_at"], sa.text("message_id IS NULL")),
        ("tunes_parent", ["parent_id"], None),
        ("tunes_shared", ["shared_at", "id"], shared),
        ("tunes_liked", ["likes", "shared_at", "id"], shared),
        ("tunes_shared_community", ["platform", "shared_community_id", "shared_at", "id"], shared),
        ("tunes_shared_key", ["key", "shared_at", "id"], shared),
        ("tunes_shared_rhythm", ["rhythm", "shared_at", "id"], shared),
        ("tunes_user", ["platform", "user_id", "finished_at", "id"], None),
    ):
        op.create_index(name, "tunes", columns, postgresql_where=where)
    op.create_table(
        "files",
        sa.Column("tune_id", sa.Text, sa.ForeignKey("tunes.id", name="files_tune_fkey", ondelete="CASCADE"), primary_key=True),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("media_type", sa.Text, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
    )
    op.create_index("files_hash", "files", ["hash"])
    op.create_table(
        "likes",
        sa.Column("tune_id", sa.Text, sa.ForeignKey("tunes.id", name="likes_tune_fkey", ondelete="CASCADE"), primary_key=True),
        sa.Column("platform", sa.Text, primary_key=True),
        sa.Column("user_id", sa.Text, primary_key=True),
        sa.Column("liked_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    )
    op.create_index("likes_user", "likes", ["platform", "user_id"])
    op.create_index("likes_recent", "likes", ["liked_at", "tune_id"])
    for name, owner in (("defaults", "user_id"), ("community_settings", "community_id")):
        op.create_table(
            name,
            sa.Column("platform", sa.Text, primary_key=True),
            sa.Column(owner, sa.Text, primary_key=True),
            sa.Column("document", JSONB, nullable=False),
        )
    op.create_table(
        "model_offers",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("is_default", sa.Boolean, nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
    )
    _run(ANNOUNCE_TUNE)
    _run(COUNT_LIKE)
    # The schema of the installed procrastinate (3.10 when this was written). A later revision that updates its tables must
    # first check whether they are up to date: on a new database this revision has just created them.
    _run(SchemaManager.get_schema())


def downgrade() -> None:
    for table in ("model_offers", "community_settings", "defaults", "likes", "files", "tunes"):
        op.drop_table(table)
    op.execute("DROP FUNCTION announce_tune, count_like")
    _run(DROP_QUEUE)


def _run(script: str) -> None:
    # psycopg accepts several statements, and percent signs in them, only without parameters.
    op.get_bind().exec_driver_sql(script, execution_options={"no_parameters": True})
