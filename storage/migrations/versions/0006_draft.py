"""Adds what is written of a tune so far."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column("tunes", sa.Column("draft", sa.Text))


def downgrade() -> None:
    op.drop_column("tunes", "draft")
