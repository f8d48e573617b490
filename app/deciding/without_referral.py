"""An accepted placement whose referral is gone: judged by what its claims keep of the children, as far as that goes.

A referral is not deleted any more while a place waits for one of its children; one may have been before that was so.
What a claim keeps is enough for the home's registration and terms, its places, and who may live beside whom. The rest
nobody can tell: so a home of which anything changed since the acceptance takes nobody in before the referral is back.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from app.deciding import agreed, by_policy, cures, earlier_days, kept, true_day
from app.deciding.desk import Desk
from app.deciding.judging import judge_pursued
from app.errors import FactsChanged, FieldProblem
from app.matching.home import Resident
from app.matching.referral import Child, Referral
from app.store import load, placements
from app.store.load import StoredReferral
from app.store.placement_records import Placement, Step
from app.store.session import Reading

JUDGED = frozenset(
    {
        "age_range",
        "live_apart",
        "living_companions",
        "ofsted_gateway",
        "registered",
        "safe_for_residents",
        "safe_from_residents",
        "sex",
        "supported_accommodation_age",
        "usable_places",
    }
)
"""Rules that ask nothing but the home, and of a child what its claim keeps.

Two more ask who is whose brother or sister. No claim keeps that; they turn only where the home is another.
"""

GONE = "The home was taken away since it was accepted."
NOT_KEPT = "The referral is gone, and of its children too little is kept to judge anything by."
SEND_AGAIN = "Let the case system send the referral again, and look again; or withdraw this placement."

Told = tuple[tuple[FieldProblem, ...], tuple[FieldProblem, ...]]


def look(reading: Reading, desk: Desk, placement: Placement, then: agreed.AgreedOn | None, day: date) -> Told:
    """The rules that are in the way, and what was accepted and is not so any more. `day`: that of the move."""
    home = load.home(reading, desk.authority, placement.home)
    if home is None:
        return (), (FieldProblem("home", GONE, cures.WITHDRAW),)
    children = placements.children_kept(reading, desk.authority, placement.id)
    if {child.ref for child in children} != set(placement.children):
        return (), (FieldProblem("referral", NOT_KEPT, SEND_AGAIN),)
    try:
        policy, other_policy = by_policy.of_placement(desk, placement)
    except FactsChanged as changed:
        return (), tuple(changed.problems)
    record = Referral(placement.referral, tuple(map(_as_child, children)), desk.today, desk.today)
    referral = StoredReferral(record, placement.referral_version)
    found = judge_pursued(reading, desk, referral, home, placement.children, policy, placement.id)
    moving = true_day.judged(reading, desk, found, day, placement.id)
    missing = true_day.missing(desk, placement, found, moving, day, JUDGED)
    was_so = None if then is None else then.get("was_so")
    told = [*other_policy, *agreed.changes(Step.ACCEPT, then, {"home": agreed.of_home(placement, home.record)})]
    if was_so is not None:
        told += kept.changed_home(was_so, placement.id, found.beside, SEND_AGAIN)
    told += true_day.lapsed(desk, found, moving, day)
    told += earlier_days.doubts(reading, desk, placement, found, then, day)
    return missing, tuple(replace(one, cure=SEND_AGAIN) for one in told if one.field not in kept.ANSWERED_BY_MOVE)


def _as_child(kept_of: Resident) -> Child:
    return Child(
        ref=kept_of.ref,
        date_of_birth=kept_of.date_of_birth,
        sex=kept_of.sex,
        risks=kept_of.risks,
        vulnerabilities=kept_of.vulnerabilities,
        living_companions=kept_of.living_companions,
        live_apart_from=kept_of.live_apart_from,
    )
