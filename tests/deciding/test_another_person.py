"""Another person is one whose subject is another, however it is written."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.access.principal import Kind, Principal, Role, same_person
from app.deciding.life import is_another
from app.store.placement_records import Step
from app.store.session import Database
from tests.support.deciding import HERE, OFFICER, held


@pytest.mark.parametrize("step", [Step.SECOND, Step.APPROVE])
def test_capital_letters_make_nobody_another_person(lite: Database, step: Step) -> None:
    """Who proposed it does not agree to it, nor does who seconded it accept it."""
    placement = held(lite, "R1", "H1")
    shouting = Principal(OFFICER.subject.upper(), Kind.PERSON, HERE, frozenset(Role))
    other = replace(shouting, subject="officer-2")
    assert not is_another(step, shouting, placement)
    assert is_another(step, other, placement)
    seconded = replace(placement, second_by="Second-1")
    assert not is_another(Step.ACCEPT, replace(other, subject="second-1"), seconded)
    assert not is_another(Step.ACCEPT, replace(other, subject="EARLIER"), seconded, {"earlier"})
    assert is_another(Step.ACCEPT, other, seconded)
    assert not same_person("a", None)
