"""A run from its records to its end: published, or with a status that says why not and what stood standing on."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from app.errors import DatabaseUnavailable, RunAlreadyMade
from app.matching.batch import Night, Proposed
from app.matching.policy_values import PolicyError
from app.matching.referral import ChildRef, HomeRef
from app.rematch.faults import RunCancelled, SolverHung
from app.rematch.run import Outcome, rematch
from app.rematch.run import RunStatus as HowItEnded
from app.runs import publishing, working
from app.runs.working import run_now, work
from app.settings import PROJECT
from app.store import proposals, runs, save
from app.store.policies import PolicyBook, load_policies
from app.store.run_records import ProposalStatus, Run, RunStatus, StoredProposal
from app.store.run_tables import runs as run_rows
from app.store.session import Database
from tests.support.builders import NOTTINGHAM, a_child, a_home, a_referral
from tests.support.nights import ANYTHING, a_workplace, now, solved_here, store, taken_up, wanted

CHILD = a_child(ref=ChildRef("C1"))
REFERRAL = a_referral(CHILD, ref="R1")
HOME = a_home(ref=HomeRef("H1"))


@pytest.fixture(autouse=True)
def _fast_pulse(monkeypatch: pytest.MonkeyPatch) -> None:
    """Signs of life come often enough for a test."""
    monkeypatch.setattr(working, "BEAT_S", 0.02)


def _proposals(database: Database, run: Run) -> list[StoredProposal]:
    with database.reading() as reading:
        return proposals.of_run(reading, NOTTINGHAM, run.id)


def _meanwhile(change: Callable[[], Any]) -> Callable[..., Outcome]:
    """A rematch during which something happens."""

    def solve(night: Night, *_rest: Any, **_more: Any) -> Outcome:
        found = solved_here(night)
        change()
        return found

    return solve


def test_a_night_is_published(database: Database) -> None:
    """One child, one home: a proposal with its reason, a certificate, the input kept."""
    store(database, [HOME], [REFERRAL])
    stages: list[str] = []
    run = run_now(a_workplace(database), wanted(), tell=stages.append)
    assert (run.status, run.outcome, run.gap, run.proposed, run.dropped) == (RunStatus.PUBLISHED, "proven", 0, 1, 0)
    assert (run.policy_version, run.stale, run.failure) == ("nottingham-2023", None, None)
    assert stages == ["reading", "publishing"]
    assert run.report is not None
    assert run.report["publication"] == {
        "proposed": 1,
        "dropped": 0,
        "dropped_because": {},
        "children": 1,
        "local_after": 1,
        "total_after": 1,
        "weekly_cost_pence": 90_000,
        "assumed_weekly_cost_pence": 0,
    }
    (proposal,) = _proposals(database, run)
    assert (proposal.status, proposal.proposal.home, proposal.proposal.children) == ("proposed", "H1", ("C1",))
    assert proposal.proposal.explanation["why"] == "first_choice"
    assert proposal.proposal.explanation["changed"] == []
    with database.reading() as reading:
        assert b"C1" in runs.snapshot(reading, NOTTINGHAM, run.id)


@pytest.mark.slow
def test_with_the_real_solver(database: Database) -> None:
    """The same through the child process, with the price of the target and its frontier."""
    store(database, [HOME, a_home(ref=HomeRef("H2"))], [REFERRAL])
    run = run_now(a_workplace(database, rematch), wanted(frontier=True))
    assert (run.status, run.outcome, run.proposed) == (RunStatus.PUBLISHED, "proven", 1)
    assert run.report is not None
    assert [point["asked_permille"] for point in run.report["frontier"]] == [700, 750, 800, 850, 900, 950]


def test_the_second_night_knows_the_first(database: Database) -> None:
    """What stands goes into the next run, which may keep it unchanged."""
    store(database, [HOME, a_home(ref=HomeRef("H2"))], [REFERRAL])
    place = a_workplace(database)
    first = _proposals(database, run_now(place, wanted()))
    second = _proposals(database, run_now(place, wanted()))
    assert first[0].proposal.home == second[0].proposal.home
    assert [p.proposal.explanation["unchanged"] for p in (*first, *second)] == [False, True]
    assert first[0].id != second[0].id


def test_nobody_waits(database: Database) -> None:
    """Without referrals a run is published without proposals, and what stood is superseded."""
    store(database, [HOME], [REFERRAL])
    place = a_workplace(database)
    first = run_now(place, wanted())
    database.transact(lambda w: save.remove_referral(w, NOTTINGHAM, REFERRAL.ref, ANYTHING))
    run = run_now(place, wanted())
    assert (run.status, run.proposed, run.objective) == (RunStatus.PUBLISHED, 0, 0)
    assert [p.status for p in _proposals(database, first)] == [ProposalStatus.SUPERSEDED]


@pytest.mark.parametrize(
    ("problem", "failure"),
    [
        (SolverHung("9 s"), "solver_hung"),
        (PolicyError("p.toml", "", "is gone"), "policy_not_usable"),
        (LookupError("no policy"), "policy_not_usable"),
        (ZeroDivisionError("C1"), "internal"),
    ],
)
def test_what_goes_wrong_is_said(
    database: Database, caplog: pytest.LogCaptureFixture, problem: Exception, failure: str
) -> None:
    """The run fails with a code, the last good proposals stand, and no data is in the log."""
    store(database, [HOME], [REFERRAL])
    good = run_now(a_workplace(database), wanted())

    def fails(*_all: Any, **_more: Any) -> Outcome:
        raise problem

    run = run_now(a_workplace(database, fails), wanted())
    assert (run.status, run.failure) == (RunStatus.FAILED, failure)
    with database.reading() as reading:
        assert runs.published(reading, NOTTINGHAM).id == good.id  # type: ignore[union-attr]
        assert len(proposals.standing(reading, NOTTINGHAM)) == 1
    assert "C1" not in caplog.text


def test_a_solver_that_failed_is_told_with_the_run(database: Database) -> None:
    """An outcome without proposals is a failed run with its faults, and nothing is published."""
    store(database, [HOME], [REFERRAL])

    def no_answer(night: Night, *_rest: Any, **_more: Any) -> Outcome:
        return Outcome(night, HowItEnded.FAILED, faults=(SolverHung("9 s").as_fault(),))

    run = run_now(a_workplace(database, no_answer), wanted())
    assert (run.status, run.failure) == (RunStatus.FAILED, "solver_hung")
    assert run.report is not None
    assert run.report["faults"][0]["code"] == "solver_hung"


def test_pins_that_cannot_be(database: Database) -> None:
    """What is pinned against a rule makes the run fail, and the contradiction is told."""
    store(database, [replace(HOME, places=0)], [REFERRAL])

    def contradicts(night: Night, *_rest: Any, **_more: Any) -> Outcome:
        return Outcome(night, HowItEnded.INFEASIBLE, contradictions=("home H1 has more children than places",))

    pinned = (Proposed(frozenset({CHILD.ref}), HOME.ref),)
    run = run_now(a_workplace(database, contradicts), wanted(pinned=pinned))
    assert (run.status, run.failure) == (RunStatus.FAILED, "contradiction")
    assert run.report is not None
    assert run.report["contradictions"] == ["home H1 has more children than places"]


def test_called_off_by_another_process(database: Database) -> None:
    """A cancellation that only the database knows of reaches the run at work, which then changes nothing."""
    store(database, [HOME], [REFERRAL])
    begun, seen = threading.Event(), []

    def slow(_night: Night, *_rest: Any, cancelled: Callable[[], bool], **_more: Any) -> Outcome:
        begun.set()
        for _ in range(500):
            if cancelled():
                seen.append("cancelled")
                raise RunCancelled
            threading.Event().wait(0.01)
        raise AssertionError("nobody said that it was cancelled")

    run = taken_up(database)
    worker = threading.Thread(target=work, args=(a_workplace(database, slow), run))
    worker.start()
    assert begun.wait(20)
    database.transact(lambda w: runs.cancel(w, NOTTINGHAM, run.id))
    worker.join(20)
    assert seen == ["cancelled"]
    assert now(database, run).status is RunStatus.CANCELLED


def test_cancelled_at_the_last_moment(database: Database) -> None:
    """Called off when the answer is there already: nothing is published."""
    store(database, [HOME], [REFERRAL])
    run = taken_up(database)
    cancel = _meanwhile(lambda: database.transact(lambda w: runs.cancel(w, NOTTINGHAM, run.id)))
    assert work(a_workplace(database, cancel), run).status is RunStatus.CANCELLED
    assert _proposals(database, run) == []


def test_the_end_of_the_service(database: Database) -> None:
    """A run that is given up because the service ends has failed, and says so."""
    store(database, [HOME], [REFERRAL])
    run = run_now(a_workplace(database), wanted(), stopping=lambda: True)
    assert (run.status, run.failure) == (RunStatus.FAILED, "service_stopped")


def test_a_dead_worker_does_not_stand_in_the_way(database: Database) -> None:
    """A run left at work by a process that died is given up when the next one is wanted."""
    store(database, [HOME], [REFERRAL])
    dead = taken_up(database)
    with pytest.raises(RunAlreadyMade):
        run_now(a_workplace(database), wanted())
    long_ago = datetime.now(UTC) - 2 * runs.LEASE
    database.transact(lambda w: w.execute(update(run_rows).values(heartbeat_at=long_ago)))
    assert run_now(a_workplace(database), wanted()).status is RunStatus.PUBLISHED
    assert now(database, dead).failure == runs.INTERRUPTED


def test_signs_of_life(database: Database) -> None:
    """While a run is at work its stage and heartbeat go on in the database."""
    store(database, [HOME], [REFERRAL])
    run = taken_up(database)
    stages = set()

    def watched(night: Night, *_rest: Any, tell: Callable[[str], None], **_more: Any) -> Outcome:
        tell("solving")
        for _ in range(500):
            stages.add(now(database, run).stage)
            if "solving" in stages:
                break
            threading.Event().wait(0.01)
        return solved_here(night)

    assert work(a_workplace(database, watched), run).status is RunStatus.PUBLISHED
    assert "solving" in stages


def test_a_database_that_is_away_for_a_moment(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sign of life that cannot be given is no reason to give up."""
    store(database, [HOME], [REFERRAL])
    failed = threading.Event()

    def away(*_all: Any) -> None:
        failed.set()
        raise DatabaseUnavailable

    monkeypatch.setattr(runs, "keep_alive", away)
    waits = _meanwhile(lambda: failed.wait(20))
    assert run_now(a_workplace(database, waits), wanted()).status is RunStatus.PUBLISHED
    assert failed.is_set()


