"""What was kept of others with a decision, a look or a proposal, where the erased child may be in it.

A digest of who lives in a home is made of all that was known of them; a digest of where a child's brothers and sisters
live names these, one of a party all who are sought for together, one of a home's terms the children for whom they
hold. Whoever knows the rest finds what is missing by trying. So digests that nobody will compare again go at every
erasure; of those that are still compared, whatever may hold this child goes, and whoever decides is told that it is
not as it was: they look once more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import String, Table, cast, null, or_, select, update

from app.store.erasure_forgetting import Names
from app.store.placement_records import PURSUED
from app.store.placement_tables import decisions, place_claims, placements, seen
from app.store.run_records import GROUNDS
from app.store.run_tables import proposals, run_clock, runs
from app.store.session import Writing
from app.store.tables import homes, referrals

ABOUT_RESIDENTS = ("residents", "terms")
ABOUT_PARTY = ("siblings",)
ABOUT_OTHERS = ("safety", "living")
"""Kinds of facts about a home, a referral and a child whose digests are made of other children too.

The terms of a home name children, and who is sought for together are the children of the referral.
"""

AT_ONCE = timedelta(hours=1)
"""What was stored so shortly before something was decided may have been stored beside it."""


@dataclass(frozen=True, slots=True)
class _Others:
    """When homes and referrals were stored last, and the homes where the child has, or had, or shares a place."""

    homes: Mapping[str, datetime]
    referrals: Mapping[str, datetime]
    with_the_child: frozenset[str]

    def may_hold(self, home: str, referral: str, since: datetime) -> bool:
        """Whether what was kept then of a home for a referral may be made of the child too.

        Whoever was in a record then and is not now, is so because it was stored anew; the erasure itself stores anew
        each that names the child.
        """
        stored = (self.homes.get(home), self.referrals.get(referral))
        return home in self.with_the_child or any(at is None or at >= since - AT_ONCE for at in stored)


def forget_beside(writing: Writing, authority: str, child: str, names: Names) -> None:
    """For when records name the child no more, and claims still do."""
    others = _Others(
        _stored_at(writing, authority, homes),
        _stored_at(writing, authority, referrals),
        _homes_with(writing, authority, child, names),
    )
    _decisions(writing, authority, others)
    _looks(writing, authority, others)
    _proposals(writing, authority, others)


def without_digests(agreed_on: Mapping[str, Any], *, compared: bool) -> dict[str, Any]:
    """What was agreed to, without digests in which others may be; without all, where nobody compares them again."""
    left = {name: value for name, value in agreed_on.items() if name != "company"} | {"rules": {}}
    then = agreed_on.get("was_so")
    if then is None:
        return left
    if not compared:
        return left | {"was_so": {**then, "home": {}, "referral": {}, "children": []}}
    home = _without(then["home"], ABOUT_RESIDENTS)
    referral = _without(then["referral"], ABOUT_PARTY)
    children = [_without(one, ABOUT_OTHERS) for one in then["children"]]
    return left | {"was_so": {**then, "home": home, "referral": referral, "children": children}}


def _without(digests: Mapping[str, Any], kinds: tuple[str, ...]) -> dict[str, Any]:
    return {name: digest for name, digest in digests.items() if name not in kinds}


def _decisions(writing: Writing, authority: str, others: _Others) -> None:
    joined = decisions.join(
        placements, (placements.c.authority == decisions.c.authority) & (placements.c.id == decisions.c.placement_id)
    )
    of_placement = placements.c.home_ref, placements.c.referral_ref, placements.c.state
    mine = decisions.c.placement_id, decisions.c.version, decisions.c.agreed_on, decisions.c.decided_at
    kept = decisions.c.authority == authority, decisions.c.agreed_on.is_not(None)
    for row in writing.execute(select(*mine, *of_placement).select_from(joined).where(*kept)).all():
        compared = row.state in PURSUED
        if compared and not others.may_hold(row.home_ref, row.referral_ref, row.decided_at):
            continue
        left = without_digests(row.agreed_on, compared=compared)
        if left != row.agreed_on:
            table = decisions
            here = table.c.authority == authority, table.c.placement_id == row.placement_id
            writing.execute(update(table).where(*here, table.c.version == row.version).values(agreed_on=left))


def _looks(writing: Writing, authority: str, others: _Others) -> None:
    """A look at a placement, or at a proposal, that is still pursued, and in a home without the child, is kept."""
    joined = seen.outerjoin(
        placements, (placements.c.authority == seen.c.authority) & (placements.c.id == seen.c.placement_id)
    )
    mine = seen.c.id, seen.c.seen_at, seen.c.options, seen.c.referral_ref
    wanted = select(*mine, placements.c.state).select_from(joined)
    for row in writing.execute(wanted.where(seen.c.authority == authority, seen.c.was_so.is_not(None))).all():
        compared = row.state is None or row.state in PURSUED
        refs = {option["home"] for option in row.options}
        if not compared or any(others.may_hold(home, row.referral_ref, row.seen_at) for home in refs):
            writing.execute(update(seen).where(*_row(seen, authority, row.id)).values(was_so=null()))


def _proposals(writing: Writing, authority: str, others: _Others) -> None:
    """Those of the run that stands may be acted upon; nobody asks what the others rested on."""
    standing = select(run_clock.c.published_run).where(run_clock.c.authority == authority)
    stands = writing.execute(standing).scalar()
    joined = proposals.join(runs, (runs.c.authority == proposals.c.authority) & (runs.c.id == proposals.c.run_id))
    mine = proposals.c.id, proposals.c.run_id, proposals.c.home_ref, proposals.c.referral_ref, proposals.c.explanation
    kept = proposals.c.authority == authority, cast(proposals.c.explanation, String).contains('"was_so"')
    for row in writing.execute(select(*mine, runs.c.started_at).select_from(joined).where(*kept)).all():
        if row.run_id == stands and row.started_at and not _may_hold(others, row):
            continue
        left = {**row.explanation, GROUNDS: None}
        writing.execute(update(proposals).where(*_row(proposals, authority, row.id)).values(explanation=left))


def _may_hold(others: _Others, row: Any) -> bool:
    return others.may_hold(row.home_ref, row.referral_ref, row.started_at)


def _row(table: Table, authority: str, own: str) -> tuple[Any, Any]:
    return table.c.authority == authority, table.c.id == own


def _stored_at(writing: Writing, authority: str, table: Table) -> dict[str, datetime]:
    rows = writing.execute(select(table.c.ref, table.c.changed_at).where(table.c.authority == authority))
    return {row.ref: row.changed_at for row in rows}


def _homes_with(writing: Writing, authority: str, child: str, names: Names) -> frozenset[str]:
    """Homes in which the child has or had a place, or somebody has one who is to live apart from it."""
    told = cast(place_claims.c.resident, String)
    naming = [told.contains(f'"{ref}"', autoescape=True) for ref in names]
    wanted = select(place_claims.c.home_ref).where(
        place_claims.c.authority == authority, or_(place_claims.c.child_ref == child, *naming)
    )
    return frozenset(writing.execute(wanted.distinct()).scalars())
