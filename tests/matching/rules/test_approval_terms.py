import pytest

from app.matching.codes import Answer, HomeKind
from app.matching.home import Home
from app.matching.living_apart import with_known
from app.matching.referral import Child, PlacedSibling
from app.matching.rules.approval_terms import APPROVAL_TERMS
from tests.support.builders import a_child, a_home, a_referral, a_resident, some_terms
from tests.support.judging import FAILS, NOT_KNOWN, PASSES, Answer2, after_remedies, case_of, judge_one

ADA, BEN, CAT = a_child(), a_child(), a_child()


def naming(*children: Child, kind: HomeKind = HomeKind.CONNECTED_PERSON) -> Home:
    """A home approved for these children."""
    return a_home(kind=kind, terms=some_terms(named_children=frozenset(child.ref for child in children)))


@pytest.mark.parametrize(
    ("party", "home", "answer"),
    [
        ((ADA,), naming(ADA), PASSES),
        ((ADA,), naming(ADA, BEN), PASSES),
        ((ADA, BEN), naming(ADA, BEN), PASSES),
        ((ADA, BEN), naming(ADA), FAILS),
        ((ADA,), naming(BEN), FAILS),
        ((ADA,), naming(BEN, kind=HomeKind.FOSTER), FAILS),
        ((ADA,), naming(kind=HomeKind.FOSTER), PASSES),
        ((ADA,), naming(), NOT_KNOWN),
    ],
)
def test_all_children_must_be_named_where_any_are(party: tuple[Child, ...], home: Home, answer: Answer2) -> None:
    """Naming one sibling is no approval for the other; a connected person's approval must name somebody."""
    assert judge_one(APPROVAL_TERMS, party, home).answer == answer


@pytest.mark.parametrize(
    ("siblings_only", "alone", "two"),
    [(Answer.YES, FAILS, PASSES), (Answer.NO, PASSES, PASSES), (Answer.NOT_KNOWN, NOT_KNOWN, PASSES)],
)
def test_a_home_for_siblings_needs_two(siblings_only: Answer, alone: Answer2, two: Answer2) -> None:
    """One child alone is not a sibling group; whether the terms ask for one must be known."""
    home = a_home(terms=some_terms(siblings_only=siblings_only))
    assert judge_one(APPROVAL_TERMS, ADA, home).answer == alone
    assert judge_one(APPROVAL_TERMS, (ADA, BEN), home).answer == two
    assert judge_one(APPROVAL_TERMS, (ADA, BEN), home, members=(0,)).answer == alone


def test_a_brother_or_sister_living_there_makes_two() -> None:
    """One child may join a sibling in a home for siblings, but not a stranger."""
    brother = a_resident()
    home = a_home(terms=some_terms(siblings_only=Answer.YES), residents=(brother,))
    sister = a_child(placed_siblings=(PlacedSibling(brother.ref),))
    assert judge_one(APPROVAL_TERMS, sister, home).answer == PASSES
    assert judge_one(APPROVAL_TERMS, ADA, home).answer == FAILS


def test_a_sister_who_moved_on_makes_no_two_where_she_is_still_listed() -> None:
    """Alone in a home for siblings the approval would not cover the child: it goes by where she lives now."""
    sister = a_resident()
    left, lives = (a_home(terms=some_terms(siblings_only=Answer.YES), residents=some) for some in ((sister,), ()))
    child = a_child(placed_siblings=(PlacedSibling(sister.ref),))
    (asked,) = with_known([a_referral(child)], {}, {child.ref: {sister.ref: [lives.ref]}})
    assert judge_one(APPROVAL_TERMS, asked, left, others=(lives,)).answer == FAILS
    assert judge_one(APPROVAL_TERMS, asked, lives, others=(left,)).answer == PASSES


@pytest.mark.parametrize("home", [naming(CAT), naming(), a_home(terms=some_terms(siblings_only=Answer.YES))])
def test_varying_the_approval_helps(home: Home) -> None:
    """The remedy is a wider approval, and it is enough."""
    assert after_remedies(APPROVAL_TERMS, case_of(ADA, home)).answer == PASSES


def test_only_what_is_in_the_way_is_varied() -> None:
    """No name is added twice, and terms for siblings stay for siblings."""
    siblings = some_terms(siblings_only=Answer.YES)
    named = some_terms(named_children=frozenset({BEN.ref}))
    for party, home, fields in (
        ((ADA, BEN), a_home(terms=siblings), []),
        ((ADA,), a_home(terms=siblings), ["terms.siblings_only"]),
        ((ADA,), a_home(terms=named), ["terms.named_children"]),
        ((BEN,), a_home(terms=named), []),
        ((ADA,), a_home(), []),
    ):
        assert [change.field for change in APPROVAL_TERMS.remedies(case_of(party, home), None)] == fields
    change = APPROVAL_TERMS.remedies(case_of(ADA, a_home(terms=named)), None)[0]
    assert change.value == {ADA.ref, BEN.ref}
