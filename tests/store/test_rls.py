"""The walls of PostgreSQL, by raw SQL in the role of the service: other authorities, history, tables, logins."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from typing import Any

import psycopg
import pytest
from sqlalchemy import inspect, make_url, text

from app.errors import DatabaseRefused, SchemaNotCurrent
from app.matching.referral import HomeRef
from app.store import load, migrate, roles, save
from app.store.queue_layout import QUEUE_SCHEMA
from app.store.schema import metadata
from app.store.session import APP_ROLE, Database
from app.store.versions import Precondition
from tests.store.walled import DERBY, with_two_authorities
from tests.support.builders import NOTTINGHAM, a_home
from tests.support.postgres import Postgres

DENIED = psycopg.errors.InsufficientPrivilege


@pytest.fixture(scope="module")
def laid_out(postgres: Postgres) -> Iterator[str]:
    """Name of a database that each test gets a copy of: laid out, with one home of each of two authorities."""
    name = with_two_authorities(postgres)
    yield name
    postgres.drop(name)


@pytest.fixture
def postgres_url(postgres: Postgres, laid_out: str) -> Iterator[str]:
    """The address of the test's own copy."""
    name = postgres.create(laid_out)
    yield postgres.url(name)
    postgres.drop(name)


@pytest.fixture
def owner(postgres_url: str) -> Iterator[Database]:
    """The copy as its owner has it."""
    opened = Database.open(postgres_url)
    yield opened
    opened.close()


