"""Policies for tests: every rule and criterion in use, with parameters that are drawn at random or chosen.

`a_policy()` is mild and fixed. `random_policy(rng)` draws weights, stand-ins, limits and what is flagged.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from random import Random
from typing import Any

from app.matching.codes import (
    HomeKind,
    Judgement,
    NeedDomain,
    Package,
    Risk,
    VisitFrequency,
    Vulnerability,
)
from app.matching.criteria import CRITERIA
from app.matching.local import Local, LocalMeasure
from app.matching.policy import Arrivals, CriterionSetting, Placing, Policy, RuleSetting, Target, parse_policy
from app.matching.rules import RULES
from app.matching.unit import Criterion, Rule
from tests.support.builders import a_local
from tests.support.chance import LAST_STEPS, Chance, polygons

Drawn = Mapping[str, Any]

MILES = tuple(Decimal(text) for text in ("0.5", "1", "2", "3", "5", "10", "15", "20", "40")) + tuple(LAST_STEPS)
PERSONAL = tuple(v for v in Vulnerability if v is not Vulnerability.ANIMALS_IN_HOME)

HARM: dict[Risk, tuple[Vulnerability, ...]] = {
    Risk.SELF_HARM: (Vulnerability.SELF_HARM,),
    Risk.SEXUAL_EXPLOITATION: (Vulnerability.SEXUAL_EXPLOITATION,),
    Risk.CRIMINAL_EXPLOITATION: (Vulnerability.CRIMINAL_EXPLOITATION,),
    Risk.DRUG_ALCOHOL: (Vulnerability.SUBSTANCE_MISUSE,),
    Risk.EATING_DISORDER: (Vulnerability.EATING_DISORDER,),
    Risk.MISSING: (Vulnerability.GOING_MISSING,),
    Risk.TO_OTHERS_PHYSICAL: (Vulnerability.PHYSICAL_HARM, Vulnerability.BULLYING),
    Risk.TO_OTHERS_SEXUAL: (Vulnerability.SEXUAL_HARM,),
    Risk.TO_OTHERS_FIRE: (Vulnerability.FIRE,),
    Risk.TO_OTHERS_ANIMALS: (Vulnerability.ANIMALS_IN_HOME,),
    Risk.TO_OTHERS_CRIMINAL: (),
}


def _reach(chance: Chance) -> dict[str, Decimal]:
    full, none = sorted(chance.rng.sample(MILES, 2))
    return {"full_within_miles": full, "none_beyond_miles": none}


def _education(chance: Chance) -> Drawn:
    full, ks4, none = sorted(chance.rng.sample(MILES, 3))
    return {"full_within_miles": full, "ks4_none_beyond_miles": ks4, "none_beyond_miles": none}


def _falling(chance: Chance, count: int, top: int = 1000) -> list[int]:
    return sorted((chance.one((0, chance.rng.randint(0, top), top)) for _ in range(count)), reverse=True)


def _named(names: str, values: list[int]) -> dict[str, int]:
    return dict(zip(names.split(), values, strict=True))


def _in_area(chance: Chance) -> Drawn:
    adjoining, distance = _falling(chance, 2, 700)
    return {"adjoining": adjoining, "at_a_distance": distance, "local_adds": chance.rng.randint(0, 299)}


def _needs_fit(chance: Chance) -> Drawn:
    one, two, three = reversed(_falling(chance, 3))
    percent = {domain: chance.one((0, 33, 50, 100, 150, 201)) for domain in NeedDomain}
    return {"one_short": one, "two_short": two, "three_short": three, "weight_percent": percent}


def _quality(chance: Chance) -> Drawn:
    names = "outstanding good requires_improvement inadequate strong inconsistent weak not_yet_inspected"
    return {name: chance.rng.randint(0, 1000) for name in names.split()}


def _sourcing(chance: Chance) -> Drawn:
    in_house, *tiers, spot = _falling(chance, chance.one((4, 5)), 950)
    return {"in_house": in_house, "block": 1000, "framework_tiers": tuple(tiers), "spot": spot}


def _fee(chance: Chance) -> Drawn:
    usual = {kind: {p: chance.one((45_000, 60_001, 383_000)) for p in Package} for kind in HomeKind}
    full, none = sorted(chance.rng.sample(range(301), 2))
    return {"full_at_percent": full, "none_at_percent": none, "reference_pence": usual}


def _stability(chance: Chance) -> Drawn:
    full, moved, none = sorted(chance.rng.sample(range(101), 3))
    prior = chance.one((0, 5, 20))
    return {
        "min_cases": chance.one((1, 5, 20)),
        "prior_ended": prior,
        "prior_unplanned": chance.rng.randint(0, prior),
        "full_at_percent": full,
        "none_at_percent": none,
        "moved_from": chance.one((1, 2, 3)),
        "moved_none_at_percent": moved,
    }


def _step_down(chance: Chance) -> Drawn:
    one, two, three, four, five = _falling(chance, 5)
    names = "connected_person foster supported_lodgings supported_accommodation residential"
    return _named(names, [one, two, three, four, five])


def _contact(chance: Chance) -> Drawn:
    return {**_reach(chance), "visit_weight": {each: chance.rng.randint(1, 9) for each in VisitFrequency}}


def _siblings(chance: Chance) -> Drawn:
    return {**_reach(chance), "near_at_most": chance.rng.randint(0, 999)}


def _wishes(chance: Chance) -> Drawn:
    return {"school_within_miles": chance.one(MILES), "area_within_miles": chance.one(MILES)}


def _harm(chance: Chance) -> Drawn:
    more = {risk: (*HARM[risk], *chance.some(set(PERSONAL) - set(HARM[risk]), 1)) for risk in Risk}
    return {"table": chance.one((HARM, more))}


def _confirmed(chance: Chance) -> Drawn:
    return {"max_age_days": {kind: chance.one((0, 1, 14, 28, 30, 60)) for kind in HomeKind}}


def _shortfall(chance: Chance) -> Drawn:
    return {"max_shortfall": {domain: chance.one((1, 1, 2, 0, 3)) for domain in NeedDomain}}


def _gateway(chance: Chance) -> Drawn:
    inadequate = (Judgement.INADEQUATE, Judgement.WEAK)
    return {"refused": chance.one((inadequate, (*inadequate, Judgement.REQUIRES_IMPROVEMENT), ()))}


PARAMS: dict[str, Callable[[Chance], Drawn]] = {
    "near_family": _reach,
    "education": _education,
    "with_siblings": _siblings,
    "in_area": _in_area,
    "needs_fit": _needs_fit,
    "wishes": _wishes,
    "contact": _contact,
    "stability": _stability,
    "quality": _quality,
    "step_down": _step_down,
    "sourcing": _sourcing,
    "fee": _fee,
    "available_by": lambda chance: {"grace_days": chance.one((0, 1, 7))},
    "vacancy_confirmed": _confirmed,
    "safe_for_residents": _harm,
    "safe_from_residents": _harm,
    "essential_needs": _shortfall,
    "ofsted_gateway": _gateway,
}
"""How the parameters of each unit that has any are drawn."""


def params_of(unit: Rule | Criterion, chance: Chance) -> Any:
    """Parameters for a unit."""
    return unit.params(**PARAMS[unit.code](chance)) if unit.code in PARAMS else unit.params()


def random_policy(rng: Random) -> Policy:
    """Everything is used; a policy rule may flag what is not known, a criterion may weigh nothing."""
    chance = Chance(rng, 0.0)
    rules = tuple(
        RuleSetting(rule, 1 << i, True, rule.statutory or chance.hits(0.5), params_of(rule, chance), "in a test")
        for i, rule in enumerate(RULES)
    )
    criteria = tuple(
        CriterionSetting(
            criterion,
            enabled=True,
            weight=chance.one((0, 1, 5, 10, 25)),
            stand_in=chance.rng.randint(0, 1000),
            params=params_of(criterion, chance),
            because="in a test",
        )
        for criterion in CRITERIA
    )
    local = a_local(
        measure=chance.one(LocalMeasure),
        radius_miles=chance.one((Decimal(20), Decimal("20.1"), Decimal("2.9"))),
        outline=chance.one((None, None, chance.one(polygons()))),
    )
    return _policy(rules, criteria, local)


def a_policy(seed: int = 0, **changes: Any) -> Policy:
    """A policy that is the same every time; every weight is 10 and every stand-in 300."""
    policy = random_policy(Random(seed))
    criteria = tuple(replace(setting, weight=10, stand_in=300) for setting in policy.criteria)
    return replace(policy, criteria=criteria, **changes)


def _policy(rules: tuple[RuleSetting, ...], criteria: tuple[CriterionSetting, ...], local: Local) -> Policy:
    return Policy(
        version="in-a-test",
        title="A policy in a test",
        series="test",
        effective_from=date(2020, 1, 1),
        sha256="0" * 64,
        local=local,
        target=Target(800, 850, "batch", 300, 60, hard=False),
        placing=Placing(20_000, 10_000, 5_000, 10, 100),
        separated_pair=400,
        changed_proposal=50,
        arrivals=Arrivals(1, 2),
        rules=rules,
        criteria=criteria,
    )


def without_rule(policy: Policy, code: str) -> Policy:
    """The policy with one rule switched off, statutory or not."""
    rules = tuple(replace(s, enabled=s.enabled and s.rule.code != code) for s in policy.rules)
    return replace(policy, rules=rules)


@lru_cache(maxsize=1)
def real_policies() -> tuple[Policy, ...]:
    """The policies in use, read from their files."""
    files = sorted((Path(__file__).parents[2] / "policies").glob("*.toml"))
    return tuple(parse_policy(file.read_bytes(), file.name) for file in files)


def with_weights(policy: Policy, weights: Mapping[str, int]) -> Policy:
    """The policy with other weights for these criteria."""
    criteria = tuple(
        replace(setting, weight=weights.get(setting.criterion.code, setting.weight)) for setting in policy.criteria
    )
    return replace(policy, criteria=criteria)
