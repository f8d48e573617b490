"""The tables of the job queue on PostgreSQL, in a schema of their own so that no name of theirs meets one of ours.

They belong to Procrastinate, which brings them as one file for a new database and as one file a step for an older
one, and keeps no record of the steps that were taken. We do: `applied` names every step that the queue contains.

Each authority sees its own jobs and workers alone, as it sees its own rows elsewhere. The walls are a step of ours:
they do not bind the owner, since a later step of Procrastinate's may have to change what every authority has there.
"""

from __future__ import annotations

from pathlib import Path

from procrastinate.schema import SchemaManager
from sqlalchemy import text

from app.store.session import Writing

QUEUE_SCHEMA = "placement_queue"
"""Schema of the queue's tables. Its connections have it as their search path; ours do not."""

_HERE = "current_setting('placement.authority', true)"

_OF_AUTHORITY = {
    "procrastinate_jobs": f"queue_name = {_HERE}",
    "procrastinate_periodic_defers": f"periodic_id = {_HERE}",
    "procrastinate_events": "EXISTS (SELECT 1 FROM procrastinate_jobs job WHERE job.id = job_id)",
    "procrastinate_workers": f"authority = {_HERE}",
}
"""Whose a row is: a queue and a periodic task are called like their authority; an event is its job's."""

WALLS_STEP = "placement_walls_1"
_WALLS = (
    "ALTER TABLE procrastinate_workers"
    "  ADD COLUMN authority VARCHAR(9) DEFAULT current_setting('placement.authority', true);"
    "UPDATE procrastinate_workers worker SET authority = job.queue_name"
    "  FROM procrastinate_jobs job WHERE job.worker_id = worker.id;"
    "DELETE FROM procrastinate_workers WHERE coalesce(authority, '') = '';"
)
_WALLS += "".join(
    f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;"
    f"CREATE POLICY of_authority ON {table} USING ({whose}) WITH CHECK ({whose});"
    for table, whose in _OF_AUTHORITY.items()
)
"""A worker says whose it is without knowing that it does: Procrastinate stores nothing but defaults there. One from
before is whose its job is; without a job it leaves nothing to be taken up."""


def steps() -> dict[str, str]:
    """The steps of the installed Procrastinate, in their order: name and statements."""
    files = sorted(Path(SchemaManager.get_migrations_path()).glob("*.sql"))
    return {file.name: file.read_text(encoding="utf-8") for file in files}


def bring_up(writing: Writing) -> None:
    """Make the queue's tables, or bring them to the installed version of Procrastinate."""
    before = str(writing.execute(text("SELECT current_setting('search_path')")).scalar_one())
    writing.execute(text(f"CREATE SCHEMA IF NOT EXISTS {QUEUE_SCHEMA}"))
    _search(writing, QUEUE_SCHEMA)
    known = steps()
    if writing.execute(text("SELECT to_regclass('procrastinate_jobs')")).scalar() is None:
        writing.execute(text("CREATE TABLE applied (step TEXT PRIMARY KEY)"))
        _run(writing, SchemaManager.get_schema())
        missing: list[str] = []
    else:
        applied = set(writing.execute(text("SELECT step FROM applied")).scalars())
        missing = [name for name in known if name not in applied]
    for name in missing:
        _run(writing, known[name])
    if writing.execute(text("SELECT count(*) FROM applied WHERE step = :step"), {"step": WALLS_STEP}).scalar() == 0:
        _run(writing, _WALLS)
    listed = [{"step": name} for name in (*known, WALLS_STEP)]
    writing.execute(text("INSERT INTO applied (step) VALUES (:step) ON CONFLICT DO NOTHING"), listed)
    _search(writing, before)


def _search(writing: Writing, path: str) -> None:
    writing.execute(text("SELECT set_config('search_path', :path, true)"), {"path": path})


def _run(writing: Writing, statements: str) -> None:
    """Many statements at once, as they are: below SQLAlchemy, which would look for parameters in them."""
    driver = writing.connection.driver_connection
    if driver is None:
        raise AssertionError
    driver.execute(statements)
