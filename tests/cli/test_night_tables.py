"""A night in the terminal: it fits, and every reason, price and status has its words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import product

import pytest

from app.cli import night_tables
from app.cli.price_tables import price_line
from app.matching.batch import Night, Proposed
from app.matching.codes import HomeKind
from app.matching.night_report import ScarceKind, Unplaced, WhyHere, WhyNone
from app.matching.recheck import Fallen, Verdict
from app.matching.referral import ChildRef, HomeRef, ReferralRef
from app.matching.splits import Split, SplitPart
from app.night_wording import LIMIT, LIMIT_OF_EXCHANGE, WHY, Chosen, label, why_here
from app.rematch.faults import SolverHung
from app.rematch.process import SolverProcess
from app.rematch.run import Outcome, RunStatus, rematch
from app.rematch.target import FrontierPoint, TargetPrice
from app.unplaced_wording import WHY_NONE, Waiting, why_none
from tests.cli.printing import in_one_line, printed
from tests.rematch.conftest import solver
from tests.rematch.nights import a_night

__all__ = ["solver"]

NEAR_BY = HomeRef("H-near-1")

PARTED = Split(
    (SplitPart((ChildRef("C-1"),), NEAR_BY, 5), SplitPart((ChildRef("C-2"), ChildRef("C-3")), HomeRef("H-far-1"), 4)),
    9,
    2,
    1,
    (),
)


@pytest.fixture
def outcome(solver: SolverProcess) -> Outcome:
    """A small night with its frontier."""
    return rematch(a_night(), with_frontier=True, solver=solver)


@pytest.mark.parametrize("width", [44, 60, 69, 70, 80, 120])
def test_everything_fits(outcome: Outcome, width: int) -> None:
    """No line is longer than the terminal is wide, and nothing is cut off, however narrow."""
    text = printed(outcome, width)
    assert max(map(len, text.splitlines())) <= width
    assert "…" not in text
    assert "Proven: nothing better exists" in in_one_line(text)


def test_what_is_scarce_is_explained(outcome: Outcome) -> None:
    """The price alone would say nothing to an officer: whose first choice a home is, and that it is no forecast."""
    report = outcome.report
    assert report is not None
    home = report.scarce[0].home
    first = {one.referral for one in report.proposals if one.first_home == home != one.home}
    first |= {one.referral for one in report.unplaced if one.best_home == home}
    [row] = [line for line in printed(outcome, 120).partition("Scarce")[2].splitlines() if home in line]
    assert int(row.split("│")[3]) == report.scarce[0].wanted_by >= len(first) > 0
    text = in_one_line(printed(outcome))
    assert "It is no forecast" in text
    assert "compare them within this night, not with another" in text


def test_kinds_of_home_are_shown_with_their_prices(outcome: Outcome) -> None:
    """The row of a kind holds how many homes are contested, the dearest place and the mean, and says what they are."""
    assert outcome.report is not None
    told = replace(outcome.report, scarce_kinds=(ScarceKind(HomeKind.FOSTER, 3, 1_900, 650),))
    text = printed(replace(outcome, report=told), 120).partition("Scarce tonight by kind")[2]
    [row] = [line for line in text.splitlines() if "1,900" in line]
    assert [cell.strip() for cell in row.split("│")[1:-1]] == ["foster home", "3", "1,900", "650"]
    assert "Mean: of the prices of a place in all scarce homes of the kind" in in_one_line(text)


def test_a_share_out_of_reach_is_said_to_be(outcome: Outcome) -> None:
    """In words, with whether that is certain; nothing of the kind beside a share that is reached."""
    point = FrontierPoint(
        900, reached=False, local=8, total=10, points=5, weekly_cost_pence=1, children_placed=3, gap=0
    )
    for one, words in (
        (replace(point, most_proven=True), "out of reach: proven, nothing comes nearer"),
        (point, "out of reach: not proven, nothing nearer was found"),
        (replace(point, reached=True), None),
    ):
        text = in_one_line(printed(replace(outcome, frontier=(one,)), 160))
        assert words in text if words else "out of reach" not in text.partition("What other shares")[2]


def test_brothers_and_sisters_who_are_parted_are_told_apart(outcome: Outcome) -> None:
    """Two rows of one referral say which child is which; a group that stays together is counted."""
    assert outcome.report is not None
    first = outcome.report.proposals[-1]
    assert first.referral == "R-4"
    for party, said in (((ChildRef("C-4"),), "R-4 C-4"), ((ChildRef("C-4"), ChildRef("C-5")), "R-4 2 children")):
        told = replace(outcome.report, proposals=(replace(first, children=party),))
        table = printed(replace(outcome, report=told), 120).partition("Proposals")[2].partition("└")[0]
        first_column = " ".join(line.split("│")[1].strip() for line in table.splitlines() if line.startswith("│"))
        assert said in " ".join(first_column.split())


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda _: {"status": RunStatus.FALLBACK, "faults": (SolverHung().as_fault(),)}, "time was up"),
        (lambda o: {"report": replace(o.report, bound=o.report.bound + 5)}, "5 points (0.00"),
        (lambda _: {"most_local_proven": True}, "No choice comes nearer"),
        (lambda _: {"most_local_proven": False}, "No nearer choice was found"),
        (lambda _: {"frontier": (FrontierPoint(700, fault="solver_hung"),)}, "solver hung"),
    ],
)
def test_what_went_less_well_is_said(
    outcome: Outcome, change: Callable[[Outcome], dict[str, object]], words: str
) -> None:
    """A fallback, a gap, a target out of reach, a point that was not solved."""
    assert words in in_one_line(printed(replace(outcome, **change(outcome))))  # type: ignore[arg-type]


def test_no_proposals(outcome: Outcome) -> None:
    """Why there are none, and what of the last ones still stands."""
    one = Proposed(frozenset({ChildRef("C-1")}), HomeRef("H-gone"))
    none = Outcome(
        outcome.night,
        RunStatus.INFEASIBLE,
        contradictions=("home H-1 has more children than places",),
        fallen=(Verdict(one, Fallen.HOME_GONE),),
    )
    text = in_one_line(printed(none))
    assert "It cannot be: home H-1 has more children than places." in text
    assert "Of the last proposals 0 still keep every rule." in text
    assert "C-1 to H-gone: home gone." in text


def test_the_unplaced_are_explained(solver: SolverProcess) -> None:
    """Whom a home went to, or which rules are in the way and what would help."""
    night: Night = a_night()
    far = [home for home in night.pool.records if "near" not in home.ref]
    crowded = rematch(replace(night, pool=night.pool.changed((), [home.ref for home in far])), solver=solver)
    assert " to R-" in in_one_line(printed(crowded)).partition("Without a proposal")[2]
    closed = [replace(home, terms=replace(home.terms, age_max=3)) for home in night.pool.records]
    alone = in_one_line(printed(rematch(replace(night, pool=night.pool.changed(closed)), solver=solver)))
    assert "No home meets every rule." in alone
    assert "If only" in alone


def test_every_reason_has_a_sentence(outcome: Outcome) -> None:
    """None is forgotten, and each can be filled in."""
    assert outcome.report is not None
    assert set(WHY) | set(LIMIT) | {WhyHere.OPEN} == set(WhyHere)
    assert set(LIMIT) == set(LIMIT_OF_EXCHANGE)
    assert set(WHY_NONE) | {WhyNone.NO_HOME, WhyNone.PLACES, WhyNone.ARRIVALS, WhyNone.MAY_NOT_SHARE} == set(WhyNone)
    for why in WhyHere:
        for loss in (None, 0, 700):
            for others, leaving in product(range(4), range(4)):
                one = replace(
                    outcome.report.proposals[0],
                    why=why,
                    others_would_lose=loss,
                    because_of=tuple(ReferralRef(f"R-{n}") for n in range(others)),
                    must_leave=leaving,
                    unchanged=True,
                    behind_first=900,
                )
                assert "{" not in why_here(Chosen.of(one))


def test_why_nobody_could_be_proposed_is_said_in_words(outcome: Outcome) -> None:
    """Each reason as it is; only what is true of it: who got a home, what speaks against one that is free."""
    pool, near = outcome.night.pool, HomeRef("H-near-1")
    base = Unplaced(ReferralRef("R-9"), (), WhyNone.PLACES, 2, 0, near, None, (ReferralRef("R-1"),), {}, {}, (), ())
    free = replace(base, lost_to=(), free_home=near)
    for one, text in (
        (base, "The best of them go to R-1."),
        (replace(base, homes_allowed=1), "It goes to R-1."),
        (
            replace(base, why=WhyNone.ARRIVALS),
            "can welcome nobody more tonight. In the way there and at the next best: R-1.",
        ),
        (replace(base, why=WhyNone.MAY_NOT_SHARE), "not beside those who go there: they may not share it."),
        (replace(base, homes_allowed=1, why=WhyNone.ARRIVALS), "can welcome nobody more tonight: R-1 goes there."),
        (
            replace(base, homes_allowed=1, why=WhyNone.MAY_NOT_SHARE),
            "not together with R-1: they may not share a home.",
        ),
        (replace(base, why=WhyNone.SIBLINGS, lost_to=()), "the group cannot be made larger there."),
        (replace(free, why=WhyNone.BUDGET), "would overrun the weekly budget."),
        (replace(free, why=WhyNone.LOCAL_TARGET), "further from its local target."),
        (replace(free, why=WhyNone.RESERVED), "(reserve price)."),
        (replace(free, why=WhyNone.TRADE_OFF), "all children together would be no better off"),
        (replace(free, why=WhyNone.OPEN), "nothing speaks against it: please look at it by hand."),
        (replace(free, why=WhyNone.BUDGET, homes_excluded=1), "A person excluded 1 further home."),
        (replace(base, why=WhyNone.EXCLUDED, homes_allowed=0, homes_excluded=1), "but a person excluded it."),
        (replace(base, why=WhyNone.NO_HOME, homes_allowed=0), "There is no home on the list."),
        (replace(base, why=WhyNone.NO_HOME, homes_allowed=0, out_by_rule={"sex": 1}), "No home meets every rule."),
        (
            replace(base, why=WhyNone.NO_HOME, homes_allowed=0, out_by_rule={"places": 1, "live_apart": 6}),
            "Kept out by live apart (6 homes) and places (1 home).",
        ),
        (
            replace(base, why=WhyNone.NO_HOME, homes_allowed=0, out_by_rule={"sex": 1}, splits_if_parted=(PARTED,)),
            "may be parted, they could live by the rules: C-1 in H-near-1 and C-2 and C-3 in H-far-1.",
        ),
    ):
        said = " ".join(why_none(Waiting.of(one), partial(label, pool)))
        assert text in said, one.why
        assert ("R-1" in said) == bool(one.lost_to and one.homes_allowed), one.why
        assert ("worse off" in said, "{" in said) == (False, False)


@pytest.mark.parametrize(
    ("price", "words"),
    [
        (TargetPrice(8, 10, most_proven=True), "no choice with more than 8 local children exists"),
        (TargetPrice(8, 10), "no choice with more than 8 local children was found"),
        (TargetPrice(8, 10, fault="solver_hung"), "not worked out (solver hung)"),
        (TargetPrice(8, 10, 9, 10, 700, 5_000, 0, 0), "would cost 700 points and £50 more a week, with as many"),
        (TargetPrice(8, 10, 9, 11, -700, -5_000, 1, 0), "minus 700 points and £50 less a week, with 1 child more"),
        (TargetPrice(8, 10, 9, 8, 700, 0, -2, 50), "(perhaps up to 50 fewer)"),
    ],
)
def test_the_price_of_one_more(price: TargetPrice, words: str) -> None:
    """Its sentence in every case."""
    assert words in price_line(price).plain


def test_all_statuses_have_words() -> None:
    """None is forgotten."""
    assert set(night_tables.STATUS_WORDS) == set(RunStatus)
