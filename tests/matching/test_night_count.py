"""What a run tells is counted again off the records: the two agree, and whatever is told wrongly is a fault."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

import numpy as np
import pytest

from app.geo.grid import Location
from app.matching.batch import Night, batch
from app.matching.local import LocalMeasure
from app.matching.night_check import check_fees
from app.matching.night_count import is_local, listed_fee
from app.matching.night_explained import proposed, report
from app.matching.night_report import NightReport, Proposal
from app.matching.pool import Pool
from app.matching.report_check import check_report
from app.matching.solve import solve
from app.matching.where import counts_as_local
from tests.matching.test_night import night_of
from tests.reference.provision import package_of, weekly_fee
from tests.rematch.nights import default_policy
from tests.support.builders import AS_OF, a_home, a_local
from tests.support.chance import CENTRE, polygon_places, polygons
from tests.support.worlds import open_world

MILE = 1609.344


def _points(rng: Random) -> list[Location]:
    """Places round the city, many of them on the very edge of 20 miles or of an area."""
    x, y = CENTRE
    around = [Location(x + rng.randint(-45_000, 45_000), y + rng.randint(-45_000, 45_000)) for _ in range(150)]
    edge = [Location(x + sign * metres, y) for metres in (32_185, 32_186, 32_187, 32_188) for sign in (-1, 1)]
    places = [*around, *edge, *polygon_places()]
    return [replace(place, authority=rng.choice([None, "E06000018", "E10000024"])) for place in places]


@pytest.mark.parametrize("outline", [None, *polygons()])
@pytest.mark.parametrize("measure", LocalMeasure)
def test_local_by_each_definition(measure: LocalMeasure, outline: Any) -> None:
    """Read by itself, each of the three definitions says the same of every place, edges and corners included."""
    rng = Random(7)
    places = [None, *_points(rng)]
    homes = [a_home(location=place) for place in places]
    policy = replace(default_policy(), local=a_local(measure=measure, centre=CENTRE, outline=outline))
    night = Night((), Pool.build(homes), policy, AS_OF)
    answers = set()
    for family in (None, Location(*CENTRE), rng.choice(_points(rng))):
        told = counts_as_local(family, night.pool, policy, np.arange(len(homes)))
        found = [is_local(night, family, home) for home in night.pool.records]
        assert found == told.tolist()
        answers.update(found)
    assert answers == {False, True}


@pytest.mark.parametrize("seed", range(20))
def test_a_listed_fee(seed: int) -> None:
    """The package that is needed or the next higher; not known where the package is not, or has no price."""
    world = open_world(Random(seed), referrals=6, homes=8)
    for child in (child for referral in world.referrals for child in referral.children):
        for home in world.homes:
            package = package_of(child)
            void = listed_fee(replace(child, package=None, needs={}), home)
            assert listed_fee(child, home) == (void if package is None else weekly_fee(home, package))


def _busy(budget: int | None = None, **target: Any) -> tuple[Night, NightReport, int | None]:
    """A night with some proposals, one of them with a fee that is not known."""
    for seed in range(400):
        night = night_of(Random(seed))
        policy = replace(night.policy, target=replace(night.policy.target, **target))
        night = replace(night, policy=policy, weekly_budget_pence=budget)
        posed = batch(night)
        found = solve(posed.problem)
        told = report(posed, found)
        mixed = {None} < {one.weekly_fee_pence for one in told.proposals} and {one.local for one in told.proposals}
        if len(told.proposals) >= 3 and mixed == {False, True}:
            return night, told, found.most_local_balance
    raise AssertionError("no busy night among the first 400")


def _with(told: NightReport, **changes: Any) -> NightReport:
    """The first proposal told otherwise."""
    return replace(told, proposals=(replace(told.proposals[0], **changes), *told.proposals[1:]))


def _wrong(one: Proposal) -> list[dict[str, Any]]:
    """One proposal told wrongly in each of its figures."""
    fee, assumed = one.weekly_fee_pence, one.assumed_weekly_fee_pence
    return [
        {"points": one.points + 1},
        {"local": not one.local},
        {"weekly_fee_pence": assumed, "assumed_weekly_fee_pence": fee},
        {"weekly_fee_pence": fee and fee + 1, "assumed_weekly_fee_pence": assumed and assumed + 1},
    ]


def test_whatever_is_told_wrongly_is_a_fault() -> None:
    """Of one proposal or of all together: every figure of a report is held against the records."""
    night, told, nearest = _busy()
    assert check_report(night, told, nearest) == ()
    turns = (replace(told, proposals=told.proposals[at:] + told.proposals[:at]) for at in range(3))
    for turned in turns:
        for changes in _wrong(turned.proposals[0]):
            assert check_report(night, _with(turned, **changes), nearest), changes
    for name in ("objective", "children", "children_placed", "weekly_cost_pence", "assumed_weekly_cost_pence"):
        assert check_report(night, replace(told, **{name: getattr(told, name) + 1}), nearest), name
    for name in ("local_before", "total_before", "local_after", "total_after"):
        spoilt = replace(told.local, **{name: getattr(told.local, name) + 1})
        assert check_report(night, replace(told, local=spoilt), nearest), name
    assert check_report(night, replace(told, unplaced=told.unplaced[1:] if told.unplaced else ()), nearest) or not (
        told.unplaced
    )


@pytest.mark.parametrize("counts", ["caseload", "batch"])
def test_a_hard_target_is_reached_or_said_to_be_out_of_reach(counts: str) -> None:
    """Missing it without a word is a fault; so is calling it out of reach where it is met, or by another figure."""
    night, told, nearest = _busy(hard=True, floor_permille=0, counts=counts)
    assert nearest is None
    assert check_report(night, told, None) == ()
    assert any("out of reach" in fault for fault in check_report(night, told, -5))
    hard = replace(night.policy.target, floor_permille=1000, ambition_permille=1000)
    stricter = replace(night, policy=replace(night.policy, target=hard))
    faults = check_report(stricter, told, None)
    assert any("hard local target" in fault for fault in faults)


def test_a_budget_is_counted_from_the_records() -> None:
    """One penny less than the proposals come to by the price lists, what is assumed included, is a fault."""
    night, told, nearest = _busy()
    enough = replace(night, weekly_budget_pence=told.weekly_cost_pence)
    assert check_report(enough, told, nearest) == ()
    short = replace(night, weekly_budget_pence=told.weekly_cost_pence - 1)
    assert "the weekly budget is overrun" in check_report(short, told, nearest)


def test_fees_at_publication() -> None:
    """The fee of each, and whether it is known."""
    night, _, _ = _busy()
    posed = batch(night)
    made = proposed(posed, solve(posed.problem))
    fees = [(1, True)] * len(made)
    assert len(check_fees(night, made, fees)) == len(made)
