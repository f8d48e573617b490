"""Who may do what in PostgreSQL: the owner migrates, the service works in a role that owns nothing.

Three walls that do not depend on the code of the service being right: row-level security between authorities,
which binds even the owner of the tables; rights that leave out every change of what is only added to; and no
right at all to make, change or drop a table. Each `placement migrate` brings them up to date, and a service does
not start where one is missing. SQLite knows no roles: there the file belongs to one authority and one process.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from psycopg import Connection as Psycopg
from psycopg import sql
from psycopg.errors import InsufficientPrivilege
from sqlalchemy import text

from app.errors import DatabaseRefused
from app.store.queue_layout import QUEUE_SCHEMA
from app.store.session import APP_ROLE, Reading, Writing

log = logging.getLogger(__name__)

WITHOUT_AUTHORITY = frozenset({"alembic_version", "nobody", "applied"})
"""Tables that hold nothing of anybody's: the only ones without row-level security. The service may read them."""

_MAKE_ROLE = f"""
DO $$ BEGIN
    CREATE ROLE {APP_ROLE} NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$
"""

_TABLES = text("""
SELECT c.relname AS name, p.proname AS refusal, coalesce(t.tgtype, 0) AS bits,
       string_to_array(encode(t.tgargs, 'escape'), '\\000') AS arguments
  FROM pg_class c
  LEFT JOIN (pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid AND p.proname LIKE 'refuse_change%')
       ON t.tgrelid = c.oid AND t.tgqual IS NULL AND t.tgtype & 1 = 1 AND cardinality(t.tgattr::int2[]) = 0
 WHERE c.relnamespace = to_regnamespace(current_schema()) AND c.relkind IN ('r', 'p')
 ORDER BY c.relname
""")
"""Tables, each with the triggers that refuse to change its rows: what they refuse is no right of the service."""

DELETION, CHANGE = 8, 16
"""Bits of a trigger: what it is asked about."""

ERASING = "refuse_change_unless_erasing"
"""Lets one child's data be taken out of the columns that are its arguments, all but the first; nothing else."""

_UNWALLED = text("""
SELECT c.relname AS relname
  FROM pg_class c
 WHERE c.relnamespace = to_regnamespace(current_schema()) AND c.relkind IN ('r', 'p')
   AND NOT c.relname = ANY(:without)
   AND NOT (c.relrowsecurity AND c.relforcerowsecurity
            AND EXISTS (SELECT 1 FROM pg_policy p WHERE p.polrelid = c.oid))
UNION ALL
SELECT c.relname
  FROM pg_class c
 WHERE c.relnamespace = to_regnamespace(:queue) AND c.relkind IN ('r', 'p') AND NOT c.relname = ANY(:without)
   AND NOT (c.relrowsecurity AND EXISTS (SELECT 1 FROM pg_policy p WHERE p.polrelid = c.oid))
 ORDER BY relname
""")

_STANDING = text("""
SELECT rolname = session_user AS is_login,
       rolsuper OR rolbypassrls AS unbound,
       EXISTS (SELECT 1 FROM pg_class c WHERE c.relowner = r.oid
               AND c.relnamespace = to_regnamespace(current_schema())) AS owns,
       has_schema_privilege(r.oid, current_schema(), 'CREATE') AS creates
  FROM pg_roles r WHERE rolname IN (current_user, session_user)
""")


