"""Which children have a place already, so that nobody puts them forward again.

A child is under way while a placement is held, sent or accepted. A child who moved in is looked for again only
where the referral has a search of its own: the one for which the place was held, and any from before the move, was
answered by it (see `app.store.searches`).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, bindparam, func, or_, select

from app.matching.referral import ChildRef, HomeRef, ReferralRef
from app.matching.under_way import whom_a_list_is_for
from app.store import audit_whom, living_apart, load
from app.store.answered import A_DAY, AFTER_THE_END, ENDED_OF_NEXT, Ended, ends
from app.store.claims import NO_PLACEMENT
from app.store.earlier import OF_REFERRAL, Earlier, earlier
from app.store.load import Page, StoredReferral, referral_and_more
from app.store.next_page import next_refs
from app.store.placement_records import State
from app.store.placement_tables import place_claims, placements
from app.store.prepared import Prepared, of_refs, rows_of_all
from app.store.rows import Row
from app.store.session import Reading
from app.store.tables import children, referrals


def with_a_place(
    reading: Reading, authority: str, among: Sequence[ChildRef] | None = None, without: str | None = None
) -> dict[ChildRef, HomeRef]:
    """The children who wait in a referral and have a place already, with the home where it is.

    `among`: these children alone. `without`: a placement that is left out, because it is the one that is judged.
    """
    which = {"authority": authority, "without": without or NO_PLACEMENT}
    if among is None:
        rows = _WITH_A_PLACE.rows(reading, **which)
    else:
        rows = _AMONG_WITH_A_PLACE.rows(reading, **which, refs=list(among))
    return _homes_by_child(rows)


class Place(NamedTuple):
    """The place that a child has: in which home, and by which placement.

    `search_from`: of one who lives there, the first day of a search for another home.
    """

    child: ChildRef
    home: HomeRef
    placement: str
    state: State
    search_from: date | None = None


class Waiting(NamedTuple):
    """A referral with those of its children who still wait, with all of them where nobody does.

    `seq`: how often the inventory had changed. `before`: what was declined or is under way for them. `places`: those
    that children of the referral have; `ended`: placements that answered it and have ended. `moving`: where those live
    by a placement for whom another home is looked for. `known`: the numbers and keys under which the audit trail knows
    its children. `feared_by`: who has one of them in a list of whom to live apart from. Of one moment.
    """

    referral: StoredReferral
    seq: int
    before: Earlier
    places: tuple[Place, ...] = ()
    ended: tuple[Ended, ...] = ()
    known: Sequence[Row] = ()
    moving: tuple[Place, ...] = ()
    feared_by: Sequence[Row] = ()

    @property
    def told_of(self) -> frozenset[ChildRef]:
        """Every child of whom this says something."""
        people = (child.ref for child in self.referral.record.children)
        refused = (child for one in self.before.declined for child in one.children)
        return frozenset([*people, *refused, *(one.child for one in self.places), *(one.child for one in self.ended)])


def waiting_referral(reading: Reading, authority: str, ref: ReferralRef, named: Collection[str] = ()) -> Waiting | None:
    """A referral as it waits, by one question; None where there is none.

    `named`: children who are asked for by name. Where one of them left a home and brothers or sisters wait, it is for
    all of these together, so that a person may look for that one all the same.
    """
    mine = {"authority": authority, "referral": ref}
    having = _OF_REFERRAL_WITH_A_PLACE, mine | {"without": NO_PLACEMENT}
    subjects = audit_whom.SUBJECTS_OF_REFERRAL, {"authority": authority, "ref": ref}
    apart = living_apart.of_referral(reading), mine
    more = having, (AFTER_THE_END, mine), (OF_REFERRAL, mine), subjects, apart
    stored, seq, (placed, ended, past, known, feared_by) = referral_and_more(reading, authority, ref, *more)
    if stored is None:
        return None
    if not placed and not ended:
        return Waiting(stored, seq, earlier(past), known=known, feared_by=feared_by)
    places, over = _places([row for row in placed if row[NOT_LOOKED_FOR]]), ends(ended)
    answered = {one.child for one in over}
    homes = {one.child: one.home for one in places}
    gone = {one.child for one in over if one.left_care}
    asked = {one.child for one in over if one.child in named}
    left = whom_a_list_is_for(stored.record, answered, homes, gone, asked) or stored.record
    moving = _moving(placed, homes)
    return Waiting(replace(stored, record=left), seq, earlier(past), places, over, known, moving, feared_by)


class Asks(NamedTuple):
    """What a referral that was stored asks for, of those who have or had a placement. See `Waiting`."""

    places: tuple[Place, ...]
    moving: tuple[Place, ...]
    ended: tuple[Ended, ...]


def asked_for(reading: Reading, authority: str, ref: ReferralRef) -> Asks:
    """The same as `waiting_referral` of those children alone, for whoever has just stored it; by one question."""
    mine = {"authority": authority, "referral": ref}
    having = _OF_REFERRAL_WITH_A_PLACE, mine | {"without": NO_PLACEMENT}
    placed, ended = rows_of_all(reading, [having, (AFTER_THE_END, mine)])
    places = _places([row for row in placed if row[NOT_LOOKED_FOR]])
    return Asks(places, _moving(placed, {one.child for one in places}), ends(ended))


def _moving(placed: Sequence[Row], stay: Collection[ChildRef]) -> tuple[Place, ...]:
    return _places([row for row in placed if row["child_ref"] not in stay])


def waiting_page(
    reading: Reading, authority: str, after: str, limit: int
) -> tuple[Page, dict[ChildRef, HomeRef], frozenset[ChildRef]]:
    """A page of referrals; and, of their children, those who have a place already, and those whose placement ended.

    By one question, and of one moment.
    """
    having = _OF_NEXT_WITH_A_PLACE, {"without": NO_PLACEMENT}
    page = load.referrals_page(reading, authority, after, limit, having, (ENDED_OF_NEXT, {}))
    placed, ended = page.more
    return page, _homes_by_child(placed), frozenset(one.child for one in ends(ended))


def places_of(reading: Reading, authority: str, among: Sequence[ChildRef]) -> tuple[Place, ...]:
    """The place of each of these children who waits in a referral and has one already."""
    which = {"authority": authority, "without": NO_PLACEMENT}
    return _places(_AMONG_WITH_A_PLACE.rows(reading, **which, refs=list(among)))


def _homes_by_child(rows: Sequence[Row]) -> dict[ChildRef, HomeRef]:
    return {one.child: one.home for one in _places(rows)}


def _places(rows: Sequence[Row]) -> tuple[Place, ...]:
    """Of each child the first."""
    found: dict[ChildRef, Place] = {}
    for row in rows:
        child = ChildRef(row["child_ref"])
        place = Place(child, HomeRef(row["home_ref"]), row["id"], State(row["state"]), _search_from(row))
        found.setdefault(child, place)
    return tuple(found.values())


def _search_from(row: Row) -> date | None:
    moved_in_on: date | None = row["moved_in_on"]
    if moved_in_on is None:
        return None
    return max(moved_in_on, (row["searched_since"] or moved_in_on) + A_DAY)


NOT_LOOKED_FOR = "not_looked_for"


def _with_a_place(*which: ColumnElement[bool], who_moves: bool = False) -> Select[Any]:
    """`who_moves`: with those as well who live somewhere by a placement, and for whom another home is looked for."""
    of_claim = and_(placements.c.authority == place_claims.c.authority, placements.c.id == place_claims.c.placement_id)
    of_child = and_(children.c.authority == place_claims.c.authority, children.c.ref == place_claims.c.child_ref)
    of_referral = and_(referrals.c.authority == children.c.authority, referrals.c.ref == children.c.referral_ref)
    pursued = place_claims.c.lived_in.is_(False)
    # A release before kept no search with the place: its move answered those until the day of it.
    searched = func.coalesce(place_claims.c.searched_since, placements.c.moved_in_on)
    same_search = or_(referrals.c.waiting_since <= searched, referrals.c.waiting_since < placements.c.moved_in_on)
    answered = and_(placements.c.state == str(State.PLACED), same_search)
    mine = place_claims.c.authority == bindparam("authority"), place_claims.c.placement_id != bindparam("without")
    return (
        select(place_claims.c.child_ref, place_claims.c.home_ref, placements.c.id, placements.c.state)
        .add_columns(placements.c.moved_in_on, place_claims.c.searched_since)
        .add_columns(or_(pursued, answered).label(NOT_LOOKED_FOR))
        .join(placements, of_claim)
        .join(children, of_child)
        .join(referrals, of_referral)
        .where(*mine, place_claims.c.live, *which, *(() if who_moves else (or_(pursued, answered),)))
        .order_by(place_claims.c.lived_in)  # where a child will live comes before where it lives
    )


_WITH_A_PLACE = Prepared(_with_a_place())
_OF_REFERRAL_WITH_A_PLACE = Prepared(_with_a_place(children.c.referral_ref == bindparam("referral"), who_moves=True))
_OF_NEXT_WITH_A_PLACE = Prepared(_with_a_place(children.c.referral_ref.in_(next_refs(referrals))))
_AMONG_WITH_A_PLACE = of_refs(lambda is_one: _with_a_place(is_one(place_claims.c.child_ref)))
