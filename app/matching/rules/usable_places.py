"""The home must have a free place for every child of the party."""

from __future__ import annotations

from app.matching.finding import Facts, Finding, number
from app.matching.pairs import PartyPairs
from app.matching.unit import Case, Change, Level, NoParams, Rule, Subject


def judge(pairs: PartyPairs, _params: NoParams) -> Finding:
    """Registered or approved places, less residents, less what is held, against the size of the party."""
    home, party = pairs.home, pairs.party
    free = home.places - home.residents - home.places_held

    def facts() -> Facts:
        return {
            "children": number(party.size),
            "places": number(home.places),
            "residents": number(home.residents),
            "held": number(home.places_held),
            "free": number(free),
        }

    return Finding(fails=free < party.size, facts=facts)


def remedies(case: Case, _params: NoParams) -> tuple[Change, ...]:
    """As many places more as are missing."""
    needed = len(case.home.residents) + case.home.places_held + len(case.children)
    return (Change(Subject.HOME, "places", needed),)


USABLE_PLACES = Rule(
    code="usable_places",
    says="The home has a free place for every child",
    because="{free} of {places} places are free; room is needed for {children:children}",
    statutory=True,
    source="Children's Homes (England) Regulations 2015, reg 16 and Sch 1; Children Act 1989 Sch 7 para 2",
    level=Level.PARTY,
    judge=judge,
    remedies=remedies,
)
