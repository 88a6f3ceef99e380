"""Adds the last message that was seen in each conversation."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "last_seen",
        sa.Column("platform", sa.Text, primary_key=True),
        sa.Column("community_id", sa.Text, primary_key=True),
        sa.Column("channel_id", sa.Text, primary_key=True),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("message_id", sa.BigInteger, nullable=False),
    )
    op.create_index("last_seen_user", "last_seen", ["platform", "user_id"])


def downgrade() -> None:
    op.drop_table("last_seen")
