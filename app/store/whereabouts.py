"""Where people live, as each record of this database says, and when it said so.

Several records tell of it, sent by several systems at several times, and none of them is complete. A move that was
told here is newer than what was stored before it; what is stored after it is newer than the move.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import partial
from operator import attrgetter
from typing import Any, NamedTuple

from sqlalchemy import (
    Column,
    ColumnElement,
    Function,
    Select,
    String,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal_column,
    null,
    select,
    true,
    union_all,
)
from sqlalchemy.sql.selectable import CompoundSelect

from app.matching.referral import ChildRef, HomeRef
from app.store.answered import LEFT_CARE
from app.store.load import MOST_AT_ONCE
from app.store.placement_records import Step
from app.store.placement_tables import decisions, place_claims
from app.store.prepared import IsOne, of_refs
from app.store.rows import Row
from app.store.run_tables import placed_children
from app.store.schema import UtcDateTime
from app.store.session import Reading
from app.store.tables import children, has_listed, homes, referrals, residents


class Said(StrEnum):
    """Which kind of record says that somebody lives in a home."""

    CASELOAD = "caseload"
    WAITS = "waits"
    SIBLING = "sibling"
    LISTED = "listed"
    COMES = "comes"
    LIVES = "lives"
    LEFT = "left"
    LEFT_CARE = "left_care"


class Left(NamedTuple):
    """A placement that has ended for somebody: when their move was told, and when the end. `care`: who left that."""

    home: HomeRef
    moved: datetime
    ended: datetime
    care: bool


@dataclass(slots=True)
class Whereabouts:
    """Where one person lives by what is on record.

    `moved`: by a placement, with the moment at which the move was told. `left`: the last one that has ended. `comes`:
    where a place is held or accepted for them. `in_homes`: as the homes list them, with those where they have a place.
    `told`: what homes and the case system said, each with when it was stored. `named`: when each referral was stored
    that names them as brother or sister.
    """

    moved: tuple[HomeRef, datetime] | None = None
    left: Left | None = None
    comes: HomeRef | None = None
    in_homes: set[HomeRef] = field(default_factory=set)
    told: list[tuple[Said, HomeRef, datetime]] = field(default_factory=list)
    named: dict[str, datetime] = field(default_factory=dict)

    @property
    def anywhere(self) -> frozenset[HomeRef]:
        """Every home that one of the records names, but those that they left by a move told after it was said."""
        return frozenset(self.in_homes).union(home for _, home, at in self.told if self._counts(at))

    def to_join(self, said: Collection[HomeRef], by: str | None) -> frozenset[HomeRef]:
        """Where a brother or sister would join them, whose record says that they live there, in the referral `by`.

        Where they have a place and have yet to move in, that is there alone, as it is for those of one referral.
        """
        return self.lives_at(said, by) if self.comes is None else frozenset({self.comes})

    def lives_at(self, said: Collection[HomeRef], by: str | None) -> frozenset[HomeRef]:
        """Where they live now, wherever they have a place.

        Who moved in by a placement lives there, whatever the homes list: and where the case system said so since. Of
        anybody else each record counts that was stored since they last moved; what stands in a referral of their own
        or in that of another, where nothing else tells. `by` None: it is said now.
        """
        own = (home for home in said if not self.has_left(home, by))
        if self.moved is not None:
            return frozenset({self.moved[0]}).union(self._told(Said.CASELOAD), own)
        return self._told(Said.CASELOAD, Said.LISTED).union(own) or self._told(Said.WAITS, Said.SIBLING)

    def has_left(self, home: HomeRef | None, by: str | None) -> bool:
        """Whether they moved after the referral `by` named them as brother or sister who lives here."""
        at = None if by is None else self.named.get(by)
        return at is not None and not self._stands(home, at) and (self.moved is None or self.moved[0] != home)

    def has_left_care(self, said: Collection[HomeRef], by: str | None) -> bool:
        """Whether they left it with their last placement, and no record has had them in any home since.

        While a home lists them, whatever became of them, they are brother or sister of who lives there. So are they
        where the referral `by` was sent since the end was told and names them still, with a home or without: they may
        be back in care.
        """
        if self.left is None or not self.left.care or self.in_homes or self.lives_at(said, by):
            return False
        at = None if by is None else self.named.get(by)
        return at is not None and at < self.left.ended

    def _told(self, *kinds: Said) -> frozenset[HomeRef]:
        return frozenset(home for kind, home, at in self.told if kind in kinds and self._stands(home, at))

    def _stands(self, home: HomeRef | None, at: datetime) -> bool:
        """Whether what was said of this home was said since they last moved, or left care; they may have left since.

        Who must live apart from somebody is kept from more than that (`anywhere`).
        """
        if self.moved is not None or self.left is None:
            return self._counts(at)
        if at >= self.left.ended:
            return True
        return not self.left.care and at >= self.left.moved and home != self.left.home

    def _counts(self, at: datetime) -> bool:
        return self.moved is None or at >= self.moved[1]

    def hear(self, row: Row) -> None:
        """One record more."""
        kind, home, at = Said(row["said"]), None if row["home"] is None else HomeRef(row["home"]), row["told_at"]
        if kind is Said.SIBLING:
            self.named[row["told_in"]] = at
        if home is None:
            return
        match kind:
            case Said.LIVES:
                self.moved = home, at
            case Said.COMES:
                self.comes = home
            case Said.LEFT | Said.LEFT_CARE:
                one = Left(home, at, row["ended_at"], kind is Said.LEFT_CARE)
                self.left = one if self.left is None else max(self.left, one, key=attrgetter("ended"))
            case _:
                self.told.append((kind, home, at))
        if kind in (Said.LISTED, Said.COMES, Said.LIVES):
            self.in_homes.add(home)


def whereabouts(reading: Reading, authority: str, people: Collection[ChildRef]) -> Mapping[ChildRef, Whereabouts]:
    """Where each of these people lives; of whom nothing is known, nowhere."""
    found: dict[ChildRef, Whereabouts] = defaultdict(Whereabouts)
    wanted = sorted(people)
    for start in range(0, len(wanted), MOST_AT_ONCE):
        some = wanted[start : start + MOST_AT_ONCE]
        for row in _SAID[reading.dialect.name].rows(reading, authority=authority, refs=some):
            found[ChildRef(row["ref"])].hear(row)
    return found


def in_homes(reading: Reading, authority: str, people: Collection[ChildRef]) -> set[HomeRef]:
    """The homes that list one of these people, or in which one of them has a place."""
    return {HomeRef(home) for home in _IN_HOMES.column(reading, authority=authority, refs=sorted(people))}


LISTS: Mapping[str, Callable[[str], Function[Any]]] = {
    "sqlite": lambda name: func.json_each(literal_column(f"json_extract(children.details, '$.{name}')")),
    "postgresql": lambda name: (
        func.jsonb_array_elements_text(literal_column(f"children.details -> '{name}'"))
        if name == "live_apart_from"
        else func.jsonb_array_elements(literal_column(f"children.details -> '{name}'"))
    ),
}
"""The rows of a list in the record of a child, each of them `value`."""

HAS_SIBLINGS = has_listed("placed_siblings", "children.details")

OF_SIBLING = {
    "sqlite": lambda name: literal_column(f"(json_extract(named.value, '$.{name}'))", String),
    "postgresql": lambda name: literal_column(f"(named.value ->> '{name}')", String),
}


def _said(dialect: str, is_one: IsOne) -> CompoundSelect[Any]:
    """What is said of where these people live: by which kind of record, when, and in which referral."""
    moved = decisions.c.placement_id == place_claims.c.placement_id, decisions.c.step == str(Step.PLACE)
    moves = and_(decisions.c.authority == place_claims.c.authority, *moved, place_claims.c.lived_in)
    its = and_(referrals.c.authority == children.c.authority, referrals.c.ref == children.c.referral_ref)
    named = LISTS[dialect]("placed_siblings").table_valued("value", name="named")
    sibling, home = OF_SIBLING[dialect]("child"), OF_SIBLING[dialect]("home")
    caseload, claimed = placed_children.c, place_claims.c
    mine = children.c.authority == bindparam("authority")
    lives = _one(claimed.child_ref, claimed.home_ref, Said.LIVES, decisions.c.decided_at)
    comes = _one(claimed.child_ref, claimed.home_ref, Said.COMES)
    live = claimed.authority == bindparam("authority"), claimed.live, is_one(claimed.child_ref)
    waits = _one(children.c.ref, children.c.current_home, Said.WAITS, referrals.c.changed_at, children.c.referral_ref)
    is_named = _one(sibling, home, Said.SIBLING, referrals.c.changed_at, children.c.referral_ref)
    listed = _one(residents.c.ref, residents.c.home_ref, Said.LISTED, homes.c.changed_at)
    its_home = and_(homes.c.authority == residents.c.authority, homes.c.ref == residents.c.home_ref)
    with_siblings = children.join(referrals, its).join(named, true())
    return union_all(
        _one(caseload.ref, caseload.home, Said.CASELOAD, caseload.changed_at).where(
            caseload.authority == bindparam("authority"), is_one(caseload.ref), caseload.home.is_not(None)
        ),
        waits.select_from(children.join(referrals, its)).where(
            mine, is_one(children.c.ref), children.c.current_home.is_not(None)
        ),
        is_named.select_from(with_siblings).where(mine, HAS_SIBLINGS[dialect], is_one(sibling)),
        listed.select_from(residents.join(homes, its_home)).where(
            residents.c.authority == bindparam("authority"), is_one(residents.c.ref)
        ),
        comes.where(*live, claimed.lived_in.is_(False)),
        lives.select_from(place_claims.join(decisions, moves)).where(*live),
        _left(is_one),
    )


def _left(is_one: IsOne) -> Select[Any]:
    """What placements they left, each with when the move and the end were told."""
    claimed, ends = place_claims.c, decisions.alias()
    of_claim = decisions.c.authority == claimed.authority, decisions.c.placement_id == claimed.placement_id
    of_end = ends.c.authority == claimed.authority, ends.c.placement_id == claimed.placement_id
    told = place_claims.join(decisions, and_(*of_claim, decisions.c.step == str(Step.PLACE))).join(
        ends, and_(*of_end, ends.c.version == claimed.ended_version)
    )
    left_care = claimed.end_reason.in_([literal_column(f"'{code}'", String) for code in LEFT_CARE])
    kind = case((left_care, _word(Said.LEFT_CARE)), else_=_word(Said.LEFT))
    over = claimed.authority == bindparam("authority"), claimed.ended_version.is_not(None), is_one(claimed.child_ref)
    left = _one(claimed.child_ref, claimed.home_ref, kind, decisions.c.decided_at, ended_at=ends.c.decided_at)
    return left.select_from(told).where(*over)


def _one(
    ref: ColumnElement[str],
    home: ColumnElement[Any],
    said: Said | ColumnElement[str],
    at: Column[datetime] | None = None,
    by: Column[str] | None = None,
    ended_at: Column[datetime] | None = None,
) -> Select[Any]:
    when, of = null() if at is None else at, cast(null(), String) if by is None else by
    ended = cast(null(), UtcDateTime) if ended_at is None else ended_at
    kind = _word(said) if isinstance(said, Said) else said
    told = ref.label("ref"), home.label("home"), kind.label("said"), when.label("told_at"), of.label("told_in")
    return select(*told, ended.label("ended_at"))


def _word(said: Said) -> ColumnElement[str]:
    return literal_column(f"'{said}'", String)


_SAID = {dialect: of_refs(partial(_said, dialect)) for dialect in LISTS}


def _in_homes(is_one: IsOne) -> CompoundSelect[Any]:
    return union_all(
        select(residents.c.home_ref).where(residents.c.authority == bindparam("authority"), is_one(residents.c.ref)),
        select(place_claims.c.home_ref).where(
            place_claims.c.authority == bindparam("authority"), place_claims.c.live, is_one(place_claims.c.child_ref)
        ),
    )


_IN_HOMES = of_refs(_in_homes)
