"""Whom an entry of the audit trail is about: the children that stand in what is read or changed."""

from __future__ import annotations

import orjson
from sqlalchemy import BindParameter, bindparam, select

from app.store.prepared import Prepared
from app.store.run_tables import placed_children
from app.store.session import Reading
from app.store.tables import children, residents

_AUTHORITY: BindParameter[str] = bindparam("authority")
_REF: BindParameter[str] = bindparam("ref")
_OF_REFERRAL = Prepared(
    select(children.c.ref).where(children.c.authority == _AUTHORITY, children.c.referral_ref == _REF)
)
_OF_HOME = Prepared(select(residents.c.ref).where(residents.c.authority == _AUTHORITY, residents.c.home_ref == _REF))
_OF_CASELOAD = Prepared(select(placed_children.c.ref).where(placed_children.c.authority == _AUTHORITY))


def of_referral(reading: Reading, authority: str, ref: str) -> set[str]:
    """The children of a stored referral; nobody where there is none."""
    return set(_OF_REFERRAL.column(reading, authority=authority, ref=ref))


def of_home(reading: Reading, authority: str, ref: str) -> set[str]:
    """Who lives in a stored home; nobody where there is none."""
    return set(_OF_HOME.column(reading, authority=authority, ref=ref))


def of_caseload(reading: Reading, authority: str) -> set[str]:
    """Every child of the caseload."""
    return set(_OF_CASELOAD.column(reading, authority=authority))


def of_snapshot(snapshot: bytes) -> set[str]:
    """Who waits, who has a place already, and who lives in a home, in what a run worked on."""
    document = orjson.loads(snapshot)
    waiting = {child["ref"] for referral in document["referrals"] for child in referral["children"]}
    waiting.update(document.get("under_way", ()))
    return waiting | {resident["ref"] for home in document["homes"] for resident in home.get("residents", ())}
