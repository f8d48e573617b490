"""Whether what a report tells is what the records say: every fee, every share, and what they come to together."""

from __future__ import annotations

from collections.abc import Iterator

from app.matching.batch import Night, Proposed
from app.matching.night_check import Told, check_night
from app.matching.night_count import Counted, weekly_fees
from app.matching.night_look import guests_of
from app.matching.night_report import NightReport, Proposal


def check_report(night: Night, report: NightReport, nearest: int | None) -> tuple[str, ...]:
    """What is untrue in a report of all proposals of a night; `nearest` as in `Told`."""
    proposals = [Proposed(frozenset(one.children), one.home) for one in report.proposals]
    whole_caseload = night.policy.target.counts == "caseload"
    told = Told(
        each=tuple(map(_counted, report.proposals)),
        local=report.local.local_after - (0 if whole_caseload else night.local_placed),
        total=report.local.total_after - (0 if whole_caseload else night.total_placed),
        objective=report.objective,
        nearest=nearest,
    )
    return check_night(night, proposals, told) or tuple(_sums(night, report, proposals))


def _counted(one: Proposal) -> Counted:
    known = one.weekly_fee_pence is not None
    fee = one.weekly_fee_pence if known else one.assumed_weekly_fee_pence
    return Counted(-1 if fee is None else fee, known, len(one.children) if one.local else 0, one.points)


def _sums(night: Night, report: NightReport, proposals: list[Proposed]) -> Iterator[str]:
    """What the figures of the single proposals come to together."""
    fees = weekly_fees(night, guests_of(night, proposals))
    waiting = sum(len(referral.children) for referral in night.referrals)
    counted = (
        ("weekly_cost_pence", sum(fee for fee, _ in fees), report.weekly_cost_pence),
        ("assumed_weekly_cost_pence", sum(fee for fee, known in fees if not known), report.assumed_weekly_cost_pence),
        ("children_placed", sum(len(one.children) for one in proposals), report.children_placed),
        ("children without a proposal", waiting - report.children_placed, _left(report)),
        ("children", waiting, report.children),
        ("local_before", night.local_placed, report.local.local_before),
        ("total_before", night.total_placed, report.local.total_before),
    )
    for name, found, said in counted:
        if found != said:
            yield f"{name} is {found} by the records"


def _left(report: NightReport) -> int:
    return sum(len(one.children) for one in report.unplaced)
