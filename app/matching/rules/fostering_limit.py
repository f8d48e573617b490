"""Three foster children at most, unless they are siblings or an exemption names them."""

from __future__ import annotations

from functools import partial

import numpy as np

from app.matching.child_columns import NOWHERE
from app.matching.codes import FOSTERING_KINDS, PlaceCode
from app.matching.columns import IntArray
from app.matching.finding import Facts, Finding, flag, number
from app.matching.pairs import PartyPairs
from app.matching.rules.masks import is_kind
from app.matching.unit import Case, Change, Level, NoParams, Rule, Subject

USUAL_LIMIT = 3
FOSTERING_CODES = frozenset({PlaceCode.U1, PlaceCode.U2, PlaceCode.U3, PlaceCode.U4, PlaceCode.U5, PlaceCode.U6})


def judge(pairs: PartyPairs, _params: NoParams) -> Finding:
    """Fostered children living there, places that are held, and the party, against three.

    More may live there where all of them are brothers and sisters of each other (nobody else is fostered
    there: the party is one sibling group), or where the exemption names every child of the party. The
    carer's own children do not count, and do not make it a household of strangers. A place that is held counts as
    a child who is no brother or sister: nobody has said for whom it is held. Who is of the party and lives there
    already is one child, and no stranger.
    """
    home, party, lists = pairs.home, pairs.party, pairs.lists
    fostering = is_kind(home.kind, FOSTERING_KINDS) | is_kind(home.place_code, FOSTERING_CODES)
    fostered = home.fostered_residents - _of_the_party(pairs)
    others = fostered + home.places_held
    over = fostering & (others > 0) & (others + party.size > USUAL_LIMIT)
    siblings = pairs.among(lambda row: lists[row].all_sibling_rows) & (home.places_held == 0)
    exempt = pairs.among(lambda row: lists[row].exempt_rows)

    def facts() -> Facts:
        return {
            "children": number(party.size),
            "fostered": number(fostered),
            "held": number(home.places_held),
            "all_siblings": flag(siblings | (others == 0)),
            "exempt": flag(exempt),
        }

    return Finding(over & ~siblings & ~exempt, facts=facts)


def _of_the_party(pairs: PartyPairs) -> IntArray:
    """How many children of the party are among those fostered there."""
    listed = [pairs.lists[int(row)].fostered_here for row in pairs.rows]
    here: IntArray = pairs.nowhere().astype(np.int16)
    for nth in range(max(map(len, listed), default=0)):
        here = here + pairs.among(partial(_nth, pairs, nth))
    return here


def _nth(pairs: PartyPairs, at: int, row: int) -> IntArray:
    here = pairs.lists[row].fostered_here
    return here[at] if at < len(here) else NOWHERE


def remedies(case: Case, _params: NoParams) -> tuple[Change, ...]:
    """An exemption that names the children, by the authority in whose area the carer lives."""
    names = case.home.terms.exempt_children | {child.ref for child in case.children}
    return (Change(Subject.HOME, "terms.exempt_children", names),)


FOSTERING_LIMIT = Rule(
    code="fostering_limit",
    says="The usual fostering limit of three is kept",
    because="Fostered there already: {fostered:children}, places held: {held}; with {children:children} more it would "
    "be over the "
    "usual limit of three, they are not all siblings, and no exemption names every child",
    statutory=True,
    source="Children Act 1989 s63(12) and Sch 7 paras 2-4",
    level=Level.PARTY,
    judge=judge,
    remedies=remedies,
)
