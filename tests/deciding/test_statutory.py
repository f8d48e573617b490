"""The law is not overridden, neither by whom nor by what way it was seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from app.deciding import refusing
from app.deciding.answering import withdraw
from app.deciding.desk import Choice, Why
from app.deciding.holding import accept_at_once, hold
from app.errors import Invalid, RulesNotMet
from app.matching.codes import Registration
from app.matching.home import Home
from app.store import seen
from app.store.session import Database
from tests.deciding.conftest import ONE_PLACE
from tests.support.builders import some_terms
from tests.support.deciding import BECAUSE, HERE, OFFICER, a_choice, a_desk, do, held, live_claims, look_at
from tests.support.nights import store

AGAINST_THE_LAW: dict[str, Callable[[Home], Home]] = {
    "registered": lambda home: replace(home, registration=Registration.SUSPENDED, registered_from=None),
    "age_range": lambda home: replace(home, terms=some_terms(age_max=5)),
}
"""What makes a home one that the law does not allow for the child."""


@pytest.mark.parametrize("step", [hold, accept_at_once])
@pytest.mark.parametrize("law", AGAINST_THE_LAW)
def test_law_that_was_seen_is_still_law(
    database: Database, law: str, step: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A placement is looked at after its home fell foul of the law, and given back: that look overrides nothing.

    A shortlist never names such a home. A look at a placement does, with the rule that is in the way. Whoever names it
    under `override` is told at once that it is law; where that were forgotten, it is refused where rules are judged.
    """
    placement = held(database, "R1", ONE_PLACE.ref)
    store(database, [AGAINST_THE_LAW[law](ONE_PLACE)])
    looked = look_at(database, placement)
    with database.reading() as reading:
        shown = seen.get(reading, HERE, looked)
    assert shown is not None
    assert law in shown.options[0].rules
    do(database, withdraw, OFFICER, placement, Why("PLANS"))
    choice: Choice = a_choice(looked, "R1", ONE_PLACE.ref, why=BECAUSE, override=tuple(shown.options[0].rules))
    with pytest.raises(Invalid) as at_once:
        database.transact(lambda writing: step(writing, a_desk(), OFFICER, choice))
    assert any(f"{law} is law" in problem.problem for problem in at_once.value.problems)
    monkeypatch.setattr(refusing, "require_overridable", lambda _codes: None)
    with pytest.raises(RulesNotMet) as told:
        database.transact(lambda writing: step(writing, a_desk(), OFFICER, choice))
    assert f"rules.{law}" in [problem.field for problem in told.value.problems]
    assert live_claims(database) == 0
