"""Counts what went wrong while a tune was made: deaths of its worker, and failures."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

COLUMNS = ("deaths", "lone_deaths", "failures")


def upgrade() -> None:
    for name in COLUMNS:
        op.add_column("tunes", sa.Column(name, sa.Integer, nullable=False, server_default="0"))


def downgrade() -> None:
    for name in COLUMNS:
        op.drop_column("tunes", name)
