"""Adds what platforms need besides tunes: their secrets, the events that were handled, and sessions."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    now = sa.func.now()
    op.create_table(
        "credentials",
        sa.Column("platform", sa.Text, primary_key=True),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("secret", sa.LargeBinary, nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False, server_default=now),
        sa.Column("expires_at", sa.DateTime(timezone=True)),
    )
    op.create_table(
        "claims",
        sa.Column("platform", sa.Text, primary_key=True),
        sa.Column("event_id", sa.Text, primary_key=True),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=False, server_default=now),
    )
    op.create_table(
        "sessions",
        sa.Column("platform", sa.Text, primary_key=True),
        sa.Column("channel_id", sa.Text, primary_key=True),
        sa.Column("thread_id", sa.Text, primary_key=True),
        sa.Column("rhythm", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("tune_id", sa.Text, sa.ForeignKey("tunes.id", name="sessions_tune_fkey", ondelete="SET NULL")),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False, server_default=now),
        sa.Column("advanced_at", sa.DateTime(timezone=True), nullable=False, server_default=now),
    )
    op.create_index("sessions_tune", "sessions", ["tune_id"])


def downgrade() -> None:
    for table in ("sessions", "claims", "credentials"):
        op.drop_table(table)
