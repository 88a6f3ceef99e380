"""Adds indexes for positions in a long queue, and for the queue of each model."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

queued = sa.text("status = 'queued'")
ORDER = ["round", "created_at", "set_index", "id"]


def upgrade() -> None:
    op.drop_index("tunes_queued", "tunes")
    op.create_index("tunes_queued", "tunes", ORDER, postgresql_include=["not_before"], postgresql_where=queued)
    op.create_index("tunes_queued_model", "tunes", [sa.text("(request ->> 'model')"), "round"], postgresql_where=queued)
    op.create_index("tunes_in_hand", "tunes", ["round"], postgresql_where=sa.text("status IN ('composing', 'rendering')"))


def downgrade() -> None:
    op.drop_index("tunes_in_hand", "tunes")
    op.drop_index("tunes_queued_model", "tunes")
    op.drop_index("tunes_queued", "tunes")
    op.create_index("tunes_queued", "tunes", ORDER, postgresql_where=queued)
