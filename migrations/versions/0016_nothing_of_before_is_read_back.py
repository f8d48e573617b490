"""Digests that others' placements kept before somebody was erased, as a release before left them, go too.

Revision ID: 0016
Revises: 0015
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

PURSUED = ("held", "sent", "accepted")

OF_THE_HOME = ("residents", "terms")
OF_THE_REFERRAL = ("siblings",)
OF_A_CHILD = ("safety", "living")
"""Kinds of facts whose digests are made of other children too."""

AT_ONCE = timedelta(hours=1)
"""The clock of the database, by which something was decided, and that of who erased may differ."""

WALLED = ("decisions", "placements", "seen", "proposals", "runs", "erasures")
CHANGED = ("decisions", "seen", "proposals")


def upgrade() -> None:
    _open_walls("NO FORCE")
    with _unguarded():
        erased = op.get_bind().execute(sa.select(ERASURES.c.authority, LAST).group_by(ERASURES.c.authority)).all()
        for authority, last in erased:
            _clean(authority, last + AT_ONCE)
    _open_walls("FORCE")


def downgrade() -> None:
    """What was taken does not come back."""


def _on_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"


def _open_walls(how: str) -> None:
    """The owner sees the rows of every authority only without them."""
    if _on_postgresql():
        for table in WALLED:
            op.execute(f"ALTER TABLE {table} {how} ROW LEVEL SECURITY")


@contextmanager
def _unguarded() -> Iterator[None]:
    """These rows are never changed but while somebody is erased, and whom it is about was erased long ago."""
    if _on_postgresql():
        for table in CHANGED:
            op.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        yield
        for table in CHANGED:
            op.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        return
    run = op.get_bind().exec_driver_sql
    listed = ", ".join(f"'{table}'" for table in CHANGED)
    told = run(f"SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name IN ({listed})").all()  # noqa: S608
    for name, _ in told:
        run(f"DROP TRIGGER {name}")
    yield
    for _, made in told:
        run(made)


def _json() -> Any:
    return sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


def _table(name: str, *more: Any) -> Any:
    return sa.table(name, sa.column("authority", sa.String), *more)


AN_INSTANT = sa.DateTime(timezone=True)
ERASURES = _table("erasures", sa.column("erased_at", AN_INSTANT))
LAST = sa.func.max(ERASURES.c.erased_at, type_=AN_INSTANT)
PLACEMENTS = _table("placements", sa.column("id", sa.String), sa.column("state", sa.String))
DECISIONS = _table(
    "decisions",
    sa.column("placement_id", sa.String),
    sa.column("version", sa.Integer),
    sa.column("decided_at", AN_INSTANT),
    sa.column("agreed_on", _json()),
)
SEEN = _table("seen", sa.column("seen_at", AN_INSTANT), sa.column("was_so", _json()))
RUNS = _table("runs", sa.column("id", sa.String), sa.column("started_at", AN_INSTANT))
PROPOSALS = _table(
    "proposals", sa.column("id", sa.String), sa.column("run_id", sa.String), sa.column("explanation", _json())
)


def _clean(authority: str, until: datetime) -> None:
    """Of one authority; `until`: whatever was kept by then may be made of somebody who was erased.

    Where a placement is still pursued, what is missing is told as another than it was: people look once more.
    """
    run = op.get_bind().execute
    _decisions(authority, until)
    run(
        sa.update(SEEN)
        .where(SEEN.c.authority == authority, SEEN.c.was_so.is_not(None), SEEN.c.seen_at <= until)
        .values(was_so=sa.null())
    )
    read = sa.select(RUNS.c.id).where(RUNS.c.authority == authority, RUNS.c.started_at <= until)
    kept = sa.cast(PROPOSALS.c.explanation, sa.String).contains('"was_so"')
    mine = PROPOSALS.c.authority == authority, PROPOSALS.c.run_id.in_(read), kept
    for key, explanation in run(sa.select(PROPOSALS.c.id, PROPOSALS.c.explanation).where(*mine)).all():
        changed = sa.update(PROPOSALS).where(PROPOSALS.c.authority == authority, PROPOSALS.c.id == key)
        run(changed.values(explanation={**explanation, "grounds": None}))


def _decisions(authority: str, until: datetime) -> None:
    run, table = op.get_bind().execute, DECISIONS
    pursued = sa.exists().where(
        PLACEMENTS.c.authority == table.c.authority,
        PLACEMENTS.c.id == table.c.placement_id,
        PLACEMENTS.c.state.in_(PURSUED),
    )
    wanted = sa.select(table.c.placement_id, table.c.version, table.c.agreed_on, pursued.label("is_pursued")).where(
        table.c.authority == authority, table.c.agreed_on.is_not(None), sa.or_(~pursued, table.c.decided_at <= until)
    )
    for row in run(wanted).all():
        left = _left(row.agreed_on, is_pursued=row.is_pursued)
        here = table.c.authority == authority, table.c.placement_id == row.placement_id, table.c.version == row.version
        if left != row.agreed_on:
            run(sa.update(table).where(*here).values(agreed_on=left))


def _left(agreed_on: dict[str, Any], *, is_pursued: bool) -> dict[str, Any]:
    """What stays: nothing in which others may be, and no digest at all where nobody will compare them again."""
    left = {name: value for name, value in agreed_on.items() if name != "company"} | {"rules": {}}
    then = agreed_on.get("was_so")
    if then is None:
        return left
    if not is_pursued:
        return left | {"was_so": then | {"home": {}, "referral": {}, "children": []}}
    was_so = then | {
        "home": _without(then["home"], OF_THE_HOME),
        "referral": _without(then["referral"], OF_THE_REFERRAL),
        "children": [_without(one, OF_A_CHILD) for one in then["children"]],
    }
    return left | {"was_so": was_so}


def _without(digests: dict[str, Any], kinds: tuple[str, ...]) -> dict[str, Any]:
    return {name: digest for name, digest in digests.items() if name not in kinds}
