"""A record that is read in the transaction which records who reads it."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from app.errors import DatabaseBusy
from app.matching.referral import ReferralRef
from app.store import audit, audit_last, audit_reading, audit_seal, audit_whom, erasure, load, save
from app.store.audit import AuditEntry, record_all
from app.store.audit_last import Look, record_last
from app.store.audit_tables import audit_entries, audit_subjects
from app.store.audit_trail import Trail
from app.store.audit_verify import verify
from app.store.load import StoredDocument
from app.store.prepared import Wanted
from app.store.session import Database
from app.store.versions import Precondition
from tests.support.builders import a_child, a_referral
from tests.support.tampering import AUTHORITY

REFERRAL = a_referral(a_child(ref="C-1"), a_child(ref="C-2"), ref="R-1")
ABOUT = audit_whom.SUBJECTS_OF_REFERRAL, {"authority": AUTHORITY, "ref": "R-1"}


def _entry(found: StoredDocument | None) -> AuditEntry | None:
    if found is None:
        return None
    return AuditEntry("user-1", "person", "referral.read", "referral", found.ref, found.people, {"v": found.version})


def _look(ref: str = "R-1", **other: Any) -> Look[Any]:
    return Look(
        **{"wanted": load.referral_document(AUTHORITY, ReferralRef(ref)), "about": ABOUT, "entry": _entry, **other}
    )


@pytest.fixture
def stored(database: Database) -> Database:
    """A database with a referral of two children, nothing recorded yet."""
    with database.writing() as writing:
        save.save_referral(writing, AUTHORITY, REFERRAL, Precondition())
    return database


def _recorded(database: Database) -> list[tuple[str, list[str], Any]]:
    with database.reading() as reading:
        assert verify(reading, AUTHORITY).is_whole
        page = audit_reading.page(reading, AUTHORITY, None, 100)
        return [(entry.action, sorted(entry.subjects), entry.facts) for entry in reversed(page)]


def _subjects(database: Database) -> int:
    with database.reading() as reading:
        return int(reading.execute(select(func.count()).select_from(audit_subjects)).scalar_one())


def test_what_is_read_is_what_is_recorded(stored: Database) -> None:
    """The document comes back, and its entry names the children and the version that were found, each time."""
    trail = Trail(stored, AUTHORITY)
    for _ in range(3):
        found = trail.look(_look())
        assert (found.ref, found.people) == ("R-1", ("C-1", "C-2"))
    assert _recorded(stored) == [("referral.read", ["C-1", "C-2"], {"v": 1})] * 3
    assert _subjects(stored) == 2


def test_nothing_is_recorded_where_nothing_is(stored: Database) -> None:
    """Who asks for what is not there is told so, and has seen nothing."""
    assert Trail(stored, AUTHORITY).look(_look("R-none")) is None
    assert _recorded(stored) == []


def test_a_child_whom_the_trail_knows_keeps_its_number(stored: Database) -> None:
    """Also where the question for the subjects finds nobody: a second number for a child would hide entries of it."""
    trail = Trail(stored, AUTHORITY)
    nobody = audit_whom.SUBJECTS_OF_REFERRAL, {"authority": AUTHORITY, "ref": "nobody's"}
    trail.look(_look(about=nobody))
    trail.look(_look())
    trail.look(_look(about=nobody))
    assert len(_recorded(stored)) == 3
    assert _subjects(stored) == 2


def test_looks_and_entries_share_a_transaction(stored: Database) -> None:
    """Entries first, then the looks in their order; each look gets its own answer."""
    plain = AuditEntry("job", "system", "policy.read", "policy", "p-1")
    looks = [_look(), _look("R-none"), _look()]
    found = stored.transact(lambda writing: record_last(writing, AUTHORITY, [plain], looks))
    assert [None if one is None else one.ref for one in found] == ["R-1", None, "R-1"]
    assert [action for action, _, _ in _recorded(stored)] == ["policy.read", "referral.read", "referral.read"]


def test_who_fails_fails_alone(stored: Database) -> None:
    """Sixteen at once, some with a look that cannot be read: these are told, all others get and leave theirs."""

    def fails(_rows: Sequence[Any]) -> Any:
        raise LookupError("unreadable")

    wanted = load.referral_document(AUTHORITY, ReferralRef("R-1"))
    broken = _look(wanted=Wanted(wanted.statement, wanted.values, fails))
    trail, answers = Trail(stored, AUTHORITY), list[Any]()

    def ask(number: int) -> None:
        try:
            if number % 4 == 3:
                trail.record(AuditEntry(f"reader-{number}", "person", "x.read", "referral", "R-1", ("C-2",)))
                answers.append("recorded")
            else:
                answers.append(trail.look(broken if number % 4 == 0 else _look()).ref)
        except LookupError as error:
            answers.append(str(error))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(answers) == ["R-1"] * 8 + ["recorded"] * 4 + ["unreadable"] * 4
    assert sorted(action for action, _, _ in _recorded(stored)) == ["referral.read"] * 8 + ["x.read"] * 4


def test_what_was_shown_is_recorded_though_a_change_comes_between(stored: Database) -> None:
    """A change that is under way records itself first; what is recorded behind it is the version that was shown."""
    begun, go_on, seen = threading.Event(), threading.Event(), list[Any]()
    Trail(stored, AUTHORITY).look(_look())

    def change() -> None:
        with stored.writing() as writing:
            save.save_referral(writing, AUTHORITY, REFERRAL, Precondition(exists=True))
            record_all(writing, AUTHORITY, [AuditEntry("cms", "system", "referral.write", "referral", "R-1", ("C-1",))])
            begun.set()
            go_on.wait(20)

    def ask() -> None:
        seen.append(Trail(stored, AUTHORITY).look(_look()).version)

    writer, reader = threading.Thread(target=change), threading.Thread(target=ask)
    writer.start()
    assert begun.wait(20)
    reader.start()
    reader.join(0.3)
    assert reader.is_alive(), "its entry comes behind that of the change"
    go_on.set()
    writer.join(20)
    reader.join(20)
    assert [facts for _, _, facts in _recorded(stored)] == [{"v": 1}, {}, {"v": seen[0]}]


def test_a_child_who_is_erased_in_between_is_found_to_be_gone(stored: Database) -> None:
    """What was sealed under a key that is gone meanwhile is not stored: the look is made again, of whoever is left."""
    Trail(stored, AUTHORITY).look(_look())
    wanted, erased = load.referral_document(AUTHORITY, ReferralRef("R-1")), list[bool]()

    def told(rows: Sequence[Any]) -> StoredDocument | None:
        if stored.engine.dialect.name == "postgresql" and not erased:
            erased.append(True)
            with stored.writing() as writing:
                erasure.erase(writing, "C-1", erasure.Erasure.of(AUTHORITY, "C-1"), ("admin-1", "person"))
        return wanted.told(rows)

    found = Trail(stored, AUTHORITY).look(_look(wanted=Wanted(wanted.statement, wanted.values, told)))
    assert found.people == (("C-2",) if erased else ("C-1", "C-2"))
    assert _recorded(stored)[-1][1] == list(found.people)


def _page(database: Database) -> load.Page:
    with database.asking() as reading:
        return load.referrals_page(reading, AUTHORITY, "", 10)


def _list_entry(page: load.Page) -> AuditEntry:
    people = tuple(child for stored in page.documents for child in stored.people)
    return AuditEntry("user-1", "person", "referrals.list", "referrals", "page", people, {"shown": 1})


def test_whom_the_page_knows_nobody_asks_for_again(stored: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """The numbers and keys that were read with a page are those of the trail; only whom it lacks is asked for."""
    trail, strange = Trail(stored, AUTHORITY), list[list[str]]()
    ask = audit_last.who_is_known

    def asked(authority: str, wanted: Sequence[str]) -> Any:
        strange.append(list(wanted))
        return ask(authority, wanted)

    monkeypatch.setattr(audit_last, "who_is_known", asked)
    for _ in range(2):
        page = _page(stored)
        trail.record(_list_entry(page), known=page.known)
        trail.record(_list_entry(page), known=page.known[:1])
    assert strange == [["C-1", "C-2"], ["C-1", "C-2"], [], ["C-2"]]
    assert _recorded(stored) == [("referrals.list", ["C-1", "C-2"], {"shown": 1})] * 4
    assert _subjects(stored) == 2


def test_of_whom_was_erased_since_the_page_was_read_nothing_is_recorded(stored: Database) -> None:
    """Nor is the page shown, which tells of somebody who is gone: whoever asked is told to ask again."""
    trail = Trail(stored, AUTHORITY)
    trail.record(_list_entry(_page(stored)))
    page = _page(stored)
    with stored.writing() as writing:
        erasure.erase(writing, "C-1", erasure.Erasure.of(AUTHORITY, "C-1"), ("admin-1", "person"))
    with pytest.raises(DatabaseBusy):
        trail.record(_list_entry(page), known=page.known)
    with stored.reading() as reading:
        assert "C-1" not in reading.execute(select(audit_subjects.c.ref)).scalars().all()
    assert [action for action, _, _ in _recorded(stored)] == ["referrals.list", "personal_data.erase"]


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=40)


@given(
    actor=TEXTS.filter(bool),
    facts=st.dictionaries(TEXTS, TEXTS | st.none() | st.booleans() | st.integers(), max_size=4),
    named=st.sets(st.sampled_from(["C-1", "C-2"])),
)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_every_entry_has_the_hash_that_the_verifier_works_out(
    stored: Database, actor: str, facts: dict[str, Any], named: set[str]
) -> None:
    """Whatever its words are, whoever it is about, and whichever way it was added; and it reads as it was given."""
    entry = AuditEntry(actor, "person", "home.read", "home", "H-1", tuple(sorted(named)), facts)
    stored.transact(lambda writing: record_last(writing, AUTHORITY, [entry, entry]))
    stored.transact(lambda writing: record_all(writing, AUTHORITY, [entry]))
    assert _recorded(stored)[-3:] == [("home.read", sorted(named), facts)] * 3
    with stored.reading() as reading:
        assert {one.actor for one in audit_reading.page(reading, AUTHORITY, None, 3)} == {actor}


def test_what_was_sealed_by_the_release_before_is_read(stored: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then it was bound to the number of its entry; and what is bound to anything else is not read."""
    entry = AuditEntry("user-1", "person", "referral.read", "referral", "R-1", ("C-1",), {"v": 1})
    for bound_to in (f"{AUTHORITY}/1", f"{AUTHORITY}/1"):
        with monkeypatch.context() as patched:
            patched.setattr(audit, "bound", lambda _row, bound_to=bound_to: bound_to)
            stored.transact(lambda writing: record_all(writing, AUTHORITY, [entry]))
    assert [facts for _, _, facts in _recorded(stored)] == [{"v": 1}, None]


def test_what_is_sealed_fits_no_entry_of_another(stored: Database) -> None:
    """Moved to whom, to what or about whom it was not said, it is nothing that anybody could read."""
    entry = AuditEntry("user-1", "person", "referral.read", "referral", "R-1", ("C-1",), {"v": 1})
    stored.transact(lambda writing: record_all(writing, AUTHORITY, [entry]))
    with stored.reading() as reading:
        row = dict(
            reading.execute(select(audit_entries).order_by(audit_entries.c.seq.desc()).limit(1)).mappings().one()
        )
        secret = reading.execute(select(audit_subjects.c.secret).where(audit_subjects.c.ref == "C-1")).scalar_one()
    assert audit_seal.unseal([secret], audit.bound(row), row["sealed"]) is not None
    others = {
        "authority": "E06000015",
        "actor": "user-2",
        "actor_kind": "system",
        "action": "placement.accept",
        "object_kind": "home",
        "subjects": [*row["subjects"], 99],
    }
    for name, value in others.items():
        assert audit_seal.unseal([secret], audit.bound(row | {name: value}), row["sealed"]) is None, name
