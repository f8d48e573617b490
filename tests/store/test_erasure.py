"""What an erasure may change of rows that are never changed: one child's, in named columns, and nothing else."""

from __future__ import annotations

import zlib
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select, text, update
from sqlalchemy.exc import DBAPIError

from app.errors import ChildNotKnown, RunAlreadyMade
from app.matching.referral import ChildRef, HomeRef, ReferralRef
from app.store import erasure, runs, save
from app.store.audit import AuditEntry, record
from app.store.audit_tables import erasing
from app.store.clock import database_now
from app.store.erasure import Erasure
from app.store.erasure_forgetting import report_without, swap, words_without
from app.store.run_records import NewProposal, Publication
from app.store.run_tables import proposals
from app.store.session import Database, Writing
from app.store.tables import homes, referrals
from app.store.versions import Precondition
from tests.support.builders import NOTTINGHAM, a_child, a_home, a_referral, a_resident
from tests.support.nights import taken_up
from tests.support.tampering import undone

ACTOR = ("admin-1", "person")
SNAPSHOT = b'{"referrals":[],"homes":[]}'


def _proposal(*children: str) -> NewProposal:
    names = tuple(map(ChildRef, children))
    referral = ReferralRef(f"R-{children[0]}")
    return NewProposal(referral, names, HomeRef("H"), 5, True, 90_000, None, {"why": "x", "because_of": []})


@pytest.fixture
def proposed(database: Database) -> Database:
    """A database with a proposal for each of two children."""
    run = taken_up(database)

    def work(writing: Writing) -> None:
        about = {"policy_version": "p", "policy_sha256": "0" * 64}
        runs.keep_input(writing, NOTTINGHAM, run, SNAPSHOT, about, {"python": "3"})
        runs.begin_publishing(writing, NOTTINGHAM, run)
        made = (_proposal("C1"), _proposal("C2"))
        publication = Publication("p", "0" * 64, "proven", 10, 12, None, {"children": 2}, made)
        runs.publish(writing, NOTTINGHAM, run, publication)
        for child in ("C1", "C2"):
            record(writing, NOTTINGHAM, AuditEntry("u", "person", "referral.read", "referral", "R", (child,)))

    database.transact(work)
    return database


def _erasing(writing: Writing, *refs: str) -> None:
    writing.execute(insert(erasing), [{"authority": NOTTINGHAM, "ref": ref} for ref in refs])


def test_who_is_erased_is_never_committed(database: Database) -> None:
    """The row that opens others cannot outlive its transaction."""
    with pytest.raises(DBAPIError), database.writing() as writing:
        _erasing(writing, "C1")
    with database.reading() as reading:
        assert reading.execute(select(erasing)).all() == []


STRIP = "UPDATE {table} SET {column} = {value} WHERE {which}"
MINE = {"table": "proposals", "which": "CAST(children AS TEXT) LIKE '%C1%'"}
OTHERS = {"table": "proposals", "which": "CAST(children AS TEXT) LIKE '%C2%'"}
KEYS = {"table": "audit_subjects", "which": "ref = 'C1'"}
OTHER_KEYS = {"table": "audit_subjects", "which": "ref = 'C2'"}

ALLOWED = (
    MINE | {"column": "children", "value": "'[\"erased-1\"]'"},
    MINE | {"column": "referral_ref", "value": "'erased-2'"},
    MINE | {"column": "explanation", "value": "'{}'"},
    MINE | {"column": "points", "value": "0"},
    OTHERS | {"column": "explanation", "value": """'{"why": "x", "because_of": [], "grounds": null}'"""},
    {"table": "proposed_children", "which": "child_ref = 'C1'", "column": "child_ref", "value": "'erased-1'"},
    KEYS | {"column": "ref", "value": "NULL, secret = NULL"},
)
REFUSED = (
    MINE | {"column": "points", "value": "6"},
    MINE | {"column": "home_ref", "value": "'H2'"},
    MINE | {"column": "status", "value": "'dropped', dropped_because = 'x'"},
    OTHERS | {"column": "children", "value": "'[\"erased-1\"]'"},
    OTHERS | {"column": "explanation", "value": "'{}'"},
    OTHERS | {"column": "explanation", "value": """'{"why": "x", "because_of": [], "grounds": {"was_so": 1}}'"""},
    OTHERS | {"column": "explanation", "value": """'{"why": "y", "because_of": [], "grounds": null}'"""},
    {"table": "proposed_children", "which": "child_ref = 'C2'", "column": "child_ref", "value": "'erased-1'"},
    {"table": "proposed_children", "which": "child_ref = 'C1'", "column": "proposal_id", "value": "'x'"},
    {"table": "audit_entries", "which": "seq = 1", "column": "actor", "value": "'x'"},
    {"table": "audit_entries", "which": "seq = 1", "column": "sealed", "value": "NULL"},
    OTHER_KEYS | {"column": "ref", "value": "NULL, secret = NULL"},
    KEYS | {"column": "number", "value": "9"},
)


