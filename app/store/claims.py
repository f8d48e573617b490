"""Places that placements claim, and homes as the engine sees them: with those who have a place there already.

Whoever changes claims holds the inventory's clock (`app.store.save.next_seq`), so that claims and homes of one
authority change one after the other; that nobody gets a place twice does not rest on it (see
`app.store.placement_tables`).

A claim carries the child's own record as it is known now: stored with the claim, and again with every change of the
referral in which the child stands (`outdated`, `renew`; `app.store.save` calls them). Where a provider lists the
child too, the stricter of the two says what is so (`stricter`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import count
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, select, update
from sqlalchemy.exc import IntegrityError

from app.errors import ChildBeingPlaced, PlaceTaken
from app.matching.codes import LivingCompanions, Risk, RiskLevel, Vulnerability
from app.matching.home import Home, Resident
from app.matching.referral import Child, ChildRef, HomeRef
from app.store.codec import decoder, encoder
from app.store.placement_tables import place_claims as table
from app.store.placement_tables import placements
from app.store.prepared import IsOne, Prepared, of_refs
from app.store.searches import OF_THE_CHILD, raised
from app.store.session import Reading, Writing
from app.store.tables import homes as homes_table

MOST_NAMED = 500
"""Homes named in one statement; of more, all claims are read."""

ONE_CHILD_A_PLACE = (
    "uq_place_claims_place",
    "place_claims.authority, place_claims.home_ref, place_claims.place_number",
    "no place left",
)
ONE_PLACEMENT_A_CHILD = (
    "uq_place_claims_child",
    "uq_place_claims_lives",
    "place_claims.authority, place_claims.child_ref",
)
"""How PostgreSQL and SQLite name what refused a claim."""

NO_PLACEMENT = ""
"""The id of none."""


def _coming(*which: ColumnElement[bool]) -> Select[Any]:
    """Who comes to live in which home, in the order of their places."""
    live = table.c.authority == bindparam("authority"), table.c.live, table.c.placement_id != bindparam("without")
    wanted = select(table.c.home_ref, table.c.resident).where(*live, *which)
    return wanted.order_by(table.c.home_ref, table.c.place_number)


def _kept_of(is_one: IsOne) -> Select[Any]:
    mine = table.c.authority == bindparam("authority"), table.c.live, is_one(table.c.child_ref)
    return select(table.c.child_ref, table.c.home_ref, table.c.resident).where(*mine)


_COMING = Prepared(_coming())
_COMING_TO = of_refs(lambda is_one: _coming(is_one(table.c.home_ref)))
COMING_SINCE = Prepared(
    _coming(
        table.c.home_ref.in_(
            select(homes_table.c.ref).where(
                homes_table.c.authority == bindparam("authority"), homes_table.c.changed_seq > bindparam("since")
            )
        )
    )
)
"""Who comes to live in homes that changed after a moment: to be asked beside these homes. See `with_claimed`."""
KEPT_OF = of_refs(_kept_of)
"""What live claims keep of these children: the statement, to be asked beside others. See `outdated`."""

_write = encoder(Resident)
_read = decoder(Resident)


@dataclass(frozen=True, slots=True)
class Claim:
    """A live claim: who has a place where. `lived_in`: they moved in; `since`: when the placement last changed."""

    placement_id: str
    child: ChildRef
    home: HomeRef
    lived_in: bool
    since: datetime


def as_resident(child: Child) -> Resident:
    """The child as one of those who live in the home, to be safe from and safe for whoever comes next."""
    return Resident(
        ref=child.ref,
        date_of_birth=child.date_of_birth,
        sex=child.sex,
        risks=child.risks,
        vulnerabilities=child.vulnerabilities,
        living_companions=child.living_companions,
        live_apart_from=child.live_apart_from,
    )


def take(
    writing: Writing, authority: str, placement_id: str, home: HomeRef, children: Sequence[Child], seq: int
) -> None:
    """Claim a place for each child. Raises `PlaceTaken` or `ChildBeingPlaced`, whichever the database says.

    `seq`, here and below: the number of this change of the inventory.
    """
    used = set(writing.execute(select(table.c.place_number).where(*_live_in(authority, home))).scalars())
    free = (number for number in count(1) if number not in used)
    rows = [
        {
            "authority": authority,
            "placement_id": placement_id,
            "child_ref": child.ref,
            "home_ref": home,
            "place_number": next(free),
            "live": True,
            "lived_in": False,
            "resident": _write(as_resident(child)),
            "changed_seq": seq,
            "whose": authority,
            "of_child": child.ref,
        }
        for child in sorted(children, key=lambda child: child.ref)
    ]
    with_meaning(writing, table.insert().values(searched_since=OF_THE_CHILD), rows)


def outdated(kept: Iterable[Mapping[Any, Any]], children: Sequence[Child]) -> dict[ChildRef, frozenset[HomeRef]]:
    """The children of whom a claim keeps something else than their record says now, with the homes that it is of."""
    said = {child.ref: as_resident(child) for child in children}
    found: dict[ChildRef, frozenset[HomeRef]] = {}
    for row in kept:
        ref = ChildRef(row["child_ref"])
        if _read(row["resident"]) != said[ref]:
            found[ref] = found.get(ref, frozenset()) | {HomeRef(row["home_ref"])}
    return found


def renew(writing: Writing, authority: str, children: Iterable[Child], seq: int) -> None:
    """Keep with the live claims of these children what their record says now."""
    for child in children:
        live = table.c.authority == authority, table.c.child_ref == child.ref, table.c.live
        writing.execute(update(table).where(*live).values(resident=_write(as_resident(child)), changed_seq=seq))


def release(writing: Writing, authority: str, placement_id: str, seq: int) -> int:
    """Give the places back, and forget what was kept of the children for them; how many there were."""
    live = and_(table.c.authority == authority, table.c.placement_id == placement_id, table.c.live)
    return writing.execute(update(table).where(live).values(live=False, resident=None, changed_seq=seq)).rowcount


def live_in(writing: Writing, authority: str, placement_id: str, moved_in_on: date) -> None:
    """The children moved in. Raises `ChildBeingPlaced` where one of them still lives in another home's place.

    The move answers the search that is known by now, but none that began after the day of it.
    """
    live = and_(table.c.authority == authority, table.c.placement_id == placement_id, table.c.live)
    with_meaning(writing, update(table).where(live).values(lived_in=True, searched_since=raised(moved_in_on)), None)


def with_meaning(writing: Writing, statement: object, rows: Sequence[Mapping[str, object]] | None) -> None:
    """Do it, and say what it means where the database refuses."""
    try:
        writing.execute(statement, rows)  # type: ignore[call-overload]
    except IntegrityError as error:
        said = str(error.orig)
        if any(sign in said for sign in ONE_CHILD_A_PLACE):
            raise PlaceTaken from None
        if any(sign in said for sign in ONE_PLACEMENT_A_CHILD):
            raise ChildBeingPlaced from None
        raise


def live(reading: Reading, authority: str) -> list[Claim]:
    """Every live claim, in the order of the children."""
    joined = and_(placements.c.authority == table.c.authority, placements.c.id == table.c.placement_id)
    wanted = (
        select(table.c.placement_id, table.c.child_ref, table.c.home_ref, table.c.lived_in)
        .add_columns(placements.c.changed_at)
        .join(placements, joined)
        .where(table.c.authority == authority, table.c.live)
        .order_by(table.c.child_ref, table.c.placement_id)
    )
    return [
        Claim(
            row.placement_id,
            ChildRef(row.child_ref),
            HomeRef(row.home_ref),
            lived_in=row.lived_in,
            since=row.changed_at,
        )
        for row in reading.execute(wanted)
    ]


def of_home(reading: Reading, authority: str, home: HomeRef) -> int:
    """How many live claims there are on places of this home."""
    return len(reading.execute(select(table.c.place_number).where(*_live_in(authority, home))).all())


def homes_of(reading: Reading, authority: str) -> dict[ChildRef, HomeRef]:
    """Where every child with a live claim will live; where they live, if nothing else is under way."""
    ordered = sorted(live(reading, authority), key=lambda claim: not claim.lived_in)
    return {claim.child: claim.home for claim in ordered}


def with_claims(
    reading: Reading, authority: str, homes: Sequence[Home], without: str | None = None
) -> tuple[Home, ...]:
    """The homes with everybody who has a live claim among their residents, nobody twice.

    `without`: a placement whose own claims are left out, because it is the one that is judged.
    """
    if not homes:
        return ()
    if len(homes) <= MOST_NAMED:
        refs = [home.ref for home in homes]
        rows = _COMING_TO.rows(reading, authority=authority, refs=refs, without=without or NO_PLACEMENT)
    else:
        rows = _COMING.rows(reading, authority=authority, without=without or NO_PLACEMENT)
    return with_claimed(homes, rows)


def with_claimed(homes: Sequence[Home], claimed: Sequence[Mapping[Any, Any]]) -> tuple[Home, ...]:
    """The same, of the claims that were found: rows of who comes to live where."""
    coming: dict[str, list[Resident]] = defaultdict(list)
    for row in claimed:
        coming[row["home_ref"]].append(_read(row["resident"]))
    return tuple(_joined(home, coming.get(home.ref, ())) for home in homes)


def _joined(home: Home, coming: Sequence[Resident]) -> Home:
    if not coming:
        return home
    own = {resident.ref: resident for resident in coming}
    listed = tuple(
        stricter(resident, own.pop(resident.ref)) if resident.ref in own else resident for resident in home.residents
    )
    return replace(home, residents=listed + tuple(own.values()))


STRICTEST_LEVEL = (RiskLevel.PRESENT, RiskLevel.NOT_KNOWN, RiskLevel.NONE_KNOWN)
STRICTEST_COMPANIONS = (
    LivingCompanions.SOLO,
    LivingCompanions.ONLY_OLDER,
    LivingCompanions.ONLY_YOUNGER,
    LivingCompanions.NOT_KNOWN,
    LivingCompanions.WITH_OTHERS,
    LivingCompanions.NO_PREFERENCE,
)
OF_AGE = frozenset({LivingCompanions.ONLY_OLDER, LivingCompanions.ONLY_YOUNGER})


def stricter(listed: Resident, own: Resident) -> Resident:
    """One child as a provider lists it and as its own record has it: of each fact the one that keeps more children out.

    A risk is there if either says so, and not known if either leaves it open. A vulnerability is there if either says
    so; only where neither names one does it count that one of them does not know. Who the child is, its record says.
    """
    return replace(
        own,
        date_of_birth=own.date_of_birth or listed.date_of_birth,
        risks={risk: _level(risk, listed, own) for risk in Risk},
        vulnerabilities=_vulnerable(listed, own),
        living_companions=_companions(listed.living_companions, own.living_companions),
        live_apart_from=listed.live_apart_from | own.live_apart_from,
        fostered=listed.fostered or own.fostered,
    )


def _level(risk: Risk, *said: Resident) -> RiskLevel:
    return min((one.risks.get(risk, RiskLevel.NOT_KNOWN) for one in said), key=STRICTEST_LEVEL.index)


def _vulnerable(*said: Resident) -> frozenset[Vulnerability] | None:
    known = [one.vulnerabilities for one in said if one.vulnerabilities is not None]
    named = frozenset[Vulnerability]().union(*known)
    return named if named or len(known) == len(said) else None


def _companions(*said: LivingCompanions) -> LivingCompanions:
    if set(said) >= OF_AGE:
        return LivingCompanions.SOLO  # nobody is both older and younger
    return min(said, key=STRICTEST_COMPANIONS.index)


def _live_in(authority: str, home: HomeRef) -> tuple[ColumnElement[bool], ...]:
    return table.c.authority == authority, table.c.home_ref == home, table.c.live
