"""The caseload is stored in versions, as a whole or child by child."""

from __future__ import annotations

import pytest

from app.errors import PlacedChildNotFound, VersionMismatch, VersionNotGiven
from app.geo.grid import Location
from app.matching.codes import HomeKind
from app.matching.placed import Placed
from app.matching.referral import ChildRef, HomeRef
from app.store import caseload
from app.store.caseload import CaseloadImported, StoredPlaced
from app.store.session import Database
from app.store.versions import Precondition
from tests.support.builders import NOTTINGHAM

THERE = "E10000024"
ANYTHING = Precondition(exists=True)
FULL = Placed(
    ref=ChildRef("A"),
    home=HomeRef("H"),
    kind=HomeKind.FOSTER,
    location=Location(457_300, 339_900, NOTTINGHAM, "NG1 5NH"),
    family_home=Location(1, 2),
    weekly_fee_pence=92_500,
)


def test_every_field_comes_back(database: Database) -> None:
    """A full record and an empty one are read as they were stored."""
    empty = Placed(ChildRef("B"))
    with database.writing() as writing:
        assert caseload.save_placed(writing, NOTTINGHAM, FULL, Precondition()).is_new
        caseload.save_placed(writing, NOTTINGHAM, empty, Precondition())
    with database.reading() as reading:
        assert caseload.everybody(reading, NOTTINGHAM) == [FULL, empty]
        assert caseload.one(reading, NOTTINGHAM, FULL.ref) == StoredPlaced(FULL, 1)
        assert caseload.one(reading, THERE, FULL.ref) is None
        assert caseload.page(reading, NOTTINGHAM, "A", 5) == [StoredPlaced(empty, 1)]


def test_a_change_says_from_which_version(database: Database) -> None:
    """Without a version, or from another, a change is refused; so is taking out who is not in."""
    with database.writing() as writing:
        caseload.save_placed(writing, NOTTINGHAM, FULL, Precondition())
        for wrong, error in ((Precondition(), VersionNotGiven), (Precondition(frozenset({2})), VersionMismatch)):
            with pytest.raises(error):
                caseload.save_placed(writing, NOTTINGHAM, FULL, wrong)
        assert caseload.save_placed(writing, NOTTINGHAM, FULL, Precondition(frozenset({1}))).version == 2
        caseload.remove_placed(writing, NOTTINGHAM, FULL.ref, Precondition(frozenset({2})))
        with pytest.raises(PlacedChildNotFound):
            caseload.remove_placed(writing, NOTTINGHAM, FULL.ref, ANYTHING)


def test_an_import(database: Database) -> None:
    """What is the same stays untouched; with `replace` whoever is not named is taken out, and nobody else's."""
    many = [Placed(ChildRef(f"C-{n:04}"), home=HomeRef("H")) for n in range(1_100)]
    with database.writing() as writing:
        assert caseload.import_caseload(writing, NOTTINGHAM, many) == CaseloadImported(1_100, 0, 0, 0)
        caseload.import_caseload(writing, THERE, many[:3])
        assert caseload.import_caseload(writing, NOTTINGHAM, [FULL, *many[:1]]) == CaseloadImported(1, 0, 1, 0)
        moved = Placed(ChildRef("C-0000"), home=HomeRef("H2"))
        done = caseload.import_caseload(writing, NOTTINGHAM, [FULL, moved], replace=True)
        assert done == CaseloadImported(0, 1, 1, 1_099)
        assert [stored.version for stored in caseload.page(writing, NOTTINGHAM, "", None)] == [1, 2]
        assert len(caseload.everybody(writing, THERE)) == 3