# ------------------------------------------------------------------- facts that change while a run works


def _changed(database: Database, change: Callable[[], Any]) -> tuple[Run, list[StoredProposal]]:
    run = run_now(a_workplace(database, _meanwhile(change)), wanted())
    assert run.status is RunStatus.PUBLISHED
    return run, _proposals(database, run)


@pytest.mark.parametrize(
    ("change", "because", "rules"),
    [
        (lambda db: store(db, [replace(HOME, places=0)]), "rules_not_met", ["usable_places"]),
        (lambda db: store(db, [replace(HOME, terms=replace(HOME.terms, age_max=5))]), "rules_not_met", ["age_range"]),
        (
            lambda db: db.transact(lambda w: save.remove_home(w, NOTTINGHAM, HOME.ref, ANYTHING)),
            "home_gone",
            [],
        ),
        (
            lambda db: db.transact(lambda w: save.remove_referral(w, NOTTINGHAM, REFERRAL.ref, ANYTHING)),
            "referral_withdrawn",
            [],
        ),
    ],
)
def test_what_became_impossible_is_dropped(
    database: Database, change: Callable[[Database], Any], because: str, rules: list[str]
) -> None:
    """A home that filled or went, a referral withdrawn: dropped, counted and named; the others stand."""
    other = a_referral(a_child(ref=ChildRef("C2")), ref="R2")
    store(database, [HOME], [REFERRAL])
    place = a_workplace(database)
    first = run_now(place, wanted())
    assert first.proposed == 1
    store(database, [a_home(ref=HomeRef("H2"))], [other])
    pinned = (Proposed(frozenset({CHILD.ref}), HOME.ref),)
    run = run_now(a_workplace(database, _meanwhile(lambda: change(database))), wanted(pinned=pinned))
    assert (run.status, run.proposed, run.dropped) == (RunStatus.PUBLISHED, 1, 1)
    dropped, stands = _proposals(database, run)
    assert (dropped.status, dropped.proposal.dropped_because) == (ProposalStatus.DROPPED, because)
    assert dropped.proposal.explanation["rules"] == rules
    assert stands.status is ProposalStatus.PROPOSED
    assert run.report is not None
    assert run.report["publication"]["dropped_because"] == {because: 1}
    assert run.report["publication"]["children"] == 1
    with database.reading() as reading:
        assert [p.children for p in proposals.standing(reading, NOTTINGHAM)] == [frozenset({"C2"})]


