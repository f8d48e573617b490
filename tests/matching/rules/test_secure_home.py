from datetime import date

import pytest

from app.matching.codes import Answer, HomeKind, PlaceCode, Remand
from app.matching.home import Home
from app.matching.rules.secure_home import SECURE_HOME
from tests.support.builders import a_child, a_home
from tests.support.judging import FAILS, NOT_KNOWN, PASSES, Answer2, after_remedies, case_of, judge_one

SECURE = a_home(kind=HomeKind.SECURE_HOME)
YOUNG_OFFENDERS = a_home(kind=HomeKind.SECURE_HOME, place_code=PlaceCode.R5)
OPEN = a_home(kind=HomeKind.CHILDRENS_HOME)
DETAINED = Remand.YOUTH_DETENTION


@pytest.mark.parametrize(
    ("order", "remand", "secure", "young_offenders", "other"),
    [
        (Answer.NO, Remand.NONE, FAILS, FAILS, PASSES),
        (Answer.YES, Remand.NONE, PASSES, FAILS, PASSES),
        (Answer.NOT_KNOWN, Remand.NONE, NOT_KNOWN, FAILS, PASSES),
        (Answer.NO, Remand.LOCAL_AUTHORITY, FAILS, FAILS, PASSES),
        (Answer.NO, DETAINED, PASSES, PASSES, FAILS),
        (Answer.YES, DETAINED, PASSES, PASSES, FAILS),
        (Answer.NOT_KNOWN, DETAINED, PASSES, PASSES, FAILS),
        (Answer.NO, Remand.NOT_KNOWN, NOT_KNOWN, NOT_KNOWN, NOT_KNOWN),
        (Answer.YES, Remand.NOT_KNOWN, PASSES, NOT_KNOWN, NOT_KNOWN),
    ],
)
def test_legal_basis(order: Answer, remand: Remand, secure: Answer2, young_offenders: Answer2, other: Answer2) -> None:
    """An order or a remand opens a secure home, only a remand an institution; a remand closes the rest."""
    child = a_child(secure_order=order, remand=remand)
    assert judge_one(SECURE_HOME, child, SECURE).answer == secure
    assert judge_one(SECURE_HOME, child, YOUNG_OFFENDERS).answer == young_offenders
    assert judge_one(SECURE_HOME, child, OPEN).answer == other


@pytest.mark.parametrize(
    ("born", "approval", "answer"),
    [
        (date(2013, 3, 2), Answer.NO, PASSES),  # 13 on the day
        (date(2013, 3, 3), Answer.NO, FAILS),  # 13 on the day after
        (date(2013, 3, 3), Answer.YES, PASSES),
        (date(2013, 3, 3), Answer.NOT_KNOWN, NOT_KNOWN),
        (None, Answer.NO, NOT_KNOWN),
        (None, Answer.NOT_KNOWN, NOT_KNOWN),
        (None, Answer.YES, PASSES),
    ],
)
def test_under_thirteen_needs_approval_as_well(born: date | None, approval: Answer, answer: Answer2) -> None:
    """The order alone is enough from the 13th birthday on."""
    child = a_child(date_of_birth=born, secure_order=Answer.YES, secure_under_13_approval=approval)
    assert judge_one(SECURE_HOME, child, SECURE).answer == answer
    on_remand = a_child(date_of_birth=born, remand=DETAINED, secure_under_13_approval=approval)
    assert judge_one(SECURE_HOME, on_remand, SECURE).answer == answer


def test_no_basis_fails_whatever_else_is_not_known() -> None:
    """What is missing cannot mend what is certain: no order and no remand."""
    child = a_child(date_of_birth=None, secure_under_13_approval=Answer.NOT_KNOWN)
    assert judge_one(SECURE_HOME, child, SECURE).answer == FAILS


@pytest.mark.parametrize("home", [SECURE, OPEN])
def test_the_law_is_no_remedy(home: Home) -> None:
    """Nobody is told to get an order or to lift a remand."""
    assert after_remedies(SECURE_HOME, case_of(a_child(remand=Remand.NOT_KNOWN), home)) is None
