"""Fills an empty database with as many tunes as a large host has after years.

Titles, rhythms, keys, people and servers are of uneven frequency. Of the tunes 34 % are shared; there are up to 0.68 likes
per tune, a fifth of them of the last week. The first person has 1 % of all tunes, but at most 10,000. The same number of tunes
always gives the same database, apart from the time.
"""

from __future__ import annotations

from sqlalchemy import text

from storage.database import Database

FILL_S = 3600.0
BEFORE = "0006"  # the revision that is filled: the migrations after it meet a large database
SHARED, LIKES = 0.34, 0.68

WORDS = {
    "adjective": (
        "Merry,Rambling,Lonesome,Jolly,Wandering,Silver,Golden,Old,Young,Broken,Bonny,Drunken,Wild,Green,Black,Sleepy,Rolling"
    ),
    "noun": (
        "Piper,Fiddler,Blackbird,Thrush,Maid,Sailor,Kettle,Bridge,Lark,Ferry,Miller,Tinker,Weaver,Harvest,Morning,Chimney,Cobbler,"
        "Gander,Heather,Lantern,Salmon,Spinning Wheel,Wren,Ploughman,Gate,Swallow,Fair,Road,Shore,Well"
    ),
    "town": (
        "Ennis,Tulla,Kilrush,Sligo,Galway,Tralee,Doolin,Lisdoonvarna,Miltown,Athlone,Clifden,Westport,Kenmare,Ballinakill,Cork,"
        "Limerick,Boyle,Cashel,Drogheda,Feakle"
    ),
    "name": (
        "Paddy,Máire,Seán,Bríd,Tommy,Junior,Denis,Julia,Martin,Bobby,Willie,Lucy,Ciarán,Síle,Padraig,Nóra,Joe,Kitty,Micho,"
        "Ó Súilleabháin"
    ),
    "form": "The {adjective} {noun},The {noun} of {town},{name}’s {noun},The Humours of {town},{name}’s Trip to {town},"
    "The {noun} in the {noun},{town} Fair,{adjective} {name}",
    "rhythm": "reel,reel,reel,jig,jig,slip jig,hornpipe,polka,waltz,march,slide,air,strathspey",
    "melody": "|:dAFA DFAd|edBd AFEF|DFAd fdec|dBAF E3A:|",
    "key": "D,D,G,G,Em,Ador,Edor,Amix,Bm,A,Dmix,Am,Gdor,Ddor,C,F,Gmix,F#m",
}

HELPERS = """
CREATE FUNCTION pg_temp.one_of(list text, part double precision) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT (string_to_array(list, ','))[1 + floor(part * array_length(string_to_array(list, ','), 1))::int]
$$;
CREATE FUNCTION pg_temp.tune_id(number bigint) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT left(translate(encode(sha256(number::text::bytea), 'base64'), '+/=', 'xyz'), 12)
$$;
"""

PEOPLE = """
CREATE TEMP TABLE people AS
SELECT number, 'person ' || number AS user_id, pg_temp.one_of('discord,discord,discord,slack,web', random()) AS platform,
    'server ' || floor(5000 * random() ^ 3)::int AS community_id
FROM generate_series(0, greatest(:count / 20, 10)) AS number
"""

