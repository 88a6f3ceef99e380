"""Tunes, their files, and procrastinate's queue."""

import sqlalchemy as sa
from alembic import op
from procrastinate.schema import SchemaManager
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None

# A trigger, so that no change of a row can forget to tell those who follow the tune.
ANNOUNCE = """
CREATE FUNCTION announce_tune() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('tunes', NEW.id);
    RETURN NULL;
END;
$$;
CREATE TRIGGER announce_tune AFTER INSERT OR UPDATE ON tunes FOR EACH ROW EXECUTE FUNCTION announce_tune();
"""

FORGET_JOBS = """
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


def upgrade() -> None:
    op.create_table(
        "tunes",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("platform", sa.Text, nullable=False),
        sa.Column("event", sa.Text, nullable=False),
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("place", sa.Text, nullable=False),
        sa.Column("server", sa.Text, nullable=False),
        sa.Column("reply", JSONB, nullable=False),
        sa.Column("request", JSONB, nullable=False),
        sa.Column("parent", sa.Text, sa.ForeignKey("tunes.id", name="tunes_parent_fkey", ondelete="SET NULL")),
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
        sa.Column("error", sa.Text),
        sa.Column("message", sa.Text),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.Column("started_at", sa.DateTime(timezone=True)),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
        sa.UniqueConstraint("platform", "event", name="tunes_event_key"),
        sa.CheckConstraint("status IN ('queued', 'composing', 'rendering', 'finished', 'failed')", name="tunes_status_check"),
    )
    unfinished = sa.text("status IN ('queued', 'composing', 'rendering')")
    op.create_index("tunes_queued", "tunes", ["created_at", "id"], postgresql_where=sa.text("status = 'queued'"))
    op.create_index("tunes_open", "tunes", ["platform", "person"], postgresql_where=unfinished)
    op.create_index("tunes_undelivered", "tunes", ["platform", "created_at"], postgresql_where=sa.text("message IS NULL"))
    op.create_index("tunes_latest", "tunes", ["platform", "finished_at"], postgresql_where=sa.text("status = 'finished'"))
    op.create_index("tunes_parent", "tunes", ["parent"])
    op.create_table(
        "files",
        sa.Column("tune", sa.Text, sa.ForeignKey("tunes.id", name="files_tune_fkey", ondelete="CASCADE"), primary_key=True),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("media_type", sa.Text, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
    )
    _run(ANNOUNCE)
    # The schema of the procrastinate that is installed (3.10 when this was written). A later revision that brings its
    # tables up to date must look first whether they are so already: on a new database this one has just made them new.
    _run(SchemaManager.get_schema())


def downgrade() -> None:
    op.drop_table("files")
    op.drop_table("tunes")
    op.execute("DROP FUNCTION announce_tune")
    _run(FORGET_JOBS)


def _run(script: str) -> None:
    # Several statements with percent signs in them: psycopg takes those only without parameters.
    op.get_bind().exec_driver_sql(script, execution_options={"no_parameters": True})
