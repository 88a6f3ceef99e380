"""Takes the first job by the index of priorities, whatever the statistics say.

Mostly the queue is empty, and the statistics are of such a moment. When many jobs come, the planner still expects a few, reads all of
them and sorts: 10 ms for each job that is taken, with 10,000 waiting.
"""

from alembic import op

revision = "0011"
down_revision = "0010"

FUNCTION = "procrastinate_fetch_job_v2(character varying[], bigint)"


def upgrade() -> None:
    op.execute(f"ALTER FUNCTION {FUNCTION} SET enable_sort = off")


def downgrade() -> None:
    op.execute(f"ALTER FUNCTION {FUNCTION} RESET enable_sort")