TUNES = """
INSERT INTO tunes (
    id, platform, event_id, user_id, channel_id, community_id, reply, request, status, bars, starts, abc, title, rhythm, key,
    metre, duration_ms, model, scores, notices, message_id, created_at, started_at, finished_at, round, set_index,
    shared_at, shared_community_id, shared_channel_id
)
SELECT pg_temp.tune_id(number), platform, 'event ' || number, user_id, 'channel ' || community_id, community_id, '{}',
    jsonb_build_object(
        'rhythm', rhythm, 'key', key, 'metre', NULL, 'opening', '', 'mode', 'continue', 'strength', 2, 'keep', '',
        'structure', 'parts', 'title', '', 'instrument', '', 'backing', true, 'chords', false,
        'temperature', 1.0, 'tempo', 1.0, 'times', NULL,
        'model', '', 'seed', number, 'without', '[]'::jsonb, 'candidates', NULL),
    'finished', 32, 1,
    format(E'X:1\nT:%s\nR:%s\nM:4/4\nL:1/8\nK:%s\n%s', title, rhythm, key, melody),
    title, rhythm, key, '4/4', 45000, 'tunesmith-8',
    jsonb_build_object('total', random(), 'melody', random(), 'lengths', random(), 'repetition', random(), 'form', random(),
        'novelty', random(), 'compose_ms', 900, 'render_ms', 400,
        'closest_tune', jsonb_build_object('title', title, 'shared_notes', 14)),
    '[]', 'message ' || number, at, at, at + interval '3 seconds', number, 0,
    CASE WHEN shared THEN at + interval '1 minute' END, CASE WHEN shared THEN community_id END, CASE WHEN shared THEN '' END
FROM (
    SELECT *, CASE WHEN platform = 'web' THEN '' ELSE server END AS community_id,
        now() - interval '2 years' * (1 - (number + random()) / :count) AS at,
        replace(replace(replace(replace(form, '{adjective}', adjective), '{noun}', noun), '{town}', town), '{name}', name)
            AS title,
        repeat(substr(:melody, 1 + (number % 20)::int, 20), 40) AS melody
    FROM (
        SELECT numbers.number, people.user_id, people.platform, people.community_id AS server, random() < :part AS shared,
            pg_temp.one_of(:adjective, random()) AS adjective, pg_temp.one_of(:noun, random()) AS noun,
            pg_temp.one_of(:town, random()) AS town, pg_temp.one_of(:name, random()) AS name,
            pg_temp.one_of(:form, random()) AS form, pg_temp.one_of(:rhythm, random() ^ 2) AS rhythm,
            pg_temp.one_of(:key, random() ^ 2) AS key
        FROM (
            SELECT number, CASE WHEN number % 100 = 0 AND number < 1000000 THEN 0
                ELSE floor((SELECT count(*) FROM people) * random() ^ 2)::int END AS person
            FROM generate_series(1, :count) AS number OFFSET 0
        ) AS numbers JOIN people ON people.number = person OFFSET 0
    ) AS words OFFSET 0
) AS drawn
"""

LIKES_GIVEN = """
INSERT INTO likes (tune_id, platform, user_id, liked_at)
SELECT id, platform, 'person ' || floor(:people * random())::int, now() - interval '2 years' * random() ^ 3
FROM generate_series(1, :likes) AS number
JOIN (SELECT id, platform, row_number() OVER (ORDER BY hashtext(id)) AS rank FROM tunes WHERE shared_at IS NOT NULL) AS shared
    ON shared.rank = 1 + floor(:shared * (sin(number::double precision * 12.9898) ^ 4) ^ 2)::bigint
ON CONFLICT DO NOTHING
"""

COUNTED = """
UPDATE tunes SET likes = given.likes
FROM (SELECT tune_id, count(*) AS likes FROM likes GROUP BY tune_id) AS given WHERE id = tune_id
"""

INDEXES = """
SELECT indexname, indexdef FROM pg_indexes WHERE tablename IN ('tunes', 'likes') AND schemaname = current_schema()
    AND indexname NOT IN (SELECT conname FROM pg_constraint)
"""


async def fill(database: Database, count: int) -> None:
    """Makes the tables of revision BEFORE, with `count` tunes. Takes about a minute for 300,000."""
    await database.migrate(BEFORE)
    async with database.begin(answer_s=FILL_S) as connection:
        await connection.execute(text("SELECT setseed(0.5)"))
        await connection.execute(
            text("SET LOCAL session_replication_role = replica")
        )  # no triggers: they would notify of each row
        indexes = (await connection.execute(text(INDEXES))).all()
        for name, _ in indexes:
            await connection.execute(text(f'DROP INDEX "{name}"'))
        for helper in HELPERS.split("CREATE ")[1:]:
            await connection.execute(text(f"CREATE {helper}"))
        await connection.execute(text(PEOPLE), {"count": count})
        await connection.execute(text(TUNES), {"count": count, "part": SHARED, **WORDS})
        shared = (await connection.execute(text("SELECT count(*) FROM tunes WHERE shared_at IS NOT NULL"))).scalar_one()
        given = {"likes": round(count * LIKES), "shared": shared, "people": count // 20}
        await connection.execute(text(LIKES_GIVEN), given)
        await connection.execute(text(COUNTED))
        for _, definition in indexes:
            await connection.execute(text(definition))
    await vacuum(database)


async def vacuum(database: Database) -> None:
    """What autovacuum does after a while: statistics, and the map of pages that indexes can answer for."""
    async with await database.connect(autocommit=True) as connection:
        connection.silence_s = FILL_S
        await connection.execute("SET statement_timeout = 0")
        await connection.execute("VACUUM (ANALYZE)")
