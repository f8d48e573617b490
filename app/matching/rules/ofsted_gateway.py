"""A home with a judgement that the policy refuses is left out."""

from __future__ import annotations

from dataclasses import dataclass

from app.matching.codes import FOSTERING_KINDS, FOUR_GRADES, THREE_OUTCOMES, Judgement
from app.matching.finding import Facts, Finding, code, on_day
from app.matching.pairs import ChildPairs
from app.matching.rules.masks import is_kind
from app.matching.unit import Level, Rule

OPEN_QUESTION = frozenset({Judgement.NOT_JUDGED, Judgement.NOT_KNOWN})


@dataclass(frozen=True, slots=True)
class Params:
    """The judgements, of the four grades and the three outcomes, that the council does not use."""

    refused: tuple[Judgement, ...]

    def __post_init__(self) -> None:
        """Refuse words that are no judgement: a home not yet inspected has done nothing wrong."""
        strange = [str(word) for word in self.refused if word not in FOUR_GRADES | THREE_OUTCOMES]
        if strange:
            raise ValueError(f"refused may name grades and outcomes only, not: {', '.join(strange)}")


def judge(pairs: ChildPairs, params: Params) -> Finding:
    """The judgement against the policy's list. Not judged is not known; not yet inspected is allowed.

    A foster household has no judgement of its own, and a council's fostering service none apart from the
    council's: there not judged leaves nothing to ask. Nor does an empty list.
    """
    home = pairs.home
    fails = is_kind(home.judgement, frozenset(Judgement(word) for word in params.refused))

    def facts() -> Facts:
        return {"judgement": code(home.judgement, Judgement), "judged_on": on_day(home.judged_on)}

    if not params.refused:
        return Finding(fails, pairs.nowhere(), facts)
    fostering = is_kind(home.kind, FOSTERING_KINDS)
    settled = fostering & (home.judgement == Judgement.NOT_JUDGED.position)
    return Finding(fails, is_kind(home.judgement, OPEN_QUESTION) & ~settled, facts)


OFSTED_GATEWAY = Rule(
    code="ofsted_gateway",
    says="The home has no Ofsted judgement that the policy refuses",
    because="Ofsted's judgement is {judgement} ({judged_on:day}); the policy does not use such a home",
    statutory=False,
    source="Nottingham Placements Commissioning and Sufficiency Strategy 2016-18 (quality); "
    "Ofsted social care common inspection framework",
    level=Level.CHILD,
    judge=judge,
    params=Params,
)
