"""Adds indexes to find the tunes of a message, and those that were requested in a conversation."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    for name, column in (("tunes_message", "message_id"), ("tunes_shared_message", "shared_message_id")):
        op.create_index(name, "tunes", [column], postgresql_where=sa.text(f"{column} IS NOT NULL"))
    op.create_index("tunes_reply", "tunes", ["reply"], postgresql_using="gin", postgresql_ops={"reply": "jsonb_path_ops"})


def downgrade() -> None:
    for name in ("tunes_reply", "tunes_shared_message", "tunes_message"):
        op.drop_index(name, "tunes")
