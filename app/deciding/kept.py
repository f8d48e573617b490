"""What was so of a placement when it was held, accepted or looked at, so that what changed since can be named.

Of each kind of fact a digest is kept, to see whether it is still the same, and of the rules what they answered. The
digests are the placement's own: no two placements can be compared. Whoever tries all that a fact can be finds it by
its digest, so they are told to nobody, and go where a child is erased (`app.store.erasure_kept`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from operator import itemgetter
from typing import Any, TypeAlias

import orjson

from app.errors import FieldProblem
from app.matching.explain import Outcome, PairExplanation, RuleFinding
from app.matching.home import Home
from app.matching.living_apart import siblings_known
from app.matching.referral import Child, Referral
from app.store.codec import encoder, hints

WasSo: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of fact: how it is called in an answer, what it is in words, and the fields of the record."""

    name: str
    words: str
    fields: tuple[str, ...]


RESIDENTS = "residents"
PLACED_SIBLINGS = "placed_siblings"

HOME = (
    Kind("name", "The name of the home", ("name",)),
    Kind("kind", "What kind of home it is, or whose", ("ref", "kind", "place_code", "urn", "sector", "route")),
    Kind("contract", "The tier or lot of the home", ("tier", "lot")),
    Kind("location", "Where the home is", ("location",)),
    Kind("places", "How many places the home has, or how many of them can be used", ("places", "places_held")),
    Kind("registration", "The registration of the home", ("registration", "registered_from", "registered_to")),
    Kind("terms", "The terms of registration or approval", ("terms",)),
    Kind("fees", "What the home costs", ("weekly_fee_pence", "void_fee_pence")),
    Kind(RESIDENTS, "Who lives in the home or is to, or what is known of them,", ("residents",)),
    Kind("judgement", "The judgement of the inspectorate", ("judgement", "judged_on")),
    Kind(
        "capability",
        "What the home can meet or support",
        (
            "capability",
            "support",
            "adaptations",
            "disabilities_supported",
            "communication",
            "languages",
            "religions_supported",
            "cultural_needs_supported",
        ),
    ),
    Kind("pets", "Whether there are pets in the home", ("pets",)),
    Kind("vacancy", "When there will be a place, or when that was last confirmed,", ("available_from", "confirmed_on")),
    Kind("endings", "How earlier placements in the home ended", ("ended_placements", "unplanned_endings")),
)

ANSWERED_BY_MOVE = frozenset({"home.vacancy"})
"""What moving in answers: a vacancy that is confirmed again each morning is nothing to look at once it is accepted."""

SIBLINGS = "siblings"
"""Who stands in the referral, and not what is known of them: of the party each child is told by itself."""

REFERRAL = (
    Kind("days", "By when a home is needed, or since when one is sought,", ("needed_by", "waiting_since")),
    Kind("keep_together", "Whether the children are to stay together", ("keep_together",)),
    Kind(SIBLINGS, "For which brothers and sisters a home is sought together", ("children",)),
    Kind("family_home", "Where the family lives", ("family_home",)),
    Kind("contact_places", "Whom the children see, and where,", ("contact_places",)),
)

OF_THE_PARTY = ("ref",)
"""The field of a referral that says which it is."""

CHILDREN = (
    Kind(
        "about",
        "What is known of who a child is",
        ("ref", "date_of_birth", "sex", "ethnicity", "religion", "languages", "cultural_needs"),
    ),
    Kind("wishes", "What a child wishes or asks for", ("asks_for_same_language", "asks_for_same_religion", "wishes")),
    Kind(
        "legal_status",
        "The legal status of a child, or an order about it,",
        (
            "legal_status",
            "deprivation_of_liberty",
            "secure_order",
            "secure_under_13_approval",
            "uasc",
            "remand",
        ),
    ),
    Kind(
        "care_plan",
        "The care plan of a child",
        (
            "foster_suitability",
            "residential_suitability",
            "supported_suitability",
            "living_companions",
            "pets",
            "needs_parent_and_child",
            "package",
        ),
    ),
    Kind(
        "needs",
        "What is known of a child's needs",
        ("disabilities", "sen", "ehcp", "sdq", "communication", "adaptations", "needs"),
    ),
    Kind(
        "safety",
        "What is known of risks to or from a child",
        ("risks", "vulnerabilities", "live_apart_from", "zones_to_avoid"),
    ),
    Kind("school", "Where a child goes to school", ("school", "attends_school", "key_stage_4")),
    Kind(
        "living",
        "Where a child lives now, how often it moved, or where its brothers and sisters live,",
        ("current_home", "moves_last_year", PLACED_SIBLINGS),
    ),
)

ANSWERS: Mapping[Outcome, str] = {
    Outcome.NOT_MET: "not met",
    Outcome.NOT_KNOWN: "not known",
    Outcome.MET: "met",
    Outcome.OFF: "not asked by the policy",
}
"""What a rule can answer, the worst first, in words."""

WORST_FIRST = tuple(ANSWERS)

STILL_GOOD = frozenset({Outcome.MET, Outcome.OFF})


