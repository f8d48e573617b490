"""A backup that was restored is the same database: every row, the same trail, fitting the head that was kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url
from sqlalchemy.exc import DBAPIError

from app.matching.referral import HomeRef
from app.store import audit_reading, load, migrate, roles
from app.store.audit import Head, record_all
from app.store.audit_verify import Flaw, verify
from app.store.session import Database
from tests.support.backups import backup_api, pg_dump, rows_of, vacuum_into
from tests.support.builders import a_home, a_referral
from tests.support.nights import store
from tests.support.postgres import Postgres
from tests.support.tampering import AUTHORITY, entries, fill


@pytest.mark.parametrize("way", ["backup_api", "vacuum_into", "pg_dump"])
def test_what_is_restored_is_what_was_backed_up(
    way: str, request: pytest.FixtureRequest, tmp_path: Path, postgres: Postgres
) -> None:
    """T-25: counts, trail and guards; what came after the backup is missing, and a later head says so."""
    url = request.getfixturevalue("postgres_url" if way == "pg_dump" else "sqlite_url")
    database = _filled(url)
    rows, head = rows_of(database), _head(database)
    ways = {"backup_api": backup_api, "vacuum_into": vacuum_into}
    restored_url = pg_dump(url, postgres, tmp_path) if way == "pg_dump" else ways[way](url)
    database.transact(lambda writing: record_all(writing, AUTHORITY, entries(3)))
    later = _head(database)
    database.close()
    restored = Database.open(restored_url)
    assert rows_of(restored) == rows
    with restored.reading() as reading:
        assert verify(reading, AUTHORITY, [head]).is_whole
        assert [one.flaw for one in verify(reading, AUTHORITY, [later]).findings] == [Flaw.HEAD_BEYOND]
    with pytest.raises(DBAPIError, match="never changed"), restored.writing() as writing:
        writing.exec_driver_sql("DELETE FROM audit_entries")
    restored.close()


@pytest.mark.usefixtures("laid_out_postgres")
def test_what_is_restored_belongs_to_the_owner_again(logins: Postgres, tmp_path: Path) -> None:
    """An owner that is no superuser lays it out anew, and the service's login gets at it and at nothing more."""
    name = logins.create(owner=OWNER)
    _laid_out(logins.url(name, OWNER))
    database = _filled(logins.url(name))
    head = _head(database)
    database.close()
    restored = make_url(pg_dump(logins.url(name), logins, tmp_path, OWNER)).database
    assert restored is not None
    _laid_out(logins.url(restored, OWNER))
    service = Database.open(logins.url(restored, LOGIN), AUTHORITY)
    with service.reading() as reading:
        roles.require_walls(reading)
        assert verify(reading, AUTHORITY, [head]).is_whole
        assert load.home(reading, AUTHORITY, HomeRef("H1")) is not None
    service.close()
    for one in (name, restored):
        logins.drop(one)


OWNER, LOGIN = "backup_owner", "backup_service"


@pytest.fixture
def logins(postgres: Postgres) -> Iterator[Postgres]:
    """The server with a login that may own a database and is no superuser, and one that the service could use."""
    made = f"CREATE ROLE {OWNER} LOGIN; CREATE ROLE {LOGIN} LOGIN NOINHERIT; GRANT placement_app TO {LOGIN}"
    with psycopg.connect(host=str(postgres.socket_dir), user="postgres", autocommit=True) as superuser:
        superuser.execute(made)
        yield postgres
        superuser.execute(f"DROP ROLE {OWNER}, {LOGIN}")


def _laid_out(url: str) -> None:
    owner = Database.open(url)
    migrate.upgrade(owner, login=(LOGIN, None))
    owner.close()


def _filled(url: str) -> Database:
    database = Database.open(url)
    migrate.upgrade(database)
    store(database, [a_home(ref=HomeRef("H1"))], [a_referral()])
    fill(database, 12)
    return database


def _head(database: Database) -> Head:
    with database.reading() as reading:
        return audit_reading.head(reading, AUTHORITY)
