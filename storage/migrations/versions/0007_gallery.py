"""Lists the shared tunes in narrow tables of their own: one with what they are sorted by, one with what is searched for.

The tables are filled and indexed before anything is locked. Then writers of tunes and likes wait for seconds, while what changed
meanwhile is added.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

# What a search can ask for, one term each: one, two and three characters of the title in a row, the rhythm, the key, its mode, and
# from where the tune was shared. The others have a space, so that none looks like characters of a title.
SEARCH_TERMS = r"""
CREATE FUNCTION search_terms(title text, rhythm text, key text, platform text, community_id text) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 1000 AS $$
    SELECT coalesce(array_agg(part) FILTER (WHERE part !~ '\s'), '{}')
        || ARRAY['rhythm ' || rhythm, 'key ' || key, 'mode ' || regexp_replace(key, '^[A-G][#b]?', ''),
            'from ' || platform || ' ' || community_id]
    FROM (
        SELECT substr(title, start, size) AS part
        FROM generate_series(1, 3) AS size, generate_series(1, length(title) - size + 1) AS start
    ) AS parts
$$;
"""

LIST_SHARED_TUNE = """
CREATE FUNCTION list_shared_tune() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM shared_tunes WHERE tune_id = NEW.id;
    IF NEW.shared_at IS NOT NULL THEN
        INSERT INTO shared_tunes (tune_id, shared_at, ever, month, week)
        SELECT NEW.id, NEW.shared_at, count(*), count(*) FILTER (WHERE in_month), count(*) FILTER (WHERE in_week)
        FROM likes WHERE tune_id = NEW.id;
        INSERT INTO searched_tunes (tune_id, platform, community_id, title, rhythm, key)
        VALUES (NEW.id, NEW.platform, coalesce(NEW.shared_community_id, ''),
            lower(coalesce(NEW.title, '')), coalesce(NEW.rhythm, ''), coalesce(NEW.key, ''));
    END IF;
    RETURN NULL;
END;
$$;
"""

TRIGGERS = """
CREATE TRIGGER list_new_tune AFTER INSERT ON tunes FOR EACH ROW WHEN (NEW.shared_at IS NOT NULL)
    EXECUTE FUNCTION list_shared_tune();
CREATE TRIGGER list_shared_tune AFTER UPDATE OF shared_at, shared_community_id, title, rhythm, key ON tunes FOR EACH ROW
    WHEN (coalesce(OLD.shared_at, NEW.shared_at) IS NOT NULL
        AND (OLD.shared_at, OLD.shared_community_id, OLD.title, OLD.rhythm, OLD.key)
            IS DISTINCT FROM (NEW.shared_at, NEW.shared_community_id, NEW.title, NEW.rhythm, NEW.key))
    EXECUTE FUNCTION list_shared_tune();
"""

# The tune is locked first; the like was locked by the statement that changed it. See storage.like_periods.
COUNT_LIKE = """
CREATE OR REPLACE FUNCTION count_like() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    liked text := coalesce(NEW.tune_id, OLD.tune_id);
    more integer := (TG_OP = 'INSERT')::integer - (TG_OP = 'DELETE')::integer;
    more_in_month integer := coalesce(NEW.in_month::integer, 0) - coalesce(OLD.in_month::integer, 0);
    more_in_week integer := coalesce(NEW.in_week::integer, 0) - coalesce(OLD.in_week::integer, 0);
BEGIN
    IF more <> 0 THEN
        UPDATE tunes SET likes = likes + more WHERE id = liked;
    END IF;
    UPDATE shared_tunes SET ever = ever + more, month = month + more_in_month, week = week + more_in_week WHERE tune_id = liked;
    RETURN NULL;
END;
$$;
CREATE OR REPLACE TRIGGER count_like AFTER INSERT OR DELETE OR UPDATE OF in_month, in_week ON likes
    FOR EACH ROW EXECUTE FUNCTION count_like();
"""

COUNT_LIKE_BEFORE = """
CREATE OR REPLACE FUNCTION count_like() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        UPDATE tunes SET likes = likes + 1 WHERE id = NEW.tune_id;
    ELSE
        UPDATE tunes SET likes = likes - 1 WHERE id = OLD.tune_id;
    END IF;
    RETURN NULL;
