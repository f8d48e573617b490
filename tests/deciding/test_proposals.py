"""What a run proposed: accepted or declined, once, and never the one after the other."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import Any

import pytest

from app.deciding import cures, proposed
from app.deciding.accepting import accept_proposal
from app.deciding.answering import decline_proposal
from app.deciding.desk import Why
from app.deciding.holding import hold
from app.deciding.seeing import show_proposal
from app.errors import Invalid, PlacementError, ProposalNotStanding
from app.matching.policy import Policy
from app.matching.pool import Pool
from app.matching.referral import ChildRef, HomeRef
from app.matching.shortlist import shortlist
from app.placing import own_rank
from app.runs.working import run_now
from app.store import proposals
from app.store.run_records import StoredProposal
from app.store.session import Database
from tests.deciding.conftest import ONE_PLACE
from tests.support.builders import AS_OF, a_child, a_home, a_referral
from tests.support.deciding import BECAUSE, COLLEAGUE, HERE, OFFICER, a_choice, a_desk, live_claims, policies, see
from tests.support.nights import a_workplace, store, wanted

NO = Why("BETTR")


def _proposed(database: Database) -> StoredProposal:
    run = run_now(a_workplace(database), wanted())
    with database.reading() as reading:
        made = proposals.of_run(reading, HERE, run.id)
    return next(one for one in made if one.proposal.home == ONE_PLACE.ref)


def test_declined_a_moment_before(database: Database) -> None:
    """Somebody accepts while another declines: whoever comes second finds that it no longer stands."""
    proposal = _proposed(database)
    mine = database.transact(lambda w: show_proposal(w, a_desk(), OFFICER, proposal))
    theirs = database.transact(lambda w: show_proposal(w, a_desk(), COLLEAGUE, proposal))
    assert mine is not None
    assert theirs is not None
    found: list[Any] = []

    def accept() -> None:
        try:
            found.append(database.transact(lambda w: accept_proposal(w, a_desk(), COLLEAGUE, proposal.id, theirs)))
        except PlacementError as error:
            found.append(type(error))

    with database.writing() as writing:
        decline_proposal(writing, a_desk(), OFFICER, proposal.id, mine, NO)
        other = threading.Thread(target=accept)
        other.start()
        time.sleep(0.5)  # so that it waits for what is being declined
    other.join()
    assert found == [ProposalNotStanding]
    assert live_claims(database) == 0


def test_what_no_run_proposed(lite: Database) -> None:
    """The code that a run proposed it is for proposals alone; a reason that is given goes before it."""
    proposal = _proposed(lite)
    seen = lite.transact(lambda w: show_proposal(w, a_desk(), OFFICER, proposal, 3))
    assert seen is not None
    referral, home = proposal.proposal.referral, proposal.proposal.home
    held = lite.transact(lambda w: hold(w, a_desk(), OFFICER, a_choice(seen, referral, home, why=BECAUSE)))
    assert (held.rank, held.reason_code) == (3, BECAUSE.code)


def test_the_code_of_runs_is_for_their_proposals(lite: Database) -> None:
    """Nobody says that a run proposed what they chose from a shortlist."""
    choice = a_choice(see(lite, "R1"), "R1", ONE_PLACE.ref, why=Why("proposed_by_run", "It was proposed."))
    with pytest.raises(Invalid):
        lite.transact(lambda w: hold(w, a_desk(), OFFICER, choice))


def test_a_proposal_for_children_who_are_not_all_there(lite: Database) -> None:
    """One of two has left the referral since: for the other alone nothing was proposed, so there is no look at it."""
    both = a_referral(a_child(ref=ChildRef("S1")), a_child(ref=ChildRef("S2")), ref="R3")
    store(lite, [a_home(ref=HomeRef("H7"))], [both])
    run = run_now(a_workplace(lite), wanted())
    with lite.reading() as reading:
        (mine,) = [one for one in proposals.of_run(reading, HERE, run.id) if one.proposal.referral == both.ref]
        before = proposed.look(reading, a_desk(), mine)
    assert (len(mine.proposal.children), before.facts is None, before.changed) == (2, False, ())
    store(lite, [], [replace(both, children=both.children[:1])])
    with lite.reading() as reading:
        looked = proposed.look(reading, a_desk(), mine)
    assert looked.facts is None
    assert [(problem.field, problem.cure) for problem in looked.changed] == [("children", cures.CHOOSE)]


def _policy() -> Policy:
    return policies().pick(None, AS_OF)


def test_a_proposal_ranks_as_on_the_childs_own_list() -> None:
    """Of every home on the list the rank that the list gives it, equal ones alike; of a part, behind those for all."""
    fees = (200_000, 150_000, 100_000, 100_000)
    homes = [a_home(ref=f"H{n}", places=2, weekly_fee_pence={}, tier=n % 2) for n, _ in enumerate(fees)]
    pool = Pool.build([*homes, a_home(ref="FAR", location=None, places=2)])
    one = a_referral(a_child())
    found = shortlist(one, pool, _policy(), AS_OF)
    for option in found.options:
        home = option.explanation.home
        assert own_rank(one, found.children, home, pool, policies(), AS_OF) == option.rank
    two = a_referral(a_child(ref=ChildRef("S1")), a_child(ref=ChildRef("S2")))
    whole = shortlist(two, pool, _policy(), AS_OF)
    for at, split in enumerate(whole.splits, whole.allowed + 1):
        for part in split.parts:
            assert own_rank(two, part.children, part.home, pool, policies(), AS_OF) <= at
            assert own_rank(two, part.children, part.home, pool, policies(), AS_OF) > whole.allowed
    last = whole.allowed + len(whole.splits) + 1
    assert own_rank(two, [ChildRef("S1")], HomeRef("NONE"), pool, policies(), AS_OF) == last
