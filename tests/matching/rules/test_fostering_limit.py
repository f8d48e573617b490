from dataclasses import replace

import pytest

from app.matching.codes import FOSTERING_KINDS, HomeKind, PlaceCode
from app.matching.home import Home
from app.matching.living_apart import with_known
from app.matching.referral import Child, PlacedSibling
from app.matching.rules.fostering_limit import FOSTERING_LIMIT
from tests.support.builders import a_child, a_home, a_referral, a_resident, some_terms
from tests.support.judging import FAILS, PASSES, Answer2, after_remedies, case_of, judge_one


def children(count: int) -> tuple[Child, ...]:
    """So many children of one referral."""
    return tuple(a_child() for _ in range(count))


def fostering(fostered: int, own: int = 0, kind: HomeKind = HomeKind.FOSTER) -> Home:
    """A foster home with so many foster children and children of the carer's own."""
    residents = [a_resident() for _ in range(fostered)] + [a_resident(fostered=False) for _ in range(own)]
    return a_home(kind=kind, places=9, residents=tuple(residents))


@pytest.mark.parametrize("kind", sorted(FOSTERING_KINDS))
@pytest.mark.parametrize(
    ("fostered", "party", "answer"),
    [
        (0, 3, PASSES),
        (0, 4, PASSES),  # one sibling group and nobody else
        (1, 2, PASSES),
        (1, 3, FAILS),
        (2, 1, PASSES),
        (2, 2, FAILS),
        (3, 1, FAILS),
        (4, 1, FAILS),
    ],
)
def test_three_unless_all_are_siblings(kind: HomeKind, fostered: int, party: int, answer: Answer2) -> None:
    """Exactly three is within the limit, four is not; an exemption opens it."""
    home = fostering(fostered, kind=kind)
    assert judge_one(FOSTERING_LIMIT, children(party), home).answer == answer
    assert after_remedies(FOSTERING_LIMIT, case_of(children(party), home)).answer == PASSES


@pytest.mark.parametrize(("fostered", "party", "answer"), [(0, 4, PASSES), (2, 1, PASSES), (2, 2, FAILS)])
def test_the_carers_own_children_do_not_count(fostered: int, party: int, answer: Answer2) -> None:
    """Neither towards the three, nor as strangers to a sibling group."""
    assert judge_one(FOSTERING_LIMIT, children(party), fostering(fostered, own=2)).answer == answer


def test_joining_siblings_is_allowed_when_nobody_else_is_fostered() -> None:
    """Two join their two brothers and sisters; with one stranger there, or one child who is none, not."""
    home = fostering(2, own=1)
    known = tuple(PlacedSibling(resident.ref) for resident in home.residents if resident.fostered)
    joining = tuple(a_child(placed_siblings=known) for _ in range(2))
    assert judge_one(FOSTERING_LIMIT, joining, home).answer == PASSES
    assert judge_one(FOSTERING_LIMIT, (joining[0], a_child()), home).answer == FAILS
    crowded = a_home(places=9, residents=(*home.residents, a_resident()))
    assert judge_one(FOSTERING_LIMIT, joining, crowded).answer == FAILS
    held = a_home(places=9, places_held=1, residents=home.residents)
    assert judge_one(FOSTERING_LIMIT, joining, held).answer == FAILS


def test_brothers_and_sisters_of_the_same_referral_are_no_strangers() -> None:
    """A third is sent after the other two: they live there, and stand in the referral with it."""
    settled = (a_child(), a_child(), a_child())
    late = a_child()
    home = a_home(places=9, residents=tuple(a_resident(ref=child.ref) for child in settled))
    assert judge_one(FOSTERING_LIMIT, (*settled, late), home, members=(3,)).answer == PASSES
    assert judge_one(FOSTERING_LIMIT, late, home).answer == FAILS
    with_a_stranger = replace(home, residents=(*home.residents, a_resident()))
    assert judge_one(FOSTERING_LIMIT, (*settled, late), with_a_stranger, members=(3,)).answer == FAILS


def test_a_sister_who_moved_on_is_no_stranger_where_she_is_still_listed() -> None:
    """Whether she has left or not: nobody but brothers and sisters is fostered there. Of a stranger it says nothing."""
    sister, gone_to = a_resident(), a_home()
    home = a_home(places=9, residents=(sister,))
    joining = tuple(a_child(placed_siblings=(PlacedSibling(sister.ref),)) for _ in range(3))
    moved = {child.ref: {sister.ref: [gone_to.ref]} for child in joining}
    (asked,) = with_known([a_referral(*joining)], {}, moved)
    assert judge_one(FOSTERING_LIMIT, asked, home, others=(gone_to,)).answer == PASSES
    crowded = replace(home, residents=(sister, a_resident()))
    assert judge_one(FOSTERING_LIMIT, asked, crowded, others=(gone_to,)).answer == FAILS


def test_an_exemption_names_every_child() -> None:
    """An exemption for one of two is none for both."""
    party = children(2)
    one, both = frozenset({party[0].ref}), frozenset(child.ref for child in party)
    residents = fostering(3).residents
    for names, answer in ((one, FAILS), (both, PASSES), (frozenset(), FAILS)):
        home = a_home(residents=residents, terms=some_terms(exempt_children=names))
        assert judge_one(FOSTERING_LIMIT, party, home).answer == answer


def test_only_fostering_is_limited() -> None:
    """A children's home may have six; a parent-and-child place under a foster code is fostering."""
    residents = fostering(4).residents
    for kind in HomeKind:
        limited = kind in FOSTERING_KINDS
        home = a_home(kind=kind, residents=residents)
        assert judge_one(FOSTERING_LIMIT, children(1), home).fails is limited
    fostered = a_home(kind=HomeKind.PARENT_AND_CHILD, place_code=PlaceCode.U6, residents=residents)
    assert judge_one(FOSTERING_LIMIT, children(1), fostered).answer == FAILS


def test_the_facts_say_what_was_counted() -> None:
    """Foster children there, children of the party, and whether an exception holds."""
    party = children(2)
    assert judge_one(FOSTERING_LIMIT, party, fostering(2, own=1)).facts == {
        "children": 2,
        "fostered": 2,
        "held": 0,
        "all_siblings": False,
        "exempt": False,
    }
    assert judge_one(FOSTERING_LIMIT, party, fostering(0, own=1)).facts["all_siblings"] is True


def test_who_lives_there_already_is_counted_once() -> None:
    """And is no stranger to brothers and sisters; beside a stranger they are as many as they are."""
    one, two, three = (a_child() for _ in range(3))
    own = tuple(a_resident(ref=child.ref) for child in (one, two))
    together = a_home(kind=HomeKind.FOSTER, places=9, residents=own)
    assert judge_one(FOSTERING_LIMIT, (one, two, three), together).answer == PASSES
    assert judge_one(FOSTERING_LIMIT, (one, two, three, a_child()), together).answer == PASSES
    assert judge_one(FOSTERING_LIMIT, (one, two, three, a_child()), together, members=(0, 2, 3)).answer == PASSES
    stranger = replace(together, residents=(*own, a_resident()))
    assert judge_one(FOSTERING_LIMIT, (one, two), stranger).answer == PASSES
    assert judge_one(FOSTERING_LIMIT, (one, two, three), stranger).answer == FAILS
    assert judge_one(FOSTERING_LIMIT, (one, two, three), stranger).facts["fostered"] == 1
    listed = a_resident(ref=one.ref, fostered=False)  # not among those who are counted, so not taken off them either
    assert (
        judge_one(FOSTERING_LIMIT, one, replace(together, residents=(*fostering(3).residents, listed))).answer == FAILS
    )
