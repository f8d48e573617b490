"""Whom an entry of the audit trail is about: the children that stand in what is read or changed."""

from __future__ import annotations

import orjson
from sqlalchemy import ColumnElement, select

from app.store.run_tables import placed_children
from app.store.session import Reading
from app.store.tables import children, residents


def of_referral(reading: Reading, authority: str, ref: str) -> set[str]:
    """The children of a stored referral; nobody where there is none."""
    return _refs(reading, children.c.ref, children.c.authority == authority, children.c.referral_ref == ref)


def of_home(reading: Reading, authority: str, ref: str) -> set[str]:
    """Who lives in a stored home; nobody where there is none."""
    return _refs(reading, residents.c.ref, residents.c.authority == authority, residents.c.home_ref == ref)


def of_caseload(reading: Reading, authority: str) -> set[str]:
    """Every child of the caseload."""
    return _refs(reading, placed_children.c.ref, placed_children.c.authority == authority)


def of_snapshot(snapshot: bytes) -> set[str]:
    """Who waits, and who lives in a home, in what a run worked on."""
    document = orjson.loads(snapshot)
    waiting = {child["ref"] for referral in document["referrals"] for child in referral["children"]}
    return waiting | {resident["ref"] for home in document["homes"] for resident in home.get("residents", ())}


def _refs(reading: Reading, column: ColumnElement[str], *which: ColumnElement[bool]) -> set[str]:
    return set(reading.execute(select(column).where(*which)).scalars())