def grant(writing: Writing) -> None:
    """Make the role of the service where it is not there, and give it exactly the rights that it needs."""
    if not _is_role(writing, APP_ROLE):
        writing.execute(text(_MAKE_ROLE))
    writing.execute(text(f"GRANT USAGE ON SCHEMA {QUEUE_SCHEMA} TO {APP_ROLE}"))
    writing.execute(text(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {QUEUE_SCHEMA} TO {APP_ROLE}"))
    writing.execute(text(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA {QUEUE_SCHEMA} TO {APP_ROLE}"))
    writing.execute(text(f"REVOKE INSERT, UPDATE, DELETE ON {QUEUE_SCHEMA}.applied FROM {APP_ROLE}"))
    driver, here = _driver(writing), str(writing.execute(text("SELECT current_schema()")).scalar_one())
    role = sql.Identifier(APP_ROLE)
    driver.execute(sql.SQL("GRANT USAGE ON SCHEMA {} TO {}").format(sql.Identifier(here), role))
    driver.execute(sql.SQL("GRANT USAGE ON ALL SEQUENCES IN SCHEMA {} TO {}").format(sql.Identifier(here), role))
    _no_tables_of_its_own(driver)
    refusals = writing.execute(_TABLES).all()
    for name in sorted({row.name for row in refusals}):
        table = sql.Identifier(here, name)
        driver.execute(sql.SQL("REVOKE ALL ON {} FROM {}").format(table, role))
        rights = sql.SQL(", ").join(_rights(name, [row for row in refusals if row.name == name]))
        driver.execute(sql.SQL("GRANT {} ON {} TO {}").format(rights, table, role))


def _no_tables_of_its_own(driver: Psycopg[tuple[object, ...]]) -> None:
    """A temporary table of the service's could stand before one of ours, for as long as its connection lasts.

    Everybody may make them unless the database's owner says otherwise, so whoever owns the tables alone is warned.
    """
    asked = sql.SQL("SELECT current_database(), has_database_privilege({}, current_database(), 'TEMPORARY')")
    said = asked.format(sql.Literal(APP_ROLE))
    for here, may in driver.execute(said).fetchall():
        if may:
            revoked = sql.SQL("REVOKE TEMPORARY ON DATABASE {} FROM PUBLIC, {}")
            with suppress(InsufficientPrivilege), driver.transaction():
                driver.execute(revoked.format(sql.Identifier(str(here)), sql.Identifier(APP_ROLE)))
    if any(may for _, may in driver.execute(said).fetchall()):
        log.warning("The service may make temporary tables. Ask the database's owner: docs/operating.md.")


def let_in(writing: Writing, login: str, password: str | None) -> None:
    """Let a login work in the role of the service: made where it is not there, given this password where one is said.

    The password is made unreadable before it is sent, so that it stands in no log of the server. An owner that may
    not make roles finds them made by somebody who may, and then leaves the password alone.
    """
    driver, name, role = _driver(writing), sql.Identifier(login), sql.Identifier(APP_ROLE)
    if not _is_role(writing, login):
        driver.execute(sql.SQL("CREATE ROLE {} LOGIN NOINHERIT").format(name))
    if password is not None:
        hidden = driver.pgconn.encrypt_password(password.encode(), login.encode(), b"scram-sha-256").decode()
        try:
            with driver.transaction():
                driver.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(name, sql.Literal(hidden)))
        except InsufficientPrivilege:
            log.warning("The owner may not set the password of the service's login: it stays as it is.")
    is_member = text("SELECT pg_has_role(:login, :role, 'MEMBER')")
    if not writing.execute(is_member, {"login": login, "role": APP_ROLE}).scalar_one():
        driver.execute(sql.SQL("GRANT {} TO {}").format(role, name))


def require_walls(reading: Reading) -> None:
    """Raise `DatabaseRefused` where PostgreSQL would let the service see or change more than it may.

    A login that owns the tables, or that row-level security does not bind, is warned of: the role that each
    transaction takes on keeps it within the walls, but whoever finds a way to send SQL could leave that role.
    """
    if reading.dialect.name != "postgresql":
        return
    asked = {"without": sorted(WITHOUT_AUTHORITY), "queue": QUEUE_SCHEMA}
    open_to_all = reading.execute(_UNWALLED, asked).scalars().all()
    if open_to_all:
        for table in open_to_all:
            log.error("A table has no row-level security. Run: placement migrate.", extra={"kind": table})
        raise DatabaseRefused
    for row in reading.execute(_STANDING).all():
        if not (row.unbound or row.owns or row.creates):
            continue
        if not row.is_login:
            log.error("The role of the service may do more than it should: it must own nothing and create nothing.")
            raise DatabaseRefused
        log.warning("The login of the service is privileged. Give it one of its own: see docs/operating.md.")


def _is_role(reading: Reading, name: str) -> bool:
    found = reading.execute(text("SELECT count(*) FROM pg_roles WHERE rolname = :name"), {"name": name})
    return bool(found.scalar_one())


def _rights(table: str, refusals: Sequence[Any]) -> list[sql.Composable]:
    if table in WITHOUT_AUTHORITY:
        return [sql.SQL("SELECT")]
    rights: list[sql.Composable] = [sql.SQL("SELECT"), sql.SQL("INSERT")]
    if not any(row.bits & DELETION for row in refusals):
        rights.append(sql.SQL("DELETE"))
    changing = [row for row in refusals if row.bits & CHANGE]
    if not changing:
        rights.append(sql.SQL("UPDATE"))
    elif all(row.refusal == ERASING for row in changing):
        columns = sql.SQL(", ").join(sql.Identifier(name) for name in changing[0].arguments[1:] if name)
        rights.append(sql.SQL("UPDATE ({})").format(columns))
    return rights


def _driver(writing: Writing) -> Psycopg[tuple[object, ...]]:
    """The connection below SQLAlchemy, in the same transaction: names of roles are no parameters of a statement."""
    driver = writing.connection.driver_connection
    if not isinstance(driver, Psycopg):
        raise DatabaseRefused
    return driver