@pytest.fixture
def raw(owner: Database, postgres_url: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection in the role of the service, at the start of a transaction for Nottingham."""
    with psycopg.connect(_plain(postgres_url)) as connection:
        _begin(connection, NOTTINGHAM)
        yield connection
        connection.rollback()


def _plain(url: str, **changes: Any) -> str:
    return make_url(url).set(drivername="postgresql", **changes).render_as_string(hide_password=False)


def _begin(connection: psycopg.Connection[Any], authority: str | None) -> None:
    connection.rollback()
    connection.execute("SELECT set_config('role', %s, true)", [APP_ROLE])
    if authority is not None:
        connection.execute("SELECT set_config('placement.authority', %s, true)", [authority])


def _tables(owner: Database) -> list[str]:
    return [name for name in inspect(owner.engine).get_table_names() if name not in roles.WITHOUT_AUTHORITY]


def test_every_table_stands_behind_the_wall(owner: Database) -> None:
    """Each table has row-level security, forced, with the one policy; a new table without it is found here."""
    wanted = (
        "SELECT c.relrowsecurity AND c.relforcerowsecurity,"
        " (SELECT array_agg(pg_get_expr(p.polqual, c.oid) || pg_get_expr(p.polwithcheck, c.oid)"
        "    || p.polcmd::text || p.polpermissive) FROM pg_policy p WHERE p.polrelid = c.oid)"
        " FROM pg_class c WHERE c.oid = to_regclass(:name)"
    )
    with owner.reading() as reading:
        for name in _tables(owner):
            forced, policies = reading.execute(text(wanted), {"name": name}).one()
            assert forced, f"{name}: no row-level security. A migration must give it the policy, as 0006 does."
            mine = "((authority)::text = current_setting('placement.authority'::text, true))"
            assert policies == [f"{mine}{mine}*true"], name
    assert len(_tables(owner)) >= 11


def test_every_table_says_whose_its_rows_are() -> None:
    """A table without the column could have no policy: only those that hold nothing of anybody's may lack it."""
    without = {table.name for table in metadata.tables.values() if "authority" not in table.c}
    assert without <= roles.WITHOUT_AUTHORITY


def test_rows_of_another_authority_are_not_seen(raw: psycopg.Connection[Any]) -> None:
    """Asked for by name, by count and through every table: there are only our own."""
    assert raw.execute("SELECT authority, ref FROM homes").fetchall() == [(NOTTINGHAM, "H")]
    assert raw.execute("SELECT count(*) FROM homes WHERE authority = %s", [DERBY]).fetchall() == [(0,)]
    _begin(raw, DERBY)
    assert raw.execute("SELECT authority, ref FROM homes").fetchall() == [(DERBY, "H")]


@pytest.mark.parametrize("authority", [None, "", "E0600001%", "e06000018"])
def test_who_names_no_authority_sees_nothing(
    owner: Database, raw: psycopg.Connection[Any], authority: str | None
) -> None:
    """Unset, empty, a pattern or written otherwise: no row of any table."""
    _begin(raw, authority)
    for table in _tables(owner):
        assert raw.execute(f"SELECT count(*) FROM {table}").fetchall() == [(0,)], table


def test_the_authority_of_one_transaction_is_gone_in_the_next(raw: psycopg.Connection[Any]) -> None:
    """What a connection of the pool was used for last shows the next user nothing."""
    raw.commit()
    assert raw.execute("SELECT current_user, current_setting('placement.authority', true)").fetchall() == [
        ("postgres", "")
    ]
    raw.execute("SELECT set_config('role', %s, true)", [APP_ROLE])
    assert raw.execute("SELECT count(*) FROM homes").fetchall() == [(0,)]


@pytest.mark.parametrize(
    ("statement", "refused"),
    [
        (f"INSERT INTO inventory_clock VALUES ('{DERBY}2', 1)", True),
        (f"UPDATE homes SET authority = '{DERBY}', ref = 'taken'", True),
        (f"INSERT INTO homes SELECT '{DERBY}' FROM homes", True),
        (f"UPDATE homes SET places = 9 WHERE authority = '{DERBY}'", False),
        (f"DELETE FROM homes WHERE authority = '{DERBY}'", False),
        ("UPDATE homes SET places = 9", False),
        ("DELETE FROM homes", False),
    ],
)
def test_rows_of_another_authority_are_not_changed(
    owner: Database, raw: psycopg.Connection[Any], statement: str, *, refused: bool
) -> None:
    """Neither put there, nor moved there, nor changed nor deleted there."""
    if refused:
        with pytest.raises(psycopg.Error):
            raw.execute(statement)
        raw.rollback()
    else:
        raw.execute(statement)
        raw.commit()
    with owner.reading() as reading:
        found = reading.execute(text(f"SELECT ref, places FROM homes WHERE authority = '{DERBY}'")).all()
    assert [tuple(row) for row in found] == [("H", a_home().places)]


def test_a_row_for_another_authority_is_refused_by_the_policy(raw: psycopg.Connection[Any]) -> None:
    """It is row-level security that refuses the row, and nothing else that happens to."""
    with pytest.raises(DENIED, match="row-level security"):
        raw.execute("INSERT INTO run_clock (authority, number, fence) VALUES (%s, 0, 0)", [DERBY])


def test_even_the_owner_is_bound(owner: Database, postgres: Postgres, postgres_url: str) -> None:
    """A login that owns the tables, and is no superuser, sees nothing without naming an authority."""
    with owner.engine.begin() as connection:
        connection.execute(text("DROP ROLE IF EXISTS keeper"))
        connection.execute(text("CREATE ROLE keeper LOGIN"))
        for name in inspect(owner.engine).get_table_names():
            connection.execute(text(f"ALTER TABLE {name} OWNER TO keeper"))
    with psycopg.connect(_plain(postgres_url, username="keeper")) as connection:
        assert connection.execute("SELECT count(*) FROM homes").fetchall() == [(0,)]
        with pytest.raises(DENIED, match="row-level security"):
            connection.execute("INSERT INTO run_clock (authority, number, fence) VALUES (%s, 0, 0)", [DERBY])
    with owner.engine.begin() as connection:
        connection.execute(text("REASSIGN OWNED BY keeper TO postgres"))
        connection.execute(text("DROP OWNED BY keeper"))
        connection.execute(text("DROP ROLE keeper"))


def test_the_wall_is_what_keeps_them_apart(owner: Database, raw: psycopg.Connection[Any]) -> None:
    """With the policy taken away the same look shows everything: the tests above can fail."""
    raw.rollback()
    with owner.engine.begin() as connection:
        connection.execute(text("ALTER TABLE homes DISABLE ROW LEVEL SECURITY"))
    _begin(raw, NOTTINGHAM)
    assert raw.execute("SELECT count(*) FROM homes").fetchall() == [(2,)]
    raw.rollback()
    with owner.reading() as reading, pytest.raises(DatabaseRefused):
        roles.require_walls(reading)


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE mine (ref TEXT)",
        "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "DROP TABLE homes",
        "ALTER TABLE homes DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE homes ADD COLUMN mine TEXT",
        "DROP POLICY of_authority ON homes",
        "CREATE POLICY mine ON homes USING (true)",
        "ALTER TABLE proposals DISABLE TRIGGER never_changed",
        "TRUNCATE homes CASCADE",
        "CREATE SCHEMA mine",
        "CREATE ROLE mine",
        "ALTER ROLE placement_app BYPASSRLS",
        "SET row_security = off; SELECT * FROM homes",
        "UPDATE alembic_version SET version_num = '0001'",
        "COPY homes TO PROGRAM 'cat'",
        "SET session_replication_role = replica",
    ],
)
def test_the_service_changes_no_layout(raw: psycopg.Connection[Any], statement: str) -> None:
    """The role makes, changes and drops nothing, whatever statement finds its way in."""
    with pytest.raises(DENIED):
        raw.execute(statement.encode())


