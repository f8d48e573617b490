"""What is stored of a run for those who read it later: plain values, whole numbers, codes, references.

`told(outcome)` is the report of a run. Its parts: `children`, `children_placed`, `siblings`, `local`,
`weekly_cost_pence`, `assumed_weekly_cost_pence`, `scarce`, `scarce_kinds`, `unplaced` as in `NightReport`; `price` of
one more local child; `frontier`; `faults` of the solver; `contradictions`; `pins_left_out`; of a run without proposals
how many of the last ones still keep every rule (`standing`, `fallen`); and `publication`: what came of the proposals
when they met the facts of the moment.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import orjson

from app.matching.batch import Night
from app.matching.night_report import NightReport, Proposal
from app.matching.recheck import Verdict
from app.rematch.run import Outcome
from app.store.run_records import GROUNDS, NewProposal


def told(outcome: Outcome) -> dict[str, Any]:
    """The report of a run, before anything is published."""
    found: dict[str, Any] = {} if outcome.report is None else _of_report(outcome.report)
    return found | _plain(
        {
            "price": outcome.price,
            "frontier": outcome.frontier,
            "faults": outcome.faults,
            "contradictions": outcome.contradictions,
            "pins_left_out": [{"children": sorted(pin.children), "home": pin.home} for pin in outcome.pins_left_out],
            "claimed_bound": outcome.claimed_bound,
            "most_local_proven": outcome.most_local_proven,
            "standing": len(outcome.standing),
            "fallen": len(outcome.fallen),
            "milliseconds": {str(name): round(seconds * 1000) for name, seconds in outcome.seconds.items()},
        }
    )


def publication_told(made: Sequence[Proposal], verdicts: Sequence[Verdict], report: NightReport) -> dict[str, Any]:
    """What came of the proposals: how many stand, what fell and why, and the figures of those that stand."""
    standing = [(p, v) for p, v in zip(made, verdicts, strict=True) if v.fallen is None]
    fallen = Counter(str(verdict.fallen) for verdict in verdicts if verdict.fallen is not None)
    children = sum(len(proposal.children) for proposal, _ in standing)
    local = sum(len(proposal.children) for proposal, _ in standing if proposal.local)
    return {
        "proposed": len(standing),
        "dropped": len(made) - len(standing),
        "dropped_because": dict(sorted(fallen.items())),
        "children": children,
        "local_after": report.local.local_before + local,
        "total_after": report.local.total_before + children,
        "weekly_cost_pence": sum(verdict.weekly_fee_pence for _, verdict in standing),
        "assumed_weekly_cost_pence": sum(v.weekly_fee_pence for _, v in standing if not v.fee_known),
    }


def changed_records(then: Night, now: Night) -> Callable[[Proposal], list[str]]:
    """Tells of a proposal which of `referral` and `home` is recorded otherwise now than when the run read it."""
    before = {referral.ref: referral for referral in then.referrals}
    same = {referral.ref for referral in now.referrals if before.get(referral.ref) == referral}

    def changed(proposal: Proposal) -> list[str]:
        row = now.pool.row_of.get(proposal.home)
        moved = row is None or then.pool.record(proposal.home) != now.pool.records[row]
        return ([] if proposal.referral in same else ["referral"]) + (["home"] if moved else [])

    return changed


def new_proposal(
    proposal: Proposal, verdict: Verdict, changed: Sequence[str], grounds: Mapping[str, Any] | None = None
) -> NewProposal:
    """A proposal as it is stored, with what became of it. `changed`: see `changed_records`; `grounds`: `GROUNDS`."""
    fallen = verdict.fallen
    stands = fallen is None
    assumed = proposal.assumed_weekly_fee_pence
    counted = proposal.weekly_fee_pence if assumed is None else assumed
    if stands:
        counted, assumed = verdict.weekly_fee_pence, None if verdict.fee_known else verdict.weekly_fee_pence
    return NewProposal(
        referral=proposal.referral,
        children=proposal.children,
        home=proposal.home,
        points=proposal.points,
        local=proposal.local,
        weekly_fee_pence=counted or 0,
        dropped_because=None if fallen is None else str(fallen),
        explanation={
            "first_home": proposal.first_home,
            "behind_first": proposal.behind_first,
            "why": str(proposal.why),
            "because_of": list(proposal.because_of),
            "others_would_lose": proposal.others_would_lose,
            "must_leave": proposal.must_leave,
            "besides": [str(limit) for limit in proposal.besides],
            "unchanged": proposal.unchanged,
            "assumed_weekly_fee_pence": assumed,
            "rules": list(verdict.rules),
            "changed": list(changed),
            GROUNDS: grounds,
        },
    )


def _of_report(report: NightReport) -> dict[str, Any]:
    costs = ("weekly_cost_pence", "assumed_weekly_cost_pence")
    figures = ("children", "children_placed", "siblings", "local", *costs)
    names = (*figures, "scarce", "scarce_kinds", "unplaced")
    return _plain({name: getattr(report, name) for name in names})


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """As JSON gives them back: enums as text, days as YYYY-MM-DD, sets in order."""
    written = orjson.dumps(values, default=_other, option=orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS)
    plain: dict[str, Any] = orjson.loads(written)
    return plain


def _other(value: Any) -> Any:
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"a report cannot hold a {type(value).__name__}")
