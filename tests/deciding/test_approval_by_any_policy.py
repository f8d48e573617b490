"""Naming another policy takes away no approval that law asks for: not on the list, nor when it is held or accepted."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app import placing
from app.deciding import seeing
from app.deciding.accepting import accept
from app.deciding.agreeing import approve
from app.deciding.desk import Desk
from app.deciding.holding import accept_at_once, hold
from app.errors import ApprovalMissing
from app.geo.grid import Location
from app.matching.approval import Approval, ApprovalReason
from app.matching.batch import Proposed
from app.matching.codes import Answer
from app.matching.referral import ChildRef, HomeRef, ReferralRef
from app.runs.working import run_now
from app.store import load, proposals, runs
from app.store.follower import PoolFollower
from app.store.policies import PolicyBook
from app.store.session import Database
from tests.support.builders import AS_OF, NOTTINGHAM, a_child, a_home, a_referral
from tests.support.deciding import APPROVER, BECAUSE, HERE, OFFICER, a_choice, a_desk, do, look_at, policies
from tests.support.nights import a_workplace, store, wanted

IN_EFFECT = policies().pick(None, AS_OF)
OTHERS = sorted(version for version in policies().policies if version != IN_EFFECT.version)
SCHOOL = Location(456_800, 341_200, NOTTINGHAM)
SEVEN_MILES_OFF = Location(SCHOOL.easting - 11_000, SCHOOL.northing, NOTTINGHAM)
PUPIL = a_child(ref=ChildRef("C9"), key_stage_4=Answer.YES, school=SCHOOL)
REFERRAL = a_referral(PUPIL, ref=ReferralRef("R9"), needed_by=AS_OF + timedelta(days=7))
HOME = a_home(ref=HomeRef("H9"), places=1, location=SEVEN_MILES_OFF)
ASKED = Approval.NOMINATED_OFFICER, (ApprovalReason.KEY_STAGE_4,)


def _seen(
    database: Database, desk: Desk, version: str | None
) -> tuple[str, tuple[Approval, tuple[ApprovalReason, ...]]]:
    """The list under a policy: the id to decide with, and what approval it says the home needs."""
    seq, pool, versions = PoolFollower(database, HERE).at()
    with database.reading() as reading:
        stored = load.referral(reading, HERE, REFERRAL.ref)
    assert stored is not None
    found = placing.match(stored.record, pool, desk.policies, desk.today, policy_version=version)
    shown = database.transact(lambda w: seeing.show_shortlist(w, desk, OFFICER, stored, found, versions, seq))
    assert shown is not None
    (needed,) = [one.approval for one in found.options if one.explanation.home == HOME.ref]
    return shown, (needed.level, needed.because)


@pytest.mark.parametrize("version", OTHERS)
def test_no_policy_takes_an_approval_away(database: Database, version: str) -> None:
    """A school seven miles off, in Key Stage 4: by the policy in effect it is disturbed, by another it may not be."""
    store(database, [HOME], [REFERRAL])
    seen, told = _seen(database, a_desk(), version)
    assert told == ASKED
    choice = a_choice(seen, REFERRAL.ref, HOME.ref, why=BECAUSE)
    placement = database.transact(lambda w: hold(w, a_desk(), OFFICER, choice))
    assert (placement.approval_needed, placement.approval_because) == (ASKED[0], tuple(map(str, ASKED[1])))
    with pytest.raises(ApprovalMissing):
        do(database, accept, OFFICER, placement)
    approved = do(database, approve, APPROVER, placement, ASKED[0], look_at(database, placement, APPROVER))
    assert do(database, accept, OFFICER, approved).approval_needed == ASKED[0]


def test_nor_does_a_run_under_one(database: Database) -> None:
    """What a run under another policy proposed is not accepted without the approval either."""
    store(database, [HOME], [REFERRAL])
    run_now(a_workplace(database), wanted(policy="emergency", pinned=(Proposed(frozenset({PUPIL.ref}), HOME.ref),)))
    with database.reading() as reading:
        run = runs.published(reading, HERE)
        assert run is not None
        (mine,) = [one for one in proposals.of_run(reading, HERE, run.id) if PUPIL.ref in one.proposal.children]
    assert mine.proposal.home == HOME.ref
    seen = database.transact(lambda w: seeing.show_proposal(w, a_desk(), OFFICER, mine, 1))
    assert seen is not None
    choice = a_choice(seen, REFERRAL.ref, HOME.ref, why=BECAUSE)
    with pytest.raises(ApprovalMissing):
        database.transact(lambda w: accept_at_once(w, a_desk(), OFFICER, choice))


def test_without_a_policy_in_effect_each_counts(lite: Database) -> None:
    """Nobody knows by which it is measured: then the strictest of them."""
    store(lite, [HOME], [REFERRAL])
    later = {name: one for name, one in policies().policies.items() if one.series != IN_EFFECT.series}
    desk = Desk(HERE, PolicyBook(later), AS_OF)
    alone = Desk(HERE, PolicyBook({"emergency": later["emergency"]}), AS_OF)
    assert _seen(lite, alone, "emergency")[1] == (Approval.NONE, ())
    assert _seen(lite, desk, "emergency")[1] == ASKED
