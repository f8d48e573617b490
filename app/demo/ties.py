"""What ties waiting children to homes and to the children who live there.

A child who moves lives in one of the homes now. Some have brothers or sisters in a home already; some must
live apart from a resident; for a few, somebody they know has been approved to foster them. Each tie is
looked for among the homes that the child's own council uses.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from itertools import islice

from app.demo.cases import Special
from app.demo.draws import Draws
from app.demo.people import age_on
from app.demo.referrals import Search
from app.matching.codes import HomeKind, Sex, SexAccepted
from app.matching.home import Home, Resident
from app.matching.referral import Child, ChildRef, HomeRef, PlacedSibling, Referral

HAS_SIBLING_IN_CARE = 150
LIVES_APART = 25
KNOWS_A_CARER = 90
"""Per mille of children, children and searches."""

MOST_ASKED = 200
"""A tie for which so many residents have been looked at in vain is not made."""

FROM_A_HOME = frozenset({"teenager at risk", "complex", "complex, therapeutic", "secure"})
"""Sorts of search whose children, when they move, mostly come from children's homes."""


@dataclass
class Register:
    """The homes while ties are made. `order`: a number for each home, by which they are asked.

    `lives` lists who may still be tied, by council and kind of care.
    """

    homes: list[Home]
    councils: list[str]
    ours: frozenset[ChildRef]
    as_of: date
    order: list[int]
    lives: dict[tuple[str, bool], dict[ChildRef, int]] = field(default_factory=dict)
    row_of: dict[HomeRef, int] = field(default_factory=dict)
    carers: dict[str, list[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for row in sorted(range(len(self.homes)), key=self.order.__getitem__):
            home, council = self.homes[row], self.councils[row]
            self.row_of[home.ref] = row
            if home.kind is HomeKind.CONNECTED_PERSON:
                if len(home.residents) + home.places_held < home.places:
                    self.carers.setdefault(council, []).append(row)
            elif home.kind in {HomeKind.FOSTER, HomeKind.CHILDRENS_HOME} and not home.terms.exempt_children:
                people = self.lives.setdefault((council, home.kind is HomeKind.FOSTER), {})
                people.update({one.ref: row for one in home.residents if one.ref in self.ours})

    def waiting(self, council: str, *, fostered: bool, first: int | None = None) -> list[tuple[ChildRef, int]]:
        """Some residents who have no tie yet, with the row of their home; those of row `first` in front."""
        untied = self.lives.get((council, fostered), {})
        found = list(islice(untied.items(), MOST_ASKED))
        if first is None:
            return found
        return [(one.ref, first) for one in self.homes[first].residents if one.ref in untied] + found

    def take(self, council: str, ref: ChildRef, *, fostered: bool) -> None:
        """Leave this resident out from now on."""
        del self.lives[council, fostered][ref]


def tie(searches: list[Search], register: Register, seed: int) -> list[Referral]:
    """The referrals with their ties; the homes of the register are exchanged where a tie changes them."""
    families = Draws(seed, "family ties", len(searches))
    children = Draws(seed, "child ties", sum(len(search.referral.children) for search in searches))
    referrals = []
    index = 0
    for search in searches:
        moves = families.chance("moves", search.number, search.case.moves)
        tied: list[Child] = []
        for child in search.referral.children:
            one = _settled(child, search, children, index)
            if moves:
                one = _moved(one, search, register, tied)
            tied.append(_related(one, search, register, children, index))
            index += 1
        if search.case.special in {Special.NONE, Special.EMERGENCY} and families.chance(
            "knows a carer", search.number, KNOWS_A_CARER
        ):
            _approve_carer(search, register)
        referrals.append(replace(search.referral, children=tuple(tied)))
    return referrals


def _settled(child: Child, search: Search, draws: Draws, index: int) -> Child:
    """How often the child moved in the last year: two moves or more are three placements or more."""
    if draws.chance("unsettled", index, search.case.unsettled):
        return replace(child, moves_last_year=draws.between("moves", index, 2, 4))
    return replace(child, moves_last_year=int(draws.chance("moved once", index, 300)))


def _related(child: Child, search: Search, register: Register, draws: Draws, index: int) -> Child:
    """A brother or sister in care, and somebody to live apart from."""
    if search.case.special is not Special.UASC and draws.chance("sibling", index, HAS_SIBLING_IN_CARE):
        child = _with_sibling(child, search.council.code, register, draws, index)
    if draws.chance("apart", index, LIVES_APART):
        child = _apart(child, search.council.code, register, draws, index)
    return child


def _moved(child: Child, search: Search, register: Register, before: list[Child]) -> Child:
    """Living where one of the council's children lived: that resident is now this child.

    With brothers and sisters who move too, if there is room for them to have lived together.
    """
    code = search.council.code
    fostered = search.case.key not in FROM_A_HOME
    theirs = before[-1].current_home if before else None
    first = None if theirs is None else register.row_of[theirs]
    for ref, row in register.waiting(code, fostered=fostered, first=first):
        home = register.homes[row]
        if _takes(home, child, register.as_of):
            register.take(code, ref, fostered=fostered)
            me = _as_resident(child, fostered=fostered)
            residents = tuple(me if one.ref == ref else one for one in home.residents)
            register.homes[row] = replace(home, residents=residents)
            return replace(child, current_home=home.ref)
    return child


def _as_resident(child: Child, *, fostered: bool) -> Resident:
    """The same child as the home it lives in knows it."""
    return Resident(
        ref=child.ref,
        date_of_birth=child.date_of_birth,
        sex=child.sex,
        risks=child.risks,
        vulnerabilities=child.vulnerabilities,
        living_companions=child.living_companions,
        fostered=fostered,
    )


def _takes(home: Home, child: Child, as_of: date) -> bool:
    """Whether the child may live there by age and sex."""
    terms = home.terms
    if child.date_of_birth is None or terms.age_min is None or terms.age_max is None:
        return False
    sexes = {SexAccepted.MALE: Sex.MALE, SexAccepted.FEMALE: Sex.FEMALE}
    fits = terms.sex not in sexes or sexes[terms.sex] is child.sex
    return fits and terms.age_min <= age_on(as_of, child.date_of_birth) <= terms.age_max


def _with_sibling(child: Child, code: str, register: Register, draws: Draws, index: int) -> Child:
    """A brother or sister lives with foster carers: in a home on the list, at a place we know, or we do not."""
    for ref, row in register.waiting(code, fostered=True):
        home = register.homes[row]
        if home.ref == child.current_home:
            continue
        register.take(code, ref, fostered=True)
        known = draws.pick("sibling known", index, {"home": 70, "place": 22, "": 8})
        sibling = PlacedSibling(
            ref,
            home.ref if known == "home" else None,
            home.location if known == "place" else None,
        )
        return replace(child, placed_siblings=(sibling,))
    return child


def _apart(child: Child, code: str, register: Register, draws: Draws, index: int) -> Child:
    """Must live apart from a resident of a home; written down on one side or on the other."""
    fostered = draws.chance("apart from a fostered child", index, 500)
    for ref, row in register.waiting(code, fostered=fostered):
        home = register.homes[row]
        if home.ref == child.current_home:
            continue
        register.take(code, ref, fostered=fostered)
        if draws.chance("apart said by the child", index, 500):
            return replace(child, live_apart_from=frozenset({ref}))
        residents = tuple(
            replace(one, live_apart_from=frozenset({child.ref})) if one.ref == ref else one for one in home.residents
        )
        register.homes[row] = replace(home, residents=residents)
        return child
    return child


def _approve_carer(search: Search, register: Register) -> None:
    """Somebody the children know is approved to foster them, if there is one with places enough."""
    children = search.referral.children
    rows = register.carers.get(search.council.code, [])
    for row in rows:
        home = register.homes[row]
        if home.places - home.places_held - len(home.residents) >= len(children):
            named = home.terms.named_children | {child.ref for child in children}
            register.homes[row] = replace(home, terms=replace(home.terms, named_children=named))
            rows.remove(row)
            return
