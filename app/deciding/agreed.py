"""What an agreement was given for: the facts that must be asked about anew once they are others.

Who approves, seconds or accepts agrees to this home, where it is, at this fee, with these rules overridden. What may
be read is kept as it is; of the rest a digest, which says no more than whether it is still the same.

Both sides of a comparison are judged as of the day of the agreement: that a day has passed changes no fact.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import astuple
from datetime import date
from typing import Any, TypeAlias

import orjson

from app.access.principal import same_person
from app.deciding import cures, kept
from app.deciding.desk import Desk
from app.deciding.judging import Facts, on_day
from app.errors import FieldProblem
from app.matching.approval import Approval
from app.matching.home import Home
from app.matching.referral import ChildRef
from app.store import placements
from app.store.placement_records import Placement, Step
from app.store.session import Reading

AgreedOn: TypeAlias = Mapping[str, Any]

SAID: Mapping[str, str] = {
    "home": "The home is another, or is somewhere else, than when {agreed}.",
    "distance": "The distance to the family is another than when {agreed}.",
    "approval": "The placement needs an approval for other reasons than when {agreed}.",
    "weekly_fee": "The weekly fee is another than when {agreed}.",
    "rules": "What the overridden rules found is another than when {agreed}.",
    "company": "Who lives in the home or is to, or what is known of them, is another than when {agreed}.",
}

ABOUT_COMPANY = frozenset(
    {
        "approval_terms",
        "usable_places",
        "fostering_limit",
        "live_apart",
        "new_home",
        "safe_for_residents",
        "safe_from_residents",
        "living_companions",
        "siblings_together",
    }
)
"""Rules whose answer rests on who lives in the home: whoever agrees to override one agrees to this company."""

NOT_ASKED: Mapping[Step, frozenset[str]] = {Step.APPROVE: frozenset({"company"})}
"""What is nothing to a step: an approval is for where the home is and what it disturbs."""

AGREED: Mapping[Step, str] = {
    Step.APPROVE: "it was approved",
    Step.SECOND: "the second person agreed",
    Step.ACCEPT: "it was accepted",
}

ANEW: Mapping[Step, str] = {
    Step.APPROVE: "It must be approved anew.",
    Step.SECOND: "Somebody must second it anew, who neither proposed nor accepted it.",
    Step.ACCEPT: cures.SEND_SEEN,
}


NOBODY_ELSE = "When {agreed}, nobody else did than the person who proposed it."


def agreed_on(placement: Placement, facts: Facts, day: date) -> dict[str, Any]:
    """What somebody agrees to who agrees to this placement with these facts, which are as of this day."""
    return {
        "as_of": day.isoformat(),
        "home": of_home(placement, facts.home.record),
        "distance": _digest(placement, facts.spot.family_m),
        "approval": [str(facts.approval.level), *map(str, facts.approval.because)],
        "weekly_fee": facts.weekly_fee_pence,
        "rules": {
            code: _digest(placement, _found(facts, code)) for code in placement.overridden if code in facts.blocked_by
        },
        "company": _company(placement, facts),
    }


def decided_on(placement: Placement, facts: Facts, day: date) -> dict[str, Any]:
    """The same with all that was so, for whoever holds or accepts: of that every change is told."""
    return agreed_on(placement, facts, day) | {"was_so": facts.was_so(placement.id, day)}


def _company(placement: Placement, facts: Facts) -> str | None:
    """Beside whom the children will live, where a rule about that is overridden."""
    is_asked = ABOUT_COMPANY & set(placement.overridden) & set(facts.blocked_by)
    return kept.company(placement.id, facts.beside) if is_asked else None


def of_home(placement: Placement, home: Home) -> str:
    """Which home it is, whose, and where."""
    place = None if home.location is None else astuple(home.location)
    return _digest(placement, [home.kind, home.place_code, home.urn, home.sector, place])


def changes(step: Step, then: AgreedOn | None, now: AgreedOn) -> list[FieldProblem]:
    """What of these facts is not so any more as this step agreed to it; all, of a step that kept nothing.

    A reason for an approval, or a rule in the way, that is gone calls for nobody to be asked anew.
    """
    before = then or {}
    asked = [name for name in SAID if name in now and name not in NOT_ASKED.get(step, ())]
    changed = [name for name in asked if not _is_covered(name, before.get(name), now[name])]
    said = AGREED[step]
    return [FieldProblem(f"{step}.{name}", SAID[name].format(agreed=said), ANEW[step]) for name in changed]


def _is_covered(name: str, then: Any, now: Any) -> bool:
    """Whether somebody agreed to this, or to more."""
    if name == "approval":
        return set(now) <= {*(then or ()), str(Approval.NONE)}
    if name == "rules":
        return dict(now).items() <= dict(then or {}).items()
    if name == "company" and now is None:
        return True
    return bool(then == now)


def now_as_then(
    reading: Reading, desk: Desk, placement: Placement, found: Facts, then: AgreedOn | None
) -> dict[str, Any]:
    """The facts of now, judged as of the day on which this was agreed to."""
    day = desk.today if then is None else date.fromisoformat(then["as_of"])
    return agreed_on(placement, on_day(reading, desk, found, day, placement.id), day)


def fallen(reading: Reading, desk: Desk, placement: Placement, found: Facts) -> dict[Step, list[FieldProblem]]:
    """The agreements of others that do not hold for what is so now, each with what changed.

    Nor does one of the proposer's own, in other letters, as releases before took it.
    """
    agreed_by = {Step.SECOND: placement.second_by, Step.APPROVE: placement.approved_by}
    steps = [step for step, by in agreed_by.items() if by is not None]
    given = placements.agreed(reading, desk.authority, placement.id) if steps else {}
    told = {
        step: changes(step, given.get(step), now_as_then(reading, desk, placement, found, given.get(step)))
        for step in steps
    }
    for step in steps:
        if same_person(placement.proposer, agreed_by[step]):
            told[step].append(FieldProblem(f"{step}.person", NOBODY_ELSE.format(agreed=AGREED[step]), ANEW[step]))
    return {step: problems for step, problems in told.items() if problems}


def lacks_approval(placement: Placement, facts: Facts) -> bool:
    """Whether a higher approval is needed now than was given."""
    order = tuple(Approval)
    return order.index(placement.approved_level or Approval.NONE) < order.index(facts.approval.level)


def _found(facts: Facts, code: str) -> list[Any]:
    """What a rule that is in the way found of whom."""
    about = [(finding.child, finding.facts) for finding in facts.findings if finding.code == code and finding.blocks]
    return sorted([[_name(child), sorted(told.items())] for child, told in about], key=lambda one: one[0])


def _name(child: ChildRef | None) -> str:
    return child or ""


def _digest(placement: Placement, value: Any) -> str:
    told = orjson.dumps([placement.id, value], default=str, option=orjson.OPT_SORT_KEYS)
    return hashlib.blake2b(told, digest_size=16).hexdigest()
