"""Pets in the home only with a child who can live with them; a child who must have them with pets."""

from __future__ import annotations

from app.matching.codes import Answer, Pets
from app.matching.finding import Facts, Finding, code
from app.matching.pairs import ChildPairs
from app.matching.rules.masks import YES_OR_NO, by_code, look_up, overlap
from app.matching.unit import Level, NoParams, Rule

MINDS_PETS, MINDS_NONE = 1, 2  # the bits of `YES_OR_NO`
MINDS = by_code(Pets, {Pets.NO: MINDS_PETS, Pets.MUST: MINDS_NONE}, {Pets.NOT_KNOWN: MINDS_PETS | MINDS_NONE})


def judge(pairs: ChildPairs, _params: NoParams) -> Finding:
    """The child's answer against the home's. Who can live with pets can live anywhere."""
    child, home = pairs.child, pairs.home
    fails, not_known = overlap(look_up(MINDS, child.pets), look_up(YES_OR_NO, home.pets))

    def facts() -> Facts:
        return {"child": code(child.pets, Pets), "home": code(home.pets, Answer)}

    return Finding(fails, not_known, facts)


PETS = Rule(
    code="pets",
    says="Pets, or none, as the child needs",
    because="Whether the child can live with pets: {child:answer}; pets in the home: {home:answer}",
    statutory=False,
    source="Placements Data Standard v2, PlacementRequirements (pets)",
    level=Level.CHILD,
    judge=judge,
)
