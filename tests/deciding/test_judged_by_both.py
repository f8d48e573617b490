"""A placement is judged by its own policy and by the one in effect: what either asks for is asked, on any day."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from app import placing
from app.deciding import facts
from app.deciding.desk import Desk
from app.deciding.holding import hold
from app.deciding.judging import Facts, judge_pursued, on_day, with_what_else_refuses
from app.deciding.seeing import show_shortlist
from app.matching.approval import Approval, ApprovalReason
from app.matching.codes import Answer, Judgement
from app.matching.referral import HomeRef
from app.store import load
from app.store.follower import PoolFollower
from app.store.placement_records import Placement
from app.store.policies import PolicyBook
from app.store.session import Database
from tests.deciding.conftest import ONE_PLACE
from tests.support.builders import AS_OF, a_child, a_home, a_referral
from tests.support.deciding import BECAUSE, HERE, OFFICER, a_choice, a_desk, held, policies
from tests.support.nights import store

IN_EFFECT = policies().pick(None, AS_OF)
STRICT = replace(
    IN_EFFECT,
    version="strict",
    series="strict",
    sha256="3" * 64,
    criteria=tuple(
        replace(one, params=replace(one.params, full_within_miles=Decimal(0)))
        if one.criterion.code == "education"
        else one
        for one in IN_EFFECT.criteria
    ),
)
"""Any way to school at all disturbs education."""

LAX = replace(
    IN_EFFECT,
    version="lax",
    series="lax",
    sha256="1" * 64,
    rules=tuple(replace(one, enabled=one.enabled and one.rule.code != "ofsted_gateway") for one in IN_EFFECT.rules),
)
DESK = Desk(HERE, PolicyBook(policies().policies | {"strict": STRICT, "lax": LAX}), AS_OF)
PUPIL = a_child(ref="C9", key_stage_4=Answer.YES)
THEIRS = a_referral(PUPIL, ref="R9", needed_by=AS_OF + timedelta(days=7))
NEAR = a_home(ref=HomeRef("H9"), places=1)


def test_an_approval_that_the_named_policy_alone_asks_for(lite: Database) -> None:
    """By the policy in effect none is needed; whoever looks by a stricter one is told so, and held to it."""
    store(lite, [NEAR, replace(ONE_PLACE, places=0)], [THEIRS])
    seq, pool, versions = PoolFollower(lite, HERE).at()
    with lite.reading() as reading:
        stored = load.referral(reading, HERE, THEIRS.ref)
    assert stored is not None
    (usual,) = [one.approval for one in placing.match(stored.record, pool, DESK.policies, AS_OF).options][:1]
    assert usual.level is Approval.NONE
    found = placing.match(stored.record, pool, DESK.policies, AS_OF, policy_version="strict")
    (needed,) = [one.approval for one in found.options if one.explanation.home == NEAR.ref]
    assert (needed.level, needed.because) == (Approval.NOMINATED_OFFICER, (ApprovalReason.KEY_STAGE_4,))
    shown = lite.transact(lambda w: show_shortlist(w, DESK, OFFICER, stored, found, versions, seq))
    assert shown is not None
    placement = lite.transact(lambda w: hold(w, DESK, OFFICER, a_choice(shown, "R9", NEAR.ref, why=BECAUSE)))
    assert placement.approval_needed is Approval.NOMINATED_OFFICER


def _by_lax(lite: Database) -> tuple[Placement, Facts, Facts]:
    """A placement in a home that the policy in effect does not use any more, judged by one that does, and by both."""
    placement = held(lite, "R1", ONE_PLACE.ref)
    store(lite, [replace(ONE_PLACE, judgement=Judgement.INADEQUATE)])
    with lite.reading() as reading:
        looked = facts.look(reading, a_desk(), placement)
        found = looked.facts
        assert found is not None
        mine = found.referral, found.home, placement.children, LAX
        return (
            placement,
            judge_pursued(reading, Desk(HERE, PolicyBook({}), AS_OF), *mine, placement.id),
            judge_pursued(reading, DESK, *mine, placement.id),
        )


def test_another_day_is_judged_by_both(lite: Database) -> None:
    """As of the day on which something was agreed to nothing is open that the policy in effect keeps shut."""
    placement, alone, both = _by_lax(lite)
    assert (alone.blocked_by, both.blocked_by) == ((), ("ofsted_gateway",))
    with lite.reading() as reading:
        before = on_day(reading, DESK, alone, AS_OF - timedelta(days=1), placement.id)
    assert "ofsted_gateway" in before.blocked_by


def test_what_is_law_by_the_other_policy_is_law(lite: Database) -> None:
    """No document may make law of what is none, or none of what is; were there one that did, the law would stand."""
    _, alone, _ = _by_lax(lite)
    law = replace(alone, blocked_by=("registered",), statutory=frozenset({"registered"}))
    assert with_what_else_refuses(alone, law).statutory == {"registered"}
    assert with_what_else_refuses(law, alone).statutory == {"registered"}