@pytest.mark.parametrize("table", ["proposals", "proposed_children", "run_snapshots", "audit_entries", "erasures"])
def test_history_is_only_added_to(raw: psycopg.Connection[Any], table: str) -> None:
    """What is never changed may be read and added to; the right to more is not there, whatever the triggers say."""
    for statement in (f"UPDATE {table} SET authority = authority", f"DELETE FROM {table}"):
        with pytest.raises(DENIED):
            raw.execute(statement.encode())
        _begin(raw, NOTTINGHAM)
    assert raw.execute(f"SELECT count(*) FROM {table}").fetchall() == [(0,)]


def test_the_service_makes_no_tables_that_stand_before_ours(owner: Database, raw: psycopg.Connection[Any]) -> None:
    """Nor temporary ones: `homes` would be another table for as long as the connection lasts."""
    migrate.upgrade(owner)  # what a database allows is no part of its copies
    _begin(raw, NOTTINGHAM)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        raw.execute("CREATE TEMPORARY TABLE homes (ref TEXT)")


def test_rights_come_back_with_the_next_migration(owner: Database) -> None:
    """Whatever was granted by hand, and every new table: `placement migrate` puts it right."""
    with owner.engine.begin() as connection:
        connection.execute(text("GRANT ALL ON proposals, alembic_version TO placement_app"))
        connection.execute(text("REVOKE ALL ON homes FROM placement_app"))
    migrate.upgrade(owner)
    assert _rights(owner, "proposals") == ["INSERT", "SELECT"]
    assert _rights(owner, "alembic_version") == ["SELECT"]
    assert _rights(owner, "homes") == ["DELETE", "INSERT", "SELECT", "UPDATE"]
    assert _rights(owner, "audit_heads") == ["INSERT", "SELECT", "UPDATE"]


def test_an_erasure_may_change_its_columns_and_no_others(owner: Database) -> None:
    """The right to what an erasure strips is there, a column at a time, and read from the trigger that allows it."""
    wanted = (
        "SELECT column_name FROM information_schema.role_column_grants WHERE grantee = 'placement_app'"
        " AND table_name = 'proposals' AND privilege_type = 'UPDATE' ORDER BY 1"
    )
    with owner.reading() as reading:
        assert reading.execute(text(wanted)).scalars().all() == ["children", "explanation", "points", "referral_ref"]


def _rights(owner: Database, table: str) -> Sequence[str]:
    wanted = (
        "SELECT privilege_type FROM information_schema.role_table_grants"
        " WHERE grantee = 'placement_app' AND table_name = :table ORDER BY 1"
    )
    with owner.reading() as reading:
        return reading.execute(text(wanted), {"table": table}).scalars().all()


def test_the_service_itself_works_behind_the_wall(owner: Database, postgres_url: str) -> None:
    """Opened for an authority, a database shows and takes its rows alone; opened for none, all of the owner's."""
    ours, theirs = Database.open(postgres_url, NOTTINGHAM), Database.open(postgres_url, "E06000001")
    with ours.reading() as reading:
        assert load.home(reading, NOTTINGHAM, HomeRef("H")) is not None
        assert load.home(reading, DERBY, HomeRef("H")) is None
        assert reading.execute(text("SELECT current_user")).scalar_one() == APP_ROLE
    with theirs.reading() as reading:
        assert load.inventory_seq(reading, NOTTINGHAM) == 0
    with pytest.raises(DatabaseRefused), ours.writing() as writing:
        save.save_home(writing, DERBY, a_home(ref=HomeRef("X")), Precondition())
    assert ours.transact(lambda w: save.save_home(w, NOTTINGHAM, a_home(ref=HomeRef("X")), Precondition())).is_new
    with owner.reading() as reading:
        assert load.home(reading, DERBY, HomeRef("X")) is None
    ours.close()
    theirs.close()


def test_a_database_that_was_never_migrated_has_no_role(postgres: Postgres) -> None:
    """Before the first migration of a server the service is told to migrate, as for a missing table."""
    name = postgres.create()
    with psycopg.connect(_plain(postgres.url(name)), autocommit=True) as connection:
        connection.execute("ALTER ROLE placement_app RENAME TO placement_gone")
        opened = Database.open(postgres.url(name), NOTTINGHAM)
        with pytest.raises(SchemaNotCurrent), opened.reading() as reading:
            reading.execute(text("SELECT 1"))
        opened.close()
        connection.execute("ALTER ROLE placement_gone RENAME TO placement_app")
    postgres.drop(name)