def test_only_what_is_named_can_be_stripped_and_only_then(proposed: Database) -> None:
    """Each change is tried by itself, with the child named and without; both databases refuse the same."""
    for change in ALLOWED:
        with undone(proposed) as writing:
            _erasing(writing, "C1")
            assert _changed(writing, change) == 1, change
    for named, changes in ((("C1",), REFUSED), ((), ALLOWED + REFUSED)):
        for change in changes:
            with pytest.raises(DBAPIError, match="never changed"), proposed.writing() as writing:
                _refused(writing, named, change)
    for table in ("proposals", "proposed_children", "run_snapshots", "audit_entries", "audit_subjects"):
        with pytest.raises(DBAPIError, match="never changed"), proposed.writing() as writing:
            _deleted(writing, table)


def _changed(writing: Writing, change: dict[str, str]) -> int:
    return int(writing.execute(text(STRIP.format(**change))).rowcount)


def _refused(writing: Writing, named: tuple[str, ...], change: dict[str, str]) -> None:
    if named:
        _erasing(writing, *named)
    _changed(writing, change)


def _deleted(writing: Writing, table: str) -> None:
    _erasing(writing, "C1")
    writing.execute(text(f"DELETE FROM {table}"))


def test_a_child_that_nobody_knows_is_not_erased(lite: Database) -> None:
    """And leaves no entry."""
    with pytest.raises(ChildNotKnown), lite.writing() as writing:
        erasure.erase(writing, "C1", Erasure.of(NOTTINGHAM, "C1"), ACTOR)


def test_a_child_is_not_erased_while_a_run_has_read_it(proposed: Database) -> None:
    """The run would store it again; once the run is over the child goes."""
    run = taken_up(proposed)
    wanted = Erasure.of(NOTTINGHAM, "C1")
    with pytest.raises(RunAlreadyMade):
        proposed.transact(lambda w: erasure.erase(w, "C1", wanted, ACTOR))
    proposed.transact(lambda w: runs.cancel(w, NOTTINGHAM, run.id))
    proposed.transact(lambda w: erasure.erase(w, "C1", wanted, ACTOR))


def test_what_was_at_work_in_a_backup_does_not_hinder_erasing_anew(proposed: Database) -> None:
    """Nobody works on it any more, so it is given up."""
    run = taken_up(proposed)
    assert erasure.replay(proposed, NOTTINGHAM, [Erasure.of(NOTTINGHAM, "C1")], ACTOR) == 1
    with proposed.reading() as reading:
        assert runs.get(reading, NOTTINGHAM, run.id).failure == runs.INTERRUPTED


def test_a_proposal_of_others_stays_word_for_word(proposed: Database) -> None:
    """The erased one's says nothing any more, and says it in the same form."""
    with proposed.reading() as reading:
        before = {row.referral_ref: row for row in reading.execute(select(proposals))}
    erased_as = proposed.transact(lambda w: erasure.erase(w, "C1", Erasure.of(NOTTINGHAM, "C1"), ACTOR))
    with proposed.reading() as reading:
        after = {tuple(row.children): row for row in reading.execute(select(proposals))}
        packed = reading.execute(text("SELECT packed FROM run_snapshots")).scalar_one()
        assert erasure.known_children(reading, NOTTINGHAM) == ["C2"]
    assert after["C2",] == before["R-C2"]
    mine = after[erased_as,]
    assert mine.referral_ref.startswith(erasure.MARK)
    assert (mine.explanation["why"], mine.explanation["first_home"], mine.points) == ("x", "erased", 0)
    assert zlib.decompress(packed) == SNAPSHOT


