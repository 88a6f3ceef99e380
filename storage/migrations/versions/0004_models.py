"""The models that workers offer; an index that no query needs any more goes."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "models",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("usual", sa.Boolean, nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.drop_index("tunes_latest")


def downgrade() -> None:
    op.create_index("tunes_latest", "tunes", ["platform", "finished_at"], postgresql_where=sa.text("status = 'finished'"))
    op.drop_table("models")