def test_a_change_that_harms_nobody_is_noted(database: Database) -> None:
    """The home changed but may still take the child: the proposal stands, and says that the record changed."""
    store(database, [HOME], [REFERRAL])
    dearer = replace(HOME, weekly_fee_pence=dict.fromkeys(HOME.weekly_fee_pence, 95_000))
    run, (proposal,) = _changed(database, lambda: store(database, [dearer]))
    assert (run.dropped, proposal.status) == (0, ProposalStatus.PROPOSED)
    assert proposal.proposal.explanation["changed"] == ["home"]
    assert proposal.proposal.weekly_fee_pence == 95_000


def test_a_budget_that_no_longer_reaches(database: Database) -> None:
    """Where the fee rose beyond the weekly budget the proposal is dropped."""
    store(database, [HOME], [REFERRAL])
    dearer = replace(HOME, weekly_fee_pence=dict.fromkeys(HOME.weekly_fee_pence, 95_000))
    place = a_workplace(database, _meanwhile(lambda: store(database, [dearer])))
    run = run_now(place, wanted(weekly_budget_pence=90_000))
    assert [p.proposal.dropped_because for p in _proposals(database, run)] == ["over_budget"]


@pytest.mark.parametrize("rises", [0, 1, 2])
def test_only_what_became_dearer_is_dropped_over_budget(database: Database, rises: int) -> None:
    """However much it is worth: the others fit into the budget as they did, and keep their homes."""
    homes = [a_home(ref=HomeRef(f"H{n}")) for n in range(3)]
    days = [date(2026, 3, 1), date(2026, 3, 4), date(2026, 6, 1)]  # the first is worth most, the last least
    children = [a_child(ref=ChildRef(f"C{n}")) for n in range(3)]
    store(database, homes, [a_referral(c, ref=f"R{n}", needed_by=days[n]) for n, c in enumerate(children)])
    pinned = tuple(Proposed(frozenset({c.ref}), home.ref) for c, home in zip(children, homes, strict=True))
    dearer = replace(homes[rises], weekly_fee_pence=dict.fromkeys(homes[rises].weekly_fee_pence, 95_000))
    place = a_workplace(database, _meanwhile(lambda: store(database, [dearer])))
    run = run_now(place, wanted(pinned=pinned, weekly_budget_pence=270_000))
    dropped = [p.proposal.home for p in _proposals(database, run) if p.status is ProposalStatus.DROPPED]
    assert dropped == [f"H{rises}"]