def _published(database: Database, *made: NewProposal) -> None:
    run = taken_up(database)

    def work(writing: Writing) -> None:
        about = {"policy_version": "p", "policy_sha256": "0" * 64}
        runs.keep_input(writing, NOTTINGHAM, run, SNAPSHOT, about, {"python": "3"})
        runs.begin_publishing(writing, NOTTINGHAM, run)
        publication = Publication("p", "0" * 64, "proven", 10, 12, None, {"children": len(made)}, made)
        runs.publish(writing, NOTTINGHAM, run, publication)

    database.transact(work)


def _rests_on(child: str, home: str, digest: str) -> NewProposal:
    was_so = {"home": {"residents": digest}, "rules": {}, "children": []}
    explanation = {"why": "x", "grounds": {"inventory_seq": 1, "was_so": was_so}}
    return replace(_proposal(child), home=HomeRef(home), explanation=explanation)


def test_what_proposals_of_others_rest_on_tells_nothing(proposed: Database) -> None:
    """Of a run that stands no more it goes; of the one that stands, where the child may be in it, and there alone."""
    with proposed.writing() as writing:
        save.import_homes(writing, NOTTINGHAM, [a_home(ref=HomeRef(ref)) for ref in ("H1", "H2")])
        for ref in ("C5", "C6", "C7"):
            save.save_referral(writing, NOTTINGHAM, a_referral(a_child(ref=ref), ref=f"R-{ref}"), Precondition())
        long_ago = database_now(writing) - timedelta(days=1)
        for table in (homes, referrals):
            writing.execute(update(table).values(changed_at=long_ago))
    _published(proposed, _rests_on("C5", "H1", "before"))
    _published(proposed, _rests_on("C6", "H1", "apart"), _rests_on("C7", "H2", "beside"))
    for lives in ((a_resident(ref="C1"),), ()):
        with proposed.writing() as writing:
            save.import_homes(writing, NOTTINGHAM, [a_home(ref=HomeRef("H2"), residents=lives)])
    proposed.transact(lambda w: erasure.erase(w, "C1", Erasure.of(NOTTINGHAM, "C1"), ACTOR))
    with proposed.reading() as reading:
        told = {row.children[0]: row.explanation for row in reading.execute(select(proposals))}
    assert (told["C5"]["grounds"], told["C7"]["grounds"]) == (None, None)
    assert told["C6"] == _rests_on("C6", "H1", "apart").explanation


@pytest.mark.parametrize(
    ("words", "left"),
    [
        ("Not near C-1, nor C-1's aunt (C-1).", "Not near erased-1, nor erased-1's aunt (erased-1)."),
        ("C-1\nC-1.", "erased-1\nerased-1."),
        ("C-10, C-1.2, A-C-1, C-1-2, C-1x, XC-1, c-1", "C-10, C-1.2, A-C-1, C-1-2, C-1x, XC-1, c-1"),
    ],
)
def test_a_reference_is_found_in_what_was_written(words: str, left: str) -> None:
    """As a word of its own, as it was chosen; another child's longer reference stays."""
    assert words_without(words, {"C-1": "erased-1"}) == left


def test_references_are_exchanged_everywhere_and_whole() -> None:
    """As text, in lists and as keys; a longer reference that begins alike is another child's."""
    names = {"C1": "erased-1"}
    told: Any = {"C1": ["C1", "C10", {"x": "C1"}], "y": 1, "z": None}
    assert swap(told, names) == {"erased-1": ["erased-1", "C10", {"x": "erased-1"}], "y": 1, "z": None}
    others = {"referral": "R2", "children": ["C10"], "near_misses": ["kept"], "best_home": "H"}
    mine = {"referral": "R1", "children": ["C1"], "near_misses": ["gone"], "best_home": "H"}
    left = report_without({"unplaced": [mine, others], "children": 2}, names)
    assert left["unplaced"][1] == others
    assert (left["unplaced"][0]["children"], left["unplaced"][0]["near_misses"]) == (["erased-1"], [])