def test_a_login_of_the_services_own(owner: Database, postgres_url: str, caplog: pytest.LogCaptureFixture) -> None:
    """The migration makes it; it works in the role of the service, and outside it may not even look."""
    migrate.upgrade(owner, login=("desk", "canary-password"))
    migrate.upgrade(owner, login=("desk", "another-password"))
    url = make_url(postgres_url).set(username="desk").render_as_string()
    opened = Database.open(url, NOTTINGHAM)
    with opened.reading() as reading:
        roles.require_walls(reading)
        assert load.home(reading, NOTTINGHAM, HomeRef("H")) is not None
    opened.close()
    assert not caplog.records
    with psycopg.connect(_plain(url)) as connection, pytest.raises(DENIED):
        connection.execute("SELECT count(*) FROM homes")
    with owner.writing() as writing:
        hidden = "SELECT rolpassword FROM pg_authid WHERE rolname = 'desk'"
        assert writing.execute(text(hidden)).scalar_one().startswith("SCRAM-SHA-256$")
        writing.execute(text("DROP OWNED BY desk"))
        writing.execute(text("DROP ROLE desk"))


def test_an_owner_that_may_make_no_roles(postgres: Postgres, caplog: pytest.LogCaptureFixture) -> None:
    """Somebody who may has made them: the migration gives them their rights, and leaves the password alone."""
    name = postgres.create()
    with psycopg.connect(_plain(postgres.url(name)), autocommit=True) as superuser:
        superuser.execute("CREATE ROLE modest LOGIN")
        superuser.execute("CREATE ROLE made_before LOGIN NOINHERIT")
        superuser.execute("GRANT placement_app TO made_before")
        superuser.execute(f"ALTER DATABASE {name} OWNER TO modest")
    modest = Database.open(make_url(postgres.url(name)).set(username="modest").render_as_string())
    for _ in range(2):
        migrate.upgrade(modest, login=("made_before", "canary-password"))
    modest.close()
    assert "stays as it is" in caplog.text
    opened = Database.open(make_url(postgres.url(name)).set(username="made_before").render_as_string(), NOTTINGHAM)
    with opened.reading() as reading:
        roles.require_walls(reading)
        assert load.inventory_seq(reading, NOTTINGHAM) == 0
    opened.close()
    postgres.drop(name)
    with psycopg.connect(_plain(postgres.url("postgres")), autocommit=True) as superuser:
        superuser.execute("DROP ROLE modest, made_before")


def test_a_login_without_the_role_is_refused(owner: Database, postgres_url: str) -> None:
    """A login that nobody let in does not get as far as a row."""
    with owner.engine.begin() as connection:
        connection.execute(text("CREATE ROLE stranger LOGIN"))
    opened = Database.open(make_url(postgres_url).set(username="stranger").render_as_string(), NOTTINGHAM)
    with pytest.raises(DatabaseRefused), opened.reading() as reading:
        reading.execute(text("SELECT 1"))
    opened.close()
    with owner.engine.begin() as connection:
        connection.execute(text("DROP ROLE stranger"))


def test_a_privileged_login_is_warned_of(owner: Database, postgres_url: str, caplog: pytest.LogCaptureFixture) -> None:
    """The service works for the superuser of a test, and says that this is not as it should be."""
    opened = Database.open(postgres_url, NOTTINGHAM)
    with caplog.at_level(logging.WARNING), opened.reading() as reading:
        roles.require_walls(reading)
    assert "privileged" in caplog.text
    opened.close()


def test_a_role_that_may_too_much_is_refused(owner: Database, postgres_url: str) -> None:
    """Somebody made the role of the service able to create tables: it does not start."""
    opened = Database.open(postgres_url, NOTTINGHAM)
    with owner.engine.begin() as connection:
        connection.execute(text("GRANT CREATE ON SCHEMA public TO placement_app"))
    with pytest.raises(DatabaseRefused), opened.reading() as reading:
        roles.require_walls(reading)
    opened.close()


def test_every_connection_has_limits_and_a_name(owner: Database, postgres_url: str) -> None:
    """No statement, no wait for a lock and no forgotten transaction is without an end."""
    opened = Database.open(postgres_url, NOTTINGHAM)
    shown = "SELECT name || '=' || setting FROM pg_settings WHERE name = ANY(:names) ORDER BY name"
    names = ["application_name", "idle_in_transaction_session_timeout", "lock_timeout", "statement_timeout"]
    with opened.reading() as reading:
        found = reading.execute(text(shown), {"names": names}).scalars().all()
    opened.close()
    assert found == [
        "application_name=placement",
        "idle_in_transaction_session_timeout=60000",
        "lock_timeout=5000",
        "statement_timeout=20000",
    ]


