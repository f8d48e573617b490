"""Homes and referrals are stored as a whole, in versions, and what must not be is refused by the database."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import HealthCheck, given, settings
from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError, StatementError

from app.errors import ChildAlreadyWaiting, HomeNotFound, ReferralNotFound, VersionMismatch, VersionNotGiven
from app.matching.home import Home
from app.matching.referral import ChildRef, HomeRef, Referral, ReferralRef
from app.store import load, save
from app.store.codec import decoder, encoder
from app.store.session import Database
from app.store.tables import children, homes, referrals, residents
from app.store.versions import Precondition
from tests.support.builders import a_child, a_home, a_referral, a_resident
from tests.support.records import homes as any_home
from tests.support.records import referrals as any_referral

HERE, THERE = "E06000018", "E10000024"
ANYTHING = Precondition(exists=True)
NOTHING_SAID = Precondition()


def _made_from(*versions: int) -> Precondition:
    return Precondition(versions=frozenset(versions))


def _save(database: Database, home: Home, precondition: Precondition = NOTHING_SAID) -> int:
    with database.writing() as writing:
        return save.save_home(writing, HERE, home, precondition).version


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(home=any_home(), referral=any_referral())
def test_any_record_comes_back_as_it_was(database: Database, home: Home, referral: Referral) -> None:
    """Whatever the types allow is stored and read again without loss, on both databases."""
    with database.writing() as writing:
        save.import_homes(writing, HERE, [home])
        known = load.referral(writing, HERE, referral.ref)
        for other in load.all_referrals(writing, HERE):
            save.remove_referral(writing, HERE, other.record.ref, ANYTHING)
        save.save_referral(writing, HERE, referral, NOTHING_SAID)
    with database.reading() as reading:
        assert known is None or known.version >= 1
        stored_home, stored_referral = load.home(reading, HERE, home.ref), load.referral(reading, HERE, referral.ref)
        assert stored_home is not None
        assert stored_referral is not None
        assert (stored_home.record, stored_referral.record) == (home, referral)
        residents, children = [one.ref for one in home.residents], [child.ref for child in referral.children]
        _same_document(load.home_document(HERE, home.ref).read(reading), stored_home, residents)
        _same_document(load.referral_document(HERE, referral.ref).read(reading), stored_referral, children)


def _same_document(
    found: load.StoredDocument | None, stored: load.StoredHome | load.StoredReferral, people: list[ChildRef]
) -> None:
    """What is written without the record is, letter by letter, what is written for it."""
    assert found is not None
    assert (found.ref, found.version, list(found.people)) == (stored.record.ref, stored.version, people)
    assert json.dumps(found.written) == json.dumps(encoder(type(stored.record))(stored.record))


def test_versions_count_up_and_must_be_known(database: Database) -> None:
    """A change says from which version it was made; another than the present one is refused."""
    home = a_home(ref=HomeRef("H-1"), residents=(a_resident(),))
    assert _save(database, home) == 1
    with pytest.raises(VersionNotGiven):
        _save(database, home)
    assert _save(database, replace(home, places=3), _made_from(1)) == 2
    with pytest.raises(VersionMismatch):
        _save(database, replace(home, places=9), _made_from(1))
    with pytest.raises(VersionMismatch):
        _save(database, home, Precondition(absent=True))
    with pytest.raises(VersionMismatch):
        _save(database, a_home(ref=HomeRef("H-2")), ANYTHING)
    with database.reading() as reading:
        stored = load.home(reading, HERE, home.ref)
        assert stored == load.StoredHome(replace(home, places=3), 2)
        assert load.home(reading, HERE, HomeRef("H-2")) is None


def test_a_version_is_never_used_twice(database: Database) -> None:
    """A home that was taken away and comes back goes on counting, so that no old ETag fits it."""
    home = a_home(ref=HomeRef("H-1"))
    _save(database, home)
    _save(database, home, _made_from(1))
    with database.writing() as writing:
        save.remove_home(writing, HERE, home.ref, _made_from(2))
    assert _save(database, home) == 3
    with pytest.raises(HomeNotFound), database.writing() as writing:
        save.remove_home(writing, HERE, HomeRef("H-9"), ANYTHING)


def test_nothing_is_left_of_the_residents_of_a_removed_home(database: Database) -> None:
    """Taking a home away takes away what was known of the people in it."""
    home = a_home(residents=(a_resident(), a_resident()))
    _save(database, home)
    with database.writing() as writing:
        save.remove_home(writing, HERE, home.ref, ANYTHING)
    with database.reading() as reading:
        assert reading.execute(select(residents)).all() == []


def test_an_import_touches_only_what_changed(database: Database) -> None:
    """The same file twice changes nothing; a changed home alone gets a new version."""
    first, second = a_home(ref=HomeRef("A"), residents=(a_resident(),)), a_home(ref=HomeRef("B"))
    with database.writing() as writing:
        assert save.import_homes(writing, HERE, [first, second]) == save.Imported(2, 0, 0)
    with database.writing() as writing:
        assert save.import_homes(writing, HERE, [first, second]) == save.Imported(0, 0, 2)
        assert save.import_homes(writing, HERE, [replace(first, places=9)]) == save.Imported(0, 1, 0)
    with database.reading() as reading:
        found = load.homes_page(reading, HERE, "", 10).documents
    assert [(stored.ref, stored.version) for stored in found] == [("A", 2), ("B", 1)]
    assert decoder(Home)(found[0].written) == replace(first, places=9)


def test_an_import_larger_than_one_statement(database: Database) -> None:
    """References beyond what one statement names are all stored, found and taken up again."""
    many = [a_home(ref=HomeRef(f"H-{n:04}")) for n in range(load.MOST_AT_ONCE * 2 + 1)]
    with database.writing() as writing:
        assert save.import_homes(writing, HERE, many).created == len(many)
        assert save.import_homes(writing, HERE, many).unchanged == len(many)


def test_pages_follow_the_order_of_letters(database: Database) -> None:
    """Pages are in the order of character codes on both databases, without gap or repetition."""
    refs = ["B", "a", "A-1", "A", "Z", "b-2", "a.9"]
    with database.writing() as writing:
        save.import_homes(writing, HERE, [a_home(ref=HomeRef(ref)) for ref in refs])
    found, after = [], ""
    while True:
        with database.reading() as reading:
            page = load.homes_page(reading, HERE, after, 2).documents
        if not page:
            break
        found += [stored.ref for stored in page]
        after = found[-1]
    assert found == sorted(refs)


def test_authorities_do_not_see_each_other(database: Database) -> None:
    """The same reference in two authorities is two homes and two referrals."""
    with database.writing() as writing:
        save.save_home(writing, THERE, a_home(ref=HomeRef("H"), places=1), NOTHING_SAID)
        save.save_home(writing, HERE, a_home(ref=HomeRef("H"), places=2), NOTHING_SAID)
        referral = a_referral(a_child(ref=ChildRef("C")), ref=ReferralRef("R"))
        save.save_referral(writing, THERE, referral, NOTHING_SAID)
        assert load.referral(writing, HERE, ReferralRef("R")) is None
        save.save_referral(writing, HERE, referral, NOTHING_SAID)
        save.remove_home(writing, THERE, HomeRef("H"), ANYTHING)
        assert load.home(writing, HERE, HomeRef("H")).record.places == 2  # type: ignore[union-attr]


def test_a_child_waits_in_one_referral_only(database: Database) -> None:
    """A child that already waits is refused in a second referral, of which nothing stays behind."""
    child = a_child(ref=ChildRef("C-1"))
    first, second = a_referral(child, ref=ReferralRef("R-1")), a_referral(child, ref=ReferralRef("R-2"))
    with database.writing() as writing:
        save.save_referral(writing, HERE, first, NOTHING_SAID)
    with pytest.raises(ChildAlreadyWaiting), database.writing() as writing:
        save.save_referral(writing, HERE, second, NOTHING_SAID)
    with database.reading() as reading:
        assert [stored.record.ref for stored in load.all_referrals(reading, HERE)] == ["R-1"]


def test_another_mistake_about_a_child_is_not_called_that(database: Database) -> None:
    """Only the one constraint is told as a child who waits already; anything else is a mistake of ours."""
    child = replace(a_child(), sdq=41)
    with pytest.raises(IntegrityError), database.writing() as writing:
        save.save_referral(writing, HERE, a_referral(child), NOTHING_SAID)


def test_a_referral_is_exchanged_with_its_children(database: Database) -> None:
    """A new version replaces all children; taking it away takes them too."""
    one, two = a_child(ref=ChildRef("C-1")), a_child(ref=ChildRef("C-2"))
    referral = a_referral(one, two, ref=ReferralRef("R"))
    with database.writing() as writing:
        assert save.save_referral(writing, HERE, referral, NOTHING_SAID).is_new
        changed = replace(referral, children=(two,))
        assert save.save_referral(writing, HERE, changed, _made_from(1)).version == 2
        with pytest.raises(VersionMismatch):
            save.save_referral(writing, HERE, referral, _made_from(1))
    with database.writing() as writing:
        assert load.referral(writing, HERE, ReferralRef("R")).record == changed  # type: ignore[union-attr]
        save.remove_referral(writing, HERE, ReferralRef("R"), _made_from(2))
        assert writing.execute(select(children)).all() == []
        with pytest.raises(ReferralNotFound):
            save.remove_referral(writing, HERE, ReferralRef("R"), ANYTHING)


@pytest.mark.parametrize(
    "wrong",
    [
        {"places": -1},
        {"places_held": 1_001},
        {"void_fee_pence": -1},
        {"unplanned_endings": 11},
        {"version": 0},
        {"changed_seq": 0},
    ],
)
def test_the_database_itself_refuses_what_cannot_be(database: Database, wrong: dict[str, int]) -> None:
    """Even written past the code, a number out of its range does not get in."""
    _save(database, a_home(ended_placements=10))
    with pytest.raises(IntegrityError), database.writing() as writing:
        writing.execute(update(homes).values(wrong))


def test_a_resident_needs_a_home(database: Database) -> None:
    """Foreign keys are in force on both databases."""
    row = {"authority": HERE, "home_ref": "X", "position": 0, "ref": "C", "sex": "M", "details": {}}
    with pytest.raises(IntegrityError), database.writing() as writing:
        writing.execute(insert(residents), row)


def test_instants_are_utc(database: Database) -> None:
    """An instant keeps its moment whatever the zone it came in; one without a zone is refused."""
    with database.writing() as writing:
        save.save_referral(writing, HERE, a_referral(), NOTHING_SAID)
        made = writing.execute(select(referrals.c.changed_at)).scalar_one()
        assert made.tzinfo is UTC
        assert abs(datetime.now(UTC) - made) < timedelta(minutes=5)
        summer = datetime(2026, 7, 1, 0, 30, tzinfo=timezone(timedelta(hours=1)))
        writing.execute(update(referrals).values(changed_at=summer))
        stored = writing.execute(select(referrals.c.changed_at)).scalar_one()
        assert (stored, stored.tzinfo) == (summer, UTC)
        with pytest.raises(StatementError, match="time zone"):
            writing.execute(update(referrals).values(changed_at=datetime(2026, 7, 1)))  # noqa: DTZ001
