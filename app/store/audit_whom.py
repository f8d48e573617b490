"""Whom an entry of the audit trail is about: the children that stand in what is read or changed."""

from __future__ import annotations

from typing import Any

import orjson
from sqlalchemy import BindParameter, Select, bindparam, select

from app.store.audit_tables import audit_subjects
from app.store.next_page import next_refs
from app.store.prepared import Prepared
from app.store.run_tables import placed_children
from app.store.session import Reading
from app.store.tables import children, homes, referrals, residents

_AUTHORITY: BindParameter[str] = bindparam("authority")
_REF: BindParameter[str] = bindparam("ref")
_IN_REFERRAL = select(children.c.ref).where(children.c.authority == _AUTHORITY, children.c.referral_ref == _REF)
_IN_HOME = select(residents.c.ref).where(residents.c.authority == _AUTHORITY, residents.c.home_ref == _REF)
OF_REFERRAL = Prepared(_IN_REFERRAL)
OF_HOME = Prepared(_IN_HOME)
"""Whom a referral and a home are about: statements, to be asked beside others."""


def _subjects_of(whom: Select[Any]) -> Prepared:
    """The numbers and keys under which the trail knows them."""
    mine = audit_subjects.c.authority == _AUTHORITY
    return Prepared(select(audit_subjects).where(mine, audit_subjects.c.ref.in_(whom)))


SUBJECTS_OF_REFERRAL = _subjects_of(_IN_REFERRAL)
SUBJECTS_OF_HOME = _subjects_of(_IN_HOME)
SUBJECTS_OF_NEXT_HOMES = _subjects_of(
    select(residents.c.ref).where(residents.c.authority == _AUTHORITY, residents.c.home_ref.in_(next_refs(homes)))
)
SUBJECTS_OF_NEXT_REFERRALS = _subjects_of(
    select(children.c.ref).where(children.c.authority == _AUTHORITY, children.c.referral_ref.in_(next_refs(referrals)))
)
"""The same of a page of homes or referrals (`app.store.next_page`)."""
_OF_CASELOAD = Prepared(select(placed_children.c.ref).where(placed_children.c.authority == _AUTHORITY))


def of_referral(reading: Reading, authority: str, ref: str) -> set[str]:
    """The children of a stored referral; nobody where there is none."""
    return set(OF_REFERRAL.column(reading, authority=authority, ref=ref))


def of_home(reading: Reading, authority: str, ref: str) -> set[str]:
    """Who lives in a stored home; nobody where there is none."""
    return set(OF_HOME.column(reading, authority=authority, ref=ref))


def of_caseload(reading: Reading, authority: str) -> set[str]:
    """Every child of the caseload."""
    return set(_OF_CASELOAD.column(reading, authority=authority))


def of_snapshot(snapshot: bytes) -> set[str]:
    """Who waits, who has a place already, and who lives in a home, in what a run worked on."""
    document = orjson.loads(snapshot)
    waiting = {child["ref"] for referral in document["referrals"] for child in referral["children"]}
    waiting.update(document.get("under_way", ()))
    return waiting | {resident["ref"] for home in document["homes"] for resident in home.get("residents", ())}