def was_so(
    salt: str, day: date, home: Home, referral: Referral, children: Sequence[Child], found: PairExplanation
) -> dict[str, Any]:
    """What is so of a party and a home. `salt`: the placement; `home`: with everybody else who has a place there."""
    party = sorted(children, key=lambda child: child.ref)
    return {
        "as_of": day.isoformat(),
        "home": _digests(salt, HOME, home),
        "referral": _digests(salt, REFERRAL, referral),
        "children": [_digests(salt, CHILDREN, child) for child in party],
        "rules": {code: str(outcome) for code, outcome in outcomes(found.rules).items()},
        "points": found.points,
    }


def company(salt: str, home: Home) -> str:
    """Who lives in the home or is to, apart from the party, and everything that is known of them."""
    (kind,) = (kind for kind in HOME if kind.name == RESIDENTS)
    return _digest(salt, kind, home)


def changed_facts(then: WasSo, now: WasSo, cure: str) -> list[FieldProblem]:
    """A problem for each kind of fact that is another now."""
    kinds = [("home", HOME), ("referral", REFERRAL)]
    found = [(name, kind) for name, some in kinds for kind in some if _differs(then[name], now[name], kind)]
    pairs = list(zip(then["children"], now["children"], strict=False))
    found += [("children", kind) for kind in CHILDREN if any(_differs(*pair, kind) for pair in pairs)]
    return [FieldProblem(f"{name}.{kind.name}", _is_another(kind), cure) for name, kind in found]


def changed_home(then: WasSo, salt: str, home: Home, cure: str) -> list[FieldProblem]:
    """The same of the home alone, with everybody else who has a place there."""
    now = _digests(salt, HOME, home)
    return [
        FieldProblem(f"home.{kind.name}", _is_another(kind), cure) for kind in HOME if _differs(then["home"], now, kind)
    ]


def company_changed(cure: str) -> FieldProblem:
    """Who lives in the home or is to is not as it was."""
    (kind,) = (kind for kind in HOME if kind.name == RESIDENTS)
    return FieldProblem(f"home.{RESIDENTS}", _is_another(kind), cure)


def turned(then: Mapping[str, str], now: Mapping[str, str]) -> dict[str, tuple[Outcome, Outcome]]:
    """Of what rules answered then and answer now: those that answer otherwise, each with both answers."""
    told = {code: (Outcome(then.get(code, Outcome.OFF)), Outcome(is_now)) for code, is_now in now.items()}
    return {code: answers for code, answers in told.items() if answers[0] is not answers[1]}


def worse(then: WasSo, now: WasSo, cure: str, without: Iterable[str] = ()) -> list[FieldProblem]:
    """A problem for each rule that answers worse than it did; `without`: rules of which that is told elsewhere."""
    left = set(without)
    return [
        FieldProblem(f"rules.{code}", f"The rule {code} was {ANSWERS[was]}. It is {ANSWERS[is_now]} now.", cure)
        for code, (was, is_now) in turned(then["rules"], now["rules"]).items()
        if code not in left and is_now not in STILL_GOOD and WORST_FIRST.index(is_now) < WORST_FIRST.index(was)
    ]


def outcomes(findings: Iterable[RuleFinding]) -> dict[str, Outcome]:
    """What each rule answered: of several children the worst."""
    found: dict[str, Outcome] = {}
    for finding in findings:
        both = (finding.outcome, found.get(finding.code, finding.outcome))
        found[finding.code] = min(both, key=WORST_FIRST.index)
    return found


def _differs(then: Mapping[str, str], now: Mapping[str, str], kind: Kind) -> bool:
    return then.get(kind.name) != now.get(kind.name)


def _is_another(kind: Kind) -> str:
    return f"{kind.words} is not as it was."


def _digests(salt: str, kinds: Sequence[Kind], record: Home | Referral | Child) -> dict[str, str]:
    return {kind.name: _digest(salt, kind, record) for kind in kinds}


def _digest(salt: str, kind: Kind, record: Home | Referral | Child) -> str:
    which: Any = type(record)
    types = hints(which)
    if isinstance(record, Referral) and kind.name == SIBLINGS:
        return _told(salt, kind, sorted(child.ref for child in record.children))
    values = {name: encoder(types[name])(getattr(record, name)) for name in kind.fields}
    if RESIDENTS in values:
        values[RESIDENTS] = sorted(values[RESIDENTS], key=itemgetter("ref"))
    if isinstance(record, Child) and PLACED_SIBLINGS in values:
        values |= _known_since(record)
    return _told(salt, kind, values)


def _known_since(child: Child) -> dict[str, Any]:
    """Where brothers and sisters live, where that is not as the child's record has it; else nothing, as ever."""
    said = {one.child: [] if one.home is None else [one.home] for one in child.placed_siblings}
    known = {ref: sorted(homes) for ref, homes in siblings_known(child).items()}
    other = {ref: homes for ref, homes in known.items() if homes != said.get(ref)}
    return {"siblings_live_at": other} if other else {}


def _told(salt: str, kind: Kind, values: Any) -> str:
    told = orjson.dumps([salt, kind.name, values], option=orjson.OPT_SORT_KEYS)
    return hashlib.blake2b(told, digest_size=16).hexdigest()