END;
$$;
CREATE OR REPLACE TRIGGER count_like AFTER INSERT OR DELETE ON likes FOR EACH ROW EXECUTE FUNCTION count_like();
"""

SEARCHED = """
INSERT INTO searched_tunes (tune_id, platform, community_id, title, rhythm, key)
SELECT id, platform, coalesce(shared_community_id, ''), lower(coalesce(title, '')), coalesce(rhythm, ''), coalesce(key, '')
FROM tunes WHERE shared_at IS NOT NULL ON CONFLICT DO NOTHING
"""
UNSHARED_MEANWHILE = """
DELETE FROM searched_tunes AS searched WHERE NOT EXISTS (
    SELECT FROM tunes WHERE id = tune_id AND shared_at IS NOT NULL AND shared_community_id = searched.community_id
)
"""
SHARED = """
INSERT INTO shared_tunes (tune_id, shared_at, ever, month, week)
SELECT id, shared_at, coalesce(ever, 0), coalesce(month, 0), coalesce(week, 0)
FROM tunes LEFT JOIN (
    SELECT tune_id, count(*) AS ever, count(*) FILTER (WHERE in_month) AS month, count(*) FILTER (WHERE in_week) AS week
    FROM likes GROUP BY tune_id
) AS counted ON tune_id = id
WHERE shared_at IS NOT NULL
"""

shared = sa.text("shared_at IS NOT NULL")
TERMS = sa.text("search_terms(title, rhythm, key, platform, community_id)")
NO_LONGER_USED = (  # indexes of tunes: the lists have their own
    ("tunes_shared", ["shared_at", "id"]),
    ("tunes_liked", ["likes", "shared_at", "id"]),
    ("tunes_shared_community", ["platform", "shared_community_id", "shared_at", "id"]),
    ("tunes_shared_key", ["key", "shared_at", "id"]),
    ("tunes_shared_rhythm", ["rhythm", "shared_at", "id"]),
)
PERIODS = {"week": 7, "month": 30}  # days


def upgrade() -> None:
    op.create_table(
        "searched_tunes",
        sa.Column("tune_id", sa.Text, primary_key=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("platform", "community_id", "title", "rhythm", "key")),
    )
    _run(SEARCH_TERMS + LIST_SHARED_TUNE)
    op.execute(SEARCHED)
    # Without a list of pending entries, which somebody's sharing would have to work off.
    gin = {"fastupdate": False}
    op.create_index("searched_tunes_terms", "searched_tunes", [TERMS], postgresql_using="gin", postgresql_with=gin)

    op.execute("LOCK TABLE tunes, likes IN SHARE ROW EXCLUSIVE MODE")
    op.execute(UNSHARED_MEANWHILE)
    op.execute(SEARCHED)
    for period, days in PERIODS.items():
        # First false, then the recent ones true: most likes are old, and keep their rows.
        op.add_column("likes", sa.Column(f"in_{period}", sa.Boolean, nullable=False, server_default=sa.false()))
        op.execute(f"UPDATE likes SET in_{period} = true WHERE liked_at > now() - interval '{days} days'")
        op.alter_column("likes", f"in_{period}", server_default=sa.true())
        op.create_index(f"likes_{period}", "likes", ["liked_at"], postgresql_where=sa.text(f"in_{period}"))
    op.create_table(
        "shared_tunes",
        sa.Column("tune_id", sa.Text, primary_key=True),
        sa.Column("shared_at", sa.DateTime(timezone=True), nullable=False),
        *(sa.Column(name, sa.Integer, nullable=False) for name in ("ever", "month", "week")),
    )
    op.execute(SHARED)
    op.create_index("shared_tunes_newest", "shared_tunes", ["shared_at", "tune_id"])
    for period in ("ever", "month", "week"):
        liked = sa.text(f"{period} > 0")
        op.create_index(f"shared_tunes_{period}", "shared_tunes", [period, "shared_at", "tune_id"], postgresql_where=liked)
    for name, source, target, column in (
        ("shared_tunes_tune_fkey", "shared_tunes", "tunes", "id"),
        ("searched_tunes_tune_fkey", "searched_tunes", "shared_tunes", "tune_id"),
    ):
        op.create_foreign_key(name, source, target, ["tune_id"], [column], ondelete="CASCADE")
    _run(TRIGGERS + COUNT_LIKE)
    for name, _ in NO_LONGER_USED:
        op.drop_index(name, "tunes")
    op.execute("ANALYZE shared_tunes")
    op.execute("ANALYZE searched_tunes")


def downgrade() -> None:
    for name, columns in NO_LONGER_USED:
        op.create_index(name, "tunes", columns, postgresql_where=shared)
    op.execute("DROP TRIGGER list_new_tune ON tunes")
    op.execute("DROP TRIGGER list_shared_tune ON tunes")
    _run(COUNT_LIKE_BEFORE)
    for period in PERIODS:
        op.drop_column("likes", f"in_{period}")
    op.drop_table("searched_tunes")
    op.drop_table("shared_tunes")
    op.execute("DROP FUNCTION list_shared_tune, search_terms")


def _run(script: str) -> None:
    # psycopg accepts several statements, and percent signs in them, only without parameters.
    op.get_bind().exec_driver_sql(script, execution_options={"no_parameters": True})
