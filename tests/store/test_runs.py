"""The life of a run in the database: who may do what to it, and what the database itself refuses."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from sqlalchemy import delete, insert, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from app.errors import RunAlreadyMade, RunIsOver, RunNotAtWork, RunNotFound, RunOvertaken
from app.matching.batch import Proposed
from app.matching.referral import ChildRef, HomeRef, ReferralRef
from app.store import proposals, runs
from app.store.run_records import NewProposal, ProposalStatus, Publication, Run, RunKind, RunOptions, RunStatus
from app.store.run_tables import proposals as proposal_rows
from app.store.run_tables import proposed_children, run_snapshots
from app.store.run_tables import runs as run_rows
from app.store.session import Database, Writing
from tests.support.builders import AS_OF, NOTTINGHAM
from tests.support.nights import asked, now, taken_up, wanted

THERE = "E10000024"


def _proposal(*children: str, home: str = "H", because: str | None = None) -> NewProposal:
    names = tuple(map(ChildRef, children))
    return NewProposal(ReferralRef(f"R-{children[0]}"), names, HomeRef(home), 5, True, 90_000, because, {"why": "x"})


def _publication(*made: NewProposal, stale: str | None = None) -> Publication:
    return Publication("p", "0" * 64, "proven", 10, 12, stale, {"children": len(made)}, made)


def _publish(database: Database, run: Run, *made: NewProposal) -> None:
    def work(writing: Writing) -> None:
        about = {"policy_version": "p", "policy_sha256": "0" * 64}
        runs.keep_input(writing, NOTTINGHAM, run, b"all of it", about, {"python": "3"})
        runs.begin_publishing(writing, NOTTINGHAM, run)
        runs.publish(writing, NOTTINGHAM, run, _publication(*made))

    database.transact(work)


def test_the_life_of_a_run(database: Database) -> None:
    """Asked for, taken up, at work, publishing, published: each step is seen by everybody."""
    options = {"weekly_budget_pence": 5, "pinned": (Proposed(frozenset({ChildRef("C")}), HomeRef("H")),)}
    run = asked(database, **options)
    assert (run.status, run.stage, run.number, run.fence) == (RunStatus.QUEUED, "waiting", 1, None)
    assert run.options == RunOptions(**options)  # type: ignore[arg-type]
    assert run.requested_at.tzinfo is UTC
    run = database.transact(lambda w: runs.take_up(w, NOTTINGHAM))
    assert (run.status, run.fence) == (RunStatus.RUNNING, 1)
    assert database.transact(lambda w: runs.take_up(w, NOTTINGHAM)) is None
    database.transact(lambda w: runs.keep_alive(w, NOTTINGHAM, run, "solving"))
    assert now(database, run).stage == "solving"
    _publish(database, run, _proposal("C1", "C2"), _proposal("C3", because="home_gone"))
    run = now(database, run)
    assert (run.status, run.objective, run.bound, run.gap) == (RunStatus.PUBLISHED, 10, 12, 2)
    assert (run.proposed, run.dropped, run.report) == (1, 1, {"children": 2})
    assert run.finished_at is not None
    with database.reading() as reading:
        assert runs.snapshot(reading, NOTTINGHAM, run.id) == b"all of it"
        assert runs.published(reading, NOTTINGHAM) == run
        first, second = proposals.of_run(reading, NOTTINGHAM, run.id)
        assert (first.status, first.proposal.children) == (ProposalStatus.PROPOSED, ("C1", "C2"))
        assert (second.status, second.proposal.dropped_because) == (ProposalStatus.DROPPED, "home_gone")
        assert first.id == proposals.proposal_id(run.id, [ChildRef("C2"), ChildRef("C1")])
        assert proposals.get(reading, NOTTINGHAM, first.id) == first
        assert proposals.standing(reading, NOTTINGHAM) == (Proposed(frozenset({"C1", "C2"}), HomeRef("H")),)  # type: ignore[arg-type]


def test_a_later_run_supersedes(database: Database) -> None:
    """The proposals of the run published last stand; those before are shown as superseded, and are unchanged."""
    first = taken_up(database)
    _publish(database, first, _proposal("C1"))
    second = taken_up(database)
    _publish(database, second, _proposal("C1", home="H2"))
    with database.reading() as reading:
        assert [p.status for p in proposals.of_run(reading, NOTTINGHAM, first.id)] == [ProposalStatus.SUPERSEDED]
        assert [p.status for p in proposals.of_run(reading, NOTTINGHAM, second.id)] == [ProposalStatus.PROPOSED]
        assert [p.home for p in proposals.standing(reading, NOTTINGHAM)] == ["H2"]
        assert [run.number for run in runs.page(reading, NOTTINGHAM, None, 9)] == [2, 1]
        assert [run.number for run in runs.page(reading, NOTTINGHAM, 2, 9)] == [1]


def test_one_run_is_at_work(database: Database) -> None:
    """While one waits or is at work another is refused; another authority has its own."""
    asked(database)
    for _ in range(2):
        with pytest.raises(RunAlreadyMade):
            asked(database)
        database.transact(lambda w: runs.take_up(w, NOTTINGHAM))
    assert database.transact(lambda w: runs.request(w, THERE, wanted())).number == 1


def test_one_nightly_run_a_date(database: Database) -> None:
    """A business date has one nightly run that lives or was published; manual ones as many as wanted."""
    run = taken_up(database, kind=RunKind.NIGHTLY)
    _publish(database, run)
    with pytest.raises(RunAlreadyMade):
        asked(database, kind=RunKind.NIGHTLY)
    _publish(database, taken_up(database))
    asked(database, kind=RunKind.NIGHTLY, business_date=AS_OF + timedelta(days=1))


def test_a_nightly_run_that_failed_may_be_made_again(database: Database) -> None:
    """The date is free again once its run has failed."""
    run = taken_up(database, kind=RunKind.NIGHTLY)
    database.transact(lambda w: runs.fail(w, NOTTINGHAM, run, "solver_failed"))
    assert asked(database, kind=RunKind.NIGHTLY).number == 2


def test_many_ask_at_once(database: Database) -> None:
    """Eight at the same moment: one run, seven refusals."""
    start, answers = Barrier(8), []

    def attempt() -> None:
        start.wait()
        try:
            answers.append(asked(database, kind=RunKind.NIGHTLY).number)
        except RunAlreadyMade:
            answers.append(0)

    threads = [Thread(target=attempt) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers)[:7] == [0] * 7
    assert max(answers) >= 1


def test_a_run_is_taken_up_once(database: Database) -> None:
    """Of eight workers one gets the run that waits."""
    asked(database)
    start, answers = Barrier(8), []

    def attempt() -> None:
        start.wait()
        answers.append(database.transact(lambda w: runs.take_up(w, NOTTINGHAM)))

    threads = [Thread(target=attempt) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(answer is not None for answer in answers) == 1


Step = Callable[[Writing, Run], Any]

STEPS: dict[str, Step] = {
    "keep_alive": lambda w, run: runs.keep_alive(w, NOTTINGHAM, run, "solving"),
    "keep_input": lambda w, run: runs.keep_input(w, NOTTINGHAM, run, b"x", {}, {}),
    "begin_publishing": lambda w, run: runs.begin_publishing(w, NOTTINGHAM, run),
    "publish": lambda w, run: runs.publish(w, NOTTINGHAM, run, _publication(_proposal("C1"))),
    "fail": lambda w, run: runs.fail(w, NOTTINGHAM, run, "late"),
}


@pytest.mark.parametrize("step", STEPS)
def test_a_worker_away_too_long_changes_nothing(database: Database, step: str) -> None:
    """Given up for dead and overtaken, a run that wakes up can neither publish nor anything else."""
    old = taken_up(database)
    assert database.transact(lambda w: runs.recover(w, NOTTINGHAM, timedelta(seconds=-1))) == (old.id,)
    assert (now(database, old).status, now(database, old).failure) == (RunStatus.FAILED, runs.INTERRUPTED)
    newer = taken_up(database)
    _publish(database, newer, _proposal("C1", home="H2"))
    with pytest.raises(RunOvertaken):
        database.transact(lambda w: STEPS[step](w, old))
    with database.reading() as reading:
        assert [p.home for p in proposals.standing(reading, NOTTINGHAM)] == ["H2"]
        assert proposals.of_run(reading, NOTTINGHAM, old.id) == []


def test_the_fence_alone_is_enough(database: Database) -> None:
    """Even a run whose row says `publishing` is refused once the fence has moved on."""
    run = taken_up(database)
    database.transact(lambda w: runs.keep_input(w, NOTTINGHAM, run, b"x", {"policy_sha256": "0" * 64}, {}))
    database.transact(lambda w: runs.begin_publishing(w, NOTTINGHAM, run))
    database.transact(lambda w: w.execute(text("UPDATE run_clock SET fence = fence + 1")))
    with pytest.raises(RunOvertaken):
        database.transact(lambda w: runs.publish(w, NOTTINGHAM, run, _publication()))


def test_a_run_at_work_is_not_given_up(database: Database) -> None:
    """Within its lease a run stays at work, and a queued one waits however long."""
    run = taken_up(database)
    assert database.transact(lambda w: runs.recover(w, NOTTINGHAM)) == ()
    assert now(database, run).status is RunStatus.RUNNING
    long_ago = datetime.now(UTC) - 2 * runs.LEASE
    database.transact(lambda w: w.execute(update(run_rows).values(heartbeat_at=long_ago)))
    assert database.transact(lambda w: runs.recover(w, NOTTINGHAM)) == (run.id,)
    waiting = asked(database)
    assert database.transact(lambda w: runs.recover(w, NOTTINGHAM, timedelta(seconds=-1))) == ()
    assert now(database, waiting).status is RunStatus.QUEUED


def test_cancelled_by_anybody(database: Database) -> None:
    """A run that waits or is at work can be called off, again without harm; its worker then has no say."""
    waiting = asked(database)
    assert database.transact(lambda w: runs.cancel(w, NOTTINGHAM, waiting.id)).status is RunStatus.CANCELLED
    run = taken_up(database)
    database.transact(lambda w: runs.cancel(w, NOTTINGHAM, run.id))
    with pytest.raises(RunOvertaken):
        database.transact(lambda w: runs.begin_publishing(w, NOTTINGHAM, run))
    newer = taken_up(database)
    assert database.transact(lambda w: runs.cancel(w, NOTTINGHAM, run.id)).status is RunStatus.CANCELLED
    database.transact(lambda w: runs.keep_alive(w, NOTTINGHAM, newer, "solving"))
    _publish(database, newer)
    with pytest.raises(RunIsOver):
        database.transact(lambda w: runs.cancel(w, NOTTINGHAM, newer.id))
    with pytest.raises(RunNotFound):
        database.transact(lambda w: runs.cancel(w, NOTTINGHAM, "0" * 32))
    with pytest.raises(RunNotFound):
        database.transact(lambda w: runs.cancel(w, THERE, newer.id))


def test_what_stood_stands_on_and_is_known_to_be_old(database: Database) -> None:
    """After a failed run the proposals before it stand; after the next good one nothing is old."""
    good = taken_up(database)
    _publish(database, good, _proposal("C1"))
    bad = taken_up(database)
    database.transact(lambda w: runs.fail(w, NOTTINGHAM, bad, "solver_hung", {"faults": []}))
    with database.reading() as reading:
        assert runs.published(reading, NOTTINGHAM).id == good.id  # type: ignore[union-attr]
        assert len(proposals.standing(reading, NOTTINGHAM)) == 1
        assert runs.failed_since(reading, NOTTINGHAM, good.number).id == bad.id  # type: ignore[union-attr]
    better = taken_up(database)
    _publish(database, better)
    with database.reading() as reading:
        assert runs.failed_since(reading, NOTTINGHAM, good.number) is None
        assert runs.failed_since(reading, NOTTINGHAM, better.number) is None


def test_a_failed_publication_leaves_nothing(database: Database) -> None:
    """A child proposed twice is refused by the database, and with it the whole publication."""
    first = taken_up(database)
    _publish(database, first, _proposal("C1"))
    run = taken_up(database)
    with pytest.raises(IntegrityError):
        _publish(database, run, _proposal("C1"), _proposal("C2", "C1"))
    assert now(database, run).status is RunStatus.RUNNING
    with database.reading() as reading:
        assert proposals.of_run(reading, NOTTINGHAM, run.id) == []
        assert runs.published(reading, NOTTINGHAM).id == first.id  # type: ignore[union-attr]


@pytest.mark.parametrize("table", [proposal_rows, proposed_children, run_snapshots])
@pytest.mark.parametrize("change", ["update", "delete"])
def test_what_was_proposed_is_never_changed(database: Database, table: Any, change: str) -> None:
    """The database refuses to change or delete a proposal or what a run worked on."""
    _publish(database, taken_up(database), _proposal("C1"))
    statement = delete(table) if change == "delete" else update(table).values(authority=NOTTINGHAM)
    with pytest.raises(DBAPIError, match="never changed"), database.writing() as writing:
        writing.execute(statement)


@pytest.mark.parametrize(
    "wrong",
    [
        {"status": "done"},
        {"status": "failed"},
        {"failure": "x"},
        {"status": "published"},
        {"objective": 5, "bound": 4},
        {"fence": None},
        {"kind": "weekly"},
    ],
)
def test_the_database_refuses_what_cannot_be(database: Database, wrong: dict[str, Any]) -> None:
    """A run that is published without its proof, or failed without a reason, does not get in."""
    taken_up(database)
    with pytest.raises(IntegrityError), database.writing() as writing:
        writing.execute(update(run_rows).values(wrong))


def test_a_second_live_run_is_refused_by_the_database(database: Database) -> None:
    """Even written past the code there is one run at work, and one nightly run a date."""
    run = taken_up(database, kind=RunKind.NIGHTLY)
    copy = "number, authority, id, kind, business_date, as_of, status, stage, fence, options, software, seed"
    other = copy.replace("number", "99", 1).replace(" id,", " 'other',", 1)
    with pytest.raises(IntegrityError), database.writing() as writing:
        writing.execute(text(f"INSERT INTO runs ({copy}) SELECT {other} FROM runs"))
    _publish(database, run)
    with pytest.raises(IntegrityError), database.writing() as writing:
        writing.execute(text(f"INSERT INTO runs ({copy}) SELECT {other.replace('status', repr('queued'))} FROM runs"))


def test_authorities_do_not_see_each_other(database: Database) -> None:
    """A run of another authority is not found, nor are its proposals and snapshot."""
    run = taken_up(database)
    _publish(database, run, _proposal("C1"))
    with database.reading() as reading:
        for look in (runs.get, runs.snapshot):
            with pytest.raises(RunNotFound):
                look(reading, THERE, run.id)
        assert runs.page(reading, THERE, None, 9) == []
        assert proposals.of_run(reading, THERE, run.id) == []
        assert proposals.standing(reading, THERE) == ()


def test_a_run_without_input_says_so(database: Database) -> None:
    """The snapshot of a run that has not read anything yet cannot be had."""
    run = asked(database)
    with pytest.raises(RunNotAtWork), database.reading() as reading:
        runs.snapshot(reading, NOTTINGHAM, run.id)


def test_a_proposed_child_needs_its_proposal(database: Database) -> None:
    """Foreign keys hold children, proposals and runs together."""
    row = {"authority": NOTTINGHAM, "run_id": "0" * 32, "child_ref": "C", "proposal_id": "0" * 32}
    with pytest.raises(IntegrityError), database.writing() as writing:
        writing.execute(insert(proposed_children), row)
