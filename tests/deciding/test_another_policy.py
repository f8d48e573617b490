"""A policy document that was changed under its version: what was held by the old text can only be held anew."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.deciding import cures, facts, seeing
from app.deciding.accepting import accept
from app.deciding.desk import Desk
from app.errors import FactsChanged
from app.store.policies import PolicyBook
from app.store.session import Database
from app.store.versions import Precondition
from tests.support.deciding import HERE, OFFICER, a_desk, held, policies


def _edited() -> Desk:
    book = policies()
    return Desk(
        HERE,
        PolicyBook({version: replace(policy, sha256="0" * 64) for version, policy in book.policies.items()}),
        a_desk().today,
    )


def test_the_cure_is_to_withdraw_and_hold_anew(database: Database) -> None:
    """At a look and at the acceptance, by name: looking once more would give nothing to decide with."""
    placement = held(database, "R1", "H1")
    with database.reading() as reading:
        looked = facts.look(reading, a_desk(), placement)
        after = facts.look(reading, _edited(), placement)
    assert looked.facts is not None
    assert after.facts is None
    assert [(problem.field, problem.cure) for problem in after.changed] == [("policy", cures.HOLD_ANEW)]
    found = looked.facts
    shown = database.transact(lambda w: seeing.show_placement(w, a_desk(), OFFICER, placement, found))
    assert shown is not None
    wanted = Precondition(versions=frozenset({placement.version}))
    with pytest.raises(FactsChanged) as caught, database.writing() as writing:
        accept(writing, _edited(), OFFICER, placement.id, wanted, shown)
    assert [problem.cure for problem in caught.value.problems] == [cures.HOLD_ANEW]
