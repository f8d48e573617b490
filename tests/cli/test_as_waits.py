"""A list and a why-not at a terminal are for those for whom a home is looked for, as over HTTP, with the same notes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from app.cli import rematching
from app.matching.codes import KeepTogether
from app.matching.home import Home
from app.matching.placed import Placed
from app.matching.referral import ChildRef, HomeRef, PlacedSibling, ReferralRef
from app.settings import Settings
from app.store import caseload
from app.store.session import Database
from app.store.versions import Precondition
from tests.cli.conftest import DAY, Terminal
from tests.cli.printing import in_one_line
from tests.deciding.conftest import ONE_PLACE, REFERRAL
from tests.support.builders import a_child, a_referral
from tests.support.deciding import HERE, held, moved_in
from tests.support.nights import store

AS_OF = ("--as-of", DAY.isoformat())
WIDE = replace(ONE_PLACE, places=4)
AWAY = replace(WIDE, ref=HomeRef("H2"))
SISTER = a_child(ref=ChildRef("C9"))
BOTH = replace(REFERRAL, children=(*REFERRAL.children, SISTER))
FEARED = ChildRef("ZQ-FEARED")


@pytest.fixture
def database(terminal: Terminal) -> Iterator[Database]:
    """The database of the terminal, with two children of one referral and two homes for them."""
    opened = Database.open(Settings.read().database_url.get_secret_value())
    store(opened, [WIDE, AWAY], [BOTH])
    yield opened
    opened.close()


def _told(terminal: Terminal, *words: str, code: int = 0) -> str:
    result = terminal.run(*words, *AS_OF)
    assert result.exit_code == code, result.output
    assert FEARED not in result.output
    return in_one_line(result.output)


def _why_not(terminal: Terminal, home: Home, *words: str) -> str:
    return _told(terminal, "why-not", REFERRAL.ref, home.ref, *words)


def test_who_has_a_place_is_not_looked_for(terminal: Terminal, database: Database) -> None:
    """The list is for the other alone and says where the first has a place; so it is of one home."""
    assert "2 brothers and sisters" in _told(terminal, "match", REFERRAL.ref)
    store(database, [], [REFERRAL])
    placement = held(database, REFERRAL.ref, WIDE.ref)
    store(database, [], [BOTH])
    listed = _told(terminal, "match", REFERRAL.ref)
    for words in ("one child aged", "Brothers or sisters have a place in home H1", placement.id):
        assert words in listed
    assert "Brothers or sisters have a place in home H1" in _why_not(terminal, AWAY)


def test_who_lives_there_is_not_looked_for(terminal: Terminal, database: Database) -> None:
    """Nothing of this list can be held: it is said, as over HTTP."""
    moved_in(database, held(database, REFERRAL.ref, WIDE.ref))
    assert "nothing of this list can be held" in _told(terminal, "match", REFERRAL.ref)
    assert "nothing of this list can be held" in _why_not(terminal, AWAY)


def test_for_some_of_them(terminal: Terminal, database: Database) -> None:
    """Named by reference; that they are parted is said, and who is none of them is refused without a name."""
    listed = _told(terminal, "match", REFERRAL.ref, "--children", "C9")
    for words in ("one child aged", "parts brothers and sisters"):
        assert words in listed
    assert "parts brothers and sisters" in _why_not(terminal, AWAY, "--children", "C9")
    assert "parts" not in _why_not(terminal, AWAY, "--children", "C9, C1")
    refused = _told(terminal, "match", REFERRAL.ref, "--children", FEARED, code=1)
    assert "--children: These are not all children of this referral" in refused


def test_whom_they_must_live_apart_from(terminal: Terminal, database: Database) -> None:
    """Where the caseload alone says that they live, as over HTTP."""
    afraid = replace(BOTH, children=tuple(replace(one, live_apart_from=frozenset({FEARED})) for one in BOTH.children))
    store(database, [], [afraid])
    assert "out by 1 rule" not in _why_not(terminal, AWAY)
    with database.writing() as writing:
        caseload.save_placed(writing, HERE, Placed(FEARED, home=AWAY.ref), Precondition())
    assert "out by 1 rule" in _why_not(terminal, AWAY)


def test_a_sister_who_waits_herself(terminal: Terminal, database: Database) -> None:
    """That she is about to leave is said beside the list for her brother, and beside a home."""
    brother = replace(REFERRAL.children[0], placed_siblings=(PlacedSibling(SISTER.ref, AWAY.ref),))
    store(database, [], [replace(REFERRAL, children=(brother,))])
    assert "wait for another home themselves" not in _told(terminal, "match", REFERRAL.ref)
    store(database, [], [a_referral(SISTER, ref=ReferralRef("R9"))])
    assert "wait for another home themselves" in _told(terminal, "match", REFERRAL.ref)
    assert "wait for another home themselves" in _why_not(terminal, AWAY)


def test_a_night_says_who_would_move(terminal: Terminal, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """From which home, and by which placement they live there; of a first home nothing of the kind."""
    tomorrow = DAY + timedelta(days=1)
    monkeypatch.setattr(rematching, "today", lambda: tomorrow)
    assert "moves them" not in in_one_line(terminal.run("rematch", "--dry-run").output)
    placed = moved_in(database, held(database, REFERRAL.ref, WIDE.ref))
    another = replace(BOTH, waiting_since=tomorrow, needed_by=tomorrow)
    store(database, [replace(WIDE, places=2)], [another])
    told = in_one_line(terminal.run("rematch").output)
    for words in (f"R1 to {AWAY.ref}: Children for whom", f"live in home H1 (placement {placed.id})", "moves them"):
        assert words in told


def test_a_night_says_who_leaves(terminal: Terminal, database: Database) -> None:
    """Her brother is proposed for the home in which she lives, and another is looked for her."""
    brother = replace(REFERRAL.children[0], placed_siblings=(PlacedSibling(SISTER.ref, AWAY.ref),))
    store(database, [], [replace(REFERRAL, children=(brother,), keep_together=KeepTogether.REQUIRED)])
    leaves = f"R1 to {AWAY.ref}: Brothers or sisters who live in this home by the records wait for another"
    assert leaves not in _told(terminal, "rematch", "--dry-run")
    store(database, [], [a_referral(SISTER, ref=ReferralRef("R9"))])
    assert leaves in _told(terminal, "rematch", "--dry-run")
