"""A database from before begins new records above every version that somebody may still hold something against."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import insert, update

from app.matching.placed import Placed
from app.matching.referral import ChildRef, ReferralRef
from app.store import caseload, migrate, removed, save
from app.store.placement_tables import decisions, placements, seen
from app.store.removed import Removed
from app.store.run_tables import placed_children
from app.store.session import Database, Writing
from app.store.tables import referrals
from app.store.versions import Precondition
from tests.store.test_placement_guards import DECISION, OVER, PLACEMENT, SEEN
from tests.support.builders import NOTTINGHAM, a_child, a_referral

REFERRAL = a_referral(a_child(ref=ChildRef("C1")), ref=ReferralRef("R1"))


@pytest.mark.parametrize("kind", Removed)
def test_what_is_known_at_the_migration_counts(database: Database, kind: Removed) -> None:
    """The highest version of each kind, of each authority for itself; nothing where nothing was stored."""

    def fill(writing: Writing) -> None:
        save.save_referral(writing, NOTTINGHAM, REFERRAL, Precondition())
        caseload.save_placed(writing, NOTTINGHAM, Placed(ChildRef("C2")), Precondition())

    database.transact(fill)
    with database.writing() as writing:
        writing.execute(update(referrals).values(version=5))
        writing.execute(update(placed_children).values(version=7))
    migrate.downgrade(database, "0009")
    migrate.upgrade(database)
    with database.writing() as writing:
        first = {Removed.REFERRAL: 6, Removed.PLACED: 8}[kind]
        assert removed.first_version(writing, NOTTINGHAM, kind) == first
        assert removed.first_version(writing, "E10000024", kind) == 1


@pytest.mark.parametrize("table", ["seen", "placements"])
def test_what_was_seen_or_decided_of_a_removed_referral_counts(database: Database, table: str) -> None:
    """The referral itself is gone; what somebody holds of it is not."""
    with database.writing() as writing:
        writing.execute(insert(seen), SEEN | ({"referral_version": 9} if table == "seen" else {}))
        if table == "placements":
            writing.execute(insert(decisions), DECISION | OVER)
            writing.execute(insert(placements), PLACEMENT | {"state": "declined", "referral_version": 9})
    migrate.downgrade(database, "0009")
    migrate.upgrade(database)
    with database.writing() as writing:
        assert removed.first_version(writing, NOTTINGHAM, Removed.REFERRAL) == 10


def test_whoever_removes_waits_for_whoever_begins(postgres_url: str) -> None:
    """A record that begins above all that were removed is not overtaken by one that is removed meanwhile."""
    database = Database.open(postgres_url)
    migrate.upgrade(database)
    removing = threading.Thread(
        target=lambda: database.transact(lambda w: removed.remember(w, NOTTINGHAM, Removed.REFERRAL, 7))
    )
    with database.writing() as writing:
        removed.remember(writing, NOTTINGHAM, Removed.REFERRAL, 3)
    with database.writing() as writing:
        assert removed.first_version(writing, NOTTINGHAM, Removed.REFERRAL) == 4
        removing.start()
        removing.join(0.3)
        assert removing.is_alive(), "it waits"
    removing.join()
    with database.writing() as writing:
        assert removed.first_version(writing, NOTTINGHAM, Removed.REFERRAL) == 8
    database.close()
