"""Turns in the queue, cooldowns, and sets."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

queued, finished = sa.text("status = 'queued'"), sa.text("status = 'finished'")


def upgrade() -> None:
    # What waits already has the turn 0, as its job has the priority 0: it goes before whatever is asked for later.
    op.add_column("tunes", sa.Column("round", sa.Integer, nullable=False, server_default="0"))
    op.add_column("tunes", sa.Column("not_before", sa.DateTime(timezone=True)))
    op.add_column("tunes", sa.Column("set", sa.Text))
    op.add_column("tunes", sa.Column("set_index", sa.Integer, nullable=False, server_default="0"))
    op.drop_index("tunes_queued")
    op.create_index("tunes_queued", "tunes", ["round", "created_at", "set_index", "id"], postgresql_where=queued)
    op.create_index("tunes_started", "tunes", ["round"], postgresql_where=sa.text("status <> 'queued'"))
    op.create_index("tunes_turns", "tunes", ["platform", "person", "round"])
    op.create_index("tunes_finished", "tunes", ["finished_at"], postgresql_where=finished)
    op.create_index("tunes_set", "tunes", ["set", "set_index"], postgresql_where=sa.text("set IS NOT NULL"))


def downgrade() -> None:
    op.drop_index("tunes_finished")
    for column in ("set_index", "set", "not_before", "round"):
        op.drop_column("tunes", column)  # and the indexes on it
    op.create_index("tunes_queued", "tunes", ["created_at", "id"], postgresql_where=queued)