def test_a_change_between_look_and_lock(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """A home that goes after the inventory was looked at, but before the transaction, is noticed all the same."""
    store(database, [HOME], [REFERRAL])
    hold = runs.hold_fence
    gone = []

    def late(writing: Any, authority: str, run: Run) -> None:
        if not gone and now_is_publishing(run):
            gone.append(save.remove_home(writing, NOTTINGHAM, HOME.ref, ANYTHING))
        hold(writing, authority, run)

    def now_is_publishing(run: Run) -> bool:
        return run.fence is not None

    monkeypatch.setattr(publishing.runs, "hold_fence", late)
    run = run_now(a_workplace(database), wanted())
    assert [p.proposal.dropped_because for p in _proposals(database, run)] == ["home_gone"]


def test_a_changed_policy_makes_the_run_stale(database: Database, tmp_path: Path) -> None:
    """The policy changed while the run worked: published by the new rules, and said to be stale."""
    store(database, [HOME], [REFERRAL])
    place = a_workplace(database)
    book = place.policies()
    changed = {version: replace(policy, sha256="f" * 64) for version, policy in book.policies.items()}
    books = [book, PolicyBook(changed)]
    run = run_now(replace(place, policies=lambda: books.pop(0)), wanted())
    assert (run.status, run.stale) == (RunStatus.PUBLISHED, "policy_changed")
    assert run.policy_sha256 == book.pick(None, run.as_of).sha256
    folders = [PROJECT / "policies", tmp_path]
    run = run_now(replace(place, policies=lambda: load_policies(folders.pop(0))), wanted())
    assert (run.status, run.stale) == (RunStatus.PUBLISHED, "policy_not_readable")


def test_a_publication_that_fails_the_last_check_is_refused(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Were the second look itself wrong, the independent check refuses, and nothing is published."""
    store(database, [HOME], [REFERRAL])

    def believes(_night: Night, made: list[Proposed]) -> tuple[publishing.Verdict, ...]:
        return tuple(publishing.Verdict(one) for one in made)

    monkeypatch.setattr(publishing, "recheck", believes)
    run = run_now(a_workplace(database, _meanwhile(lambda: store(database, [replace(HOME, places=0)]))), wanted())
    assert (run.status, run.failure) == (RunStatus.FAILED, "proposals_not_sound")
    assert _proposals(database, run) == []