QUEUE = ("jobs", "events", "periodic_defers", "workers")


def _in_the_queue(raw: psycopg.Connection[Any], authority: str | None) -> None:
    _begin(raw, authority)
    raw.execute(f"SET LOCAL search_path = {QUEUE_SCHEMA}")


def _one_of_everything(raw: psycopg.Connection[Any], authority: str) -> None:
    """A waiting job with its event, a periodic one, and a worker, stored as Procrastinate does it."""
    _in_the_queue(raw, authority)
    raw.execute(
        "SELECT procrastinate_defer_periodic_job_v2(%s, NULL, %s, 'look', 0, %s, 1, '{}')",
        [authority, f"look:{authority}", authority],
    )
    raw.execute("SELECT * FROM procrastinate_register_worker_v1()")
    raw.commit()


@pytest.mark.parametrize("authority", [DERBY, None, ""])
def test_the_queue_of_another_authority_is_not_seen_or_touched(
    raw: psycopg.Connection[Any], authority: str | None
) -> None:
    """Jobs, their events, periodic ones and workers: neither read nor changed, taken up, pruned or deleted."""
    _one_of_everything(raw, NOTTINGHAM)
    _in_the_queue(raw, authority)
    for table in QUEUE:
        assert raw.execute(f"SELECT count(*) FROM procrastinate_{table}").fetchall() == [(0,)], table
        assert raw.execute(f"DELETE FROM procrastinate_{table}").rowcount == 0, table
    assert raw.execute("UPDATE procrastinate_jobs SET status = 'cancelled'").rowcount == 0
    taken = raw.execute("SELECT id FROM procrastinate_fetch_job_v2(NULL, NULL)").fetchall()
    assert taken == [(None,)]
    assert raw.execute("SELECT * FROM procrastinate_prune_stalled_workers_v1(-60)").fetchall() == []
    raw.commit()
    _in_the_queue(raw, NOTTINGHAM)
    for table in QUEUE:
        assert raw.execute(f"SELECT count(*) FROM procrastinate_{table}").fetchall() == [(1,)], table
    assert raw.execute("SELECT queue_name FROM procrastinate_fetch_job_v2(NULL, 1)").fetchall() == [(NOTTINGHAM,)]


@pytest.mark.parametrize(
    "statement",
    [
        f"INSERT INTO procrastinate_jobs (queue_name, task_name) VALUES ('{DERBY}', 'run')",
        f"INSERT INTO procrastinate_workers (authority) VALUES ('{DERBY}')",
        f"UPDATE procrastinate_jobs SET queue_name = '{DERBY}'",
        "INSERT INTO applied (step) VALUES ('mine')",
        "DELETE FROM applied",
    ],
)
def test_nothing_is_put_into_the_queue_of_another(raw: psycopg.Connection[Any], statement: str) -> None:
    """A job, a worker; and what the queue is made of is for the owner to say."""
    _one_of_everything(raw, NOTTINGHAM)
    _in_the_queue(raw, NOTTINGHAM)
    with pytest.raises(DENIED):
        raw.execute(statement.encode())


def test_a_queue_without_its_walls_is_not_worked_on(owner: Database) -> None:
    """As with every table: the service does not start, and the migration that is missing is named."""
    with owner.engine.begin() as connection:
        connection.execute(text(f"ALTER TABLE {QUEUE_SCHEMA}.procrastinate_jobs DISABLE ROW LEVEL SECURITY"))
    with owner.reading() as reading, pytest.raises(DatabaseRefused):
        roles.require_walls(reading)


def test_the_walls_of_a_queue_from_before_them_are_put_up(owner: Database) -> None:
    """`placement migrate` on a queue that has none yet, once."""
    with owner.engine.begin() as connection:
        connection.execute(text(f"SET LOCAL search_path = {QUEUE_SCHEMA}"))
        for table in QUEUE:
            connection.execute(text(f"DROP POLICY of_authority ON procrastinate_{table}"))
        connection.execute(text("ALTER TABLE procrastinate_workers DROP COLUMN authority"))
        connection.execute(text("DELETE FROM applied WHERE step LIKE 'placement%'"))
    for _ in range(2):
        migrate.upgrade(owner)
    with owner.reading() as reading:
        roles.require_walls(reading)
