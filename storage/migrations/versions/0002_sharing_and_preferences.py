"""Likes, sharing, people's defaults and servers' settings."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0002"
down_revision = "0001"

# A tune that is deleted is announced as well: who follows it looks, and finds that it has gone.
ANNOUNCE = """
CREATE OR REPLACE FUNCTION announce_tune() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('tunes', coalesce(NEW.id, OLD.id));
    RETURN NULL;
END;
$$;
DROP TRIGGER announce_tune ON tunes;
CREATE TRIGGER announce_tune AFTER INSERT OR UPDATE OR DELETE ON tunes FOR EACH ROW EXECUTE FUNCTION announce_tune();
"""

ANNOUNCE_BEFORE = """
DROP TRIGGER announce_tune ON tunes;
CREATE OR REPLACE FUNCTION announce_tune() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('tunes', NEW.id);
    RETURN NULL;
END;
$$;
CREATE TRIGGER announce_tune AFTER INSERT OR UPDATE ON tunes FOR EACH ROW EXECUTE FUNCTION announce_tune();
"""

# The count stands in the tune's row: it can be sorted by, and its change is announced like any other.
COUNT = """
CREATE FUNCTION count_like() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        UPDATE tunes SET likes = likes + 1 WHERE id = NEW.tune;
    ELSE
        UPDATE tunes SET likes = likes - 1 WHERE id = OLD.tune;
    END IF;
    RETURN NULL;
END;
$$;
CREATE TRIGGER count_like AFTER INSERT OR DELETE ON likes FOR EACH ROW EXECUTE FUNCTION count_like();
"""


def upgrade() -> None:
    op.add_column("tunes", sa.Column("likes", sa.Integer, nullable=False, server_default="0"))
    op.add_column("tunes", sa.Column("shared_at", sa.DateTime(timezone=True)))
    op.add_column("tunes", sa.Column("shared_server", sa.Text))
    op.add_column("tunes", sa.Column("shared_place", sa.Text))
    op.add_column("tunes", sa.Column("shared_message", sa.Text))
    shared = sa.text("shared_at IS NOT NULL")
    op.create_index("tunes_shared", "tunes", ["shared_at", "id"], postgresql_where=shared)
    op.create_index("tunes_liked", "tunes", ["likes", "shared_at", "id"], postgresql_where=shared)
    op.create_index("tunes_shared_server", "tunes", ["platform", "shared_server", "shared_at", "id"], postgresql_where=shared)
    op.create_index("tunes_shared_key", "tunes", ["key", "shared_at", "id"], postgresql_where=shared)
    op.create_index("tunes_shared_rhythm", "tunes", ["rhythm", "shared_at", "id"], postgresql_where=shared)
    op.create_index("tunes_person", "tunes", ["platform", "person", "finished_at", "id"])
    op.create_index("files_hash", "files", ["hash"])
    op.create_table(
        "likes",
        sa.Column("tune", sa.Text, sa.ForeignKey("tunes.id", name="likes_tune_fkey", ondelete="CASCADE"), primary_key=True),
        sa.Column("platform", sa.Text, primary_key=True),
        sa.Column("person", sa.Text, primary_key=True),
        sa.Column("liked_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    )
    op.create_index("likes_person", "likes", ["platform", "person"])
    op.create_index("likes_recent", "likes", ["liked_at", "tune"])
    for name, of in (("defaults", "person"), ("server_settings", "server")):
        op.create_table(
            name,
            sa.Column("platform", sa.Text, primary_key=True),
            sa.Column(of, sa.Text, primary_key=True),
            sa.Column("document", JSONB, nullable=False),
        )
    _run(COUNT)
    _run(ANNOUNCE)


def downgrade() -> None:
    _run(ANNOUNCE_BEFORE)
    for table in ("server_settings", "defaults", "likes"):
        op.drop_table(table)
    op.execute("DROP FUNCTION count_like")
    op.drop_index("files_hash")
    op.drop_index("tunes_person")
    for column in ("shared_message", "shared_place", "shared_server", "shared_at", "likes"):
        op.drop_column("tunes", column)  # and the indexes on it


def _run(script: str) -> None:
    op.get_bind().exec_driver_sql(script, execution_options={"no_parameters": True})
