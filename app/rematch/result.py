"""What a run found, as canonical JSON: the same snapshot gives the same bytes. No times, no sentences, no names."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from app.matching.batch import Proposed
from app.matching.listed import NearMiss
from app.matching.night_report import NightReport, Proposal, Scarce, ScarceKind, Unplaced
from app.rematch.run import Outcome
from app.rematch.snapshot import Snapshot, canonical_bytes

RESULT_FORMAT = "placement-result"
RESULT_VERSION = 1


def result_bytes(snapshot: Snapshot, outcome: Outcome) -> bytes:
    """The canonical bytes of an outcome, with the hashes of what it was made from."""
    night = snapshot.night
    return canonical_bytes(
        {
            "format": RESULT_FORMAT,
            "version": RESULT_VERSION,
            "snapshot_sha256": snapshot.sha256,
            "policy": {"version": night.policy.version, "sha256": night.policy.sha256},
            "as_of": night.as_of.isoformat(),
            "status": outcome.status.value,
            "most_local_proven": outcome.most_local_proven,
            "faults": [fault.code for fault in outcome.faults],
            "contradictions": list(outcome.contradictions),
            "pins_left_out": [_pair(pair) for pair in outcome.pins_left_out],
            "standing": [_pair(pair) for pair in outcome.standing],
            "fallen": [
                _pair(verdict.proposed) | {"because": str(verdict.fallen), "rules": list(verdict.rules)}
                for verdict in outcome.fallen
            ],
            "report": None if outcome.report is None else _report(outcome.report),
            "price_of_one_more": None if outcome.price is None else asdict(outcome.price),
            "frontier": [asdict(point) for point in outcome.frontier],
        }
    )


def _report(report: NightReport) -> dict[str, Any]:
    return {
        "objective": report.objective,
        "bound": report.bound,
        "gap": report.gap,
        "children": report.children,
        "children_placed": report.children_placed,
        "weekly_cost_pence": report.weekly_cost_pence,
        "assumed_weekly_cost_pence": report.assumed_weekly_cost_pence,
        "siblings": asdict(report.siblings),
        "local": asdict(report.local),
        "proposals": [_proposal(one) for one in report.proposals],
        "unplaced": [_unplaced(one) for one in report.unplaced],
        "scarce": [_scarce(one) for one in report.scarce],
        "scarce_kinds": [_scarce(one) for one in report.scarce_kinds],
    }


def _proposal(one: Proposal) -> dict[str, Any]:
    return asdict(one) | {
        "children": sorted(one.children),
        "because_of": list(one.because_of),
        "why": one.why.value,
        "besides": [limit.value for limit in one.besides],
    }


def _unplaced(one: Unplaced) -> dict[str, Any]:
    return {
        "referral": one.referral,
        "children": sorted(one.children),
        "why": one.why.value,
        "homes_allowed": one.homes_allowed,
        "homes_together": one.homes_together,
        "homes_excluded": one.homes_excluded,
        "homes_declined": list(one.homes_declined),
        "best_home": one.best_home,
        "free_home": one.free_home,
        "lost_to": list(one.lost_to),
        "out_by_rule": dict(one.out_by_rule),
        "not_known_by_rule": dict(one.not_known_by_rule),
        "near_misses": [_near_miss(miss) for miss in one.near_misses],
        "relaxations": [asdict(relaxation) for relaxation in one.relaxations],
        "splits_if_parted": [asdict(split) for split in one.splits_if_parted],
    }


def _near_miss(miss: NearMiss) -> dict[str, Any]:
    return {
        "home": miss.home,
        "rules": sorted({finding.code for finding in miss.findings}),
        "overridable": miss.overridable,
        "points_if_met": miss.points_if_met,
        "rank_if_met": miss.rank_if_met,
    }


def _scarce(one: Scarce | ScarceKind) -> dict[str, Any]:
    return asdict(one) | {"kind": str(one.kind)}


def _pair(pair: Proposed) -> dict[str, Any]:
    return {"children": sorted(pair.children), "home": pair.home}
