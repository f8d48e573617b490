"""Runs and proposals as plain values, in the form that `run_models` describes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import date
from functools import partial
from typing import Any, TypeAlias

from app.api.declined_answers import declined_answer
from app.api.run_models import FrontierPointOut, OneMoreOut, RunReportOut, RunSummaryOut
from app.deciding.proposed import to_check
from app.matching.explain import Outcome, RuleFinding
from app.matching.finding import Value
from app.matching.night_report import WhyHere, WhyNone
from app.matching.pool import Pool
from app.matching.referral import HomeRef
from app.night_wording import Chosen, label, label_before_brackets, why_here
from app.store.declined import Declined, for_party
from app.store.placement_records import Placement
from app.store.run_records import GROUNDS, Run, RunOptions, StoredProposal
from app.unplaced_wording import Missed, Opening, Waiting, why_none
from app.wording import rule_sentence, says

Plain: TypeAlias = dict[str, Any]

_A_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def summary(run: Run) -> Plain:
    """A run in short."""
    found = {name: getattr(run, name) for name in RunSummaryOut.model_fields if name != "certificate"}
    return found | {"certificate": _certificate(run)}


def run_answer(run: Run) -> Plain:
    """A run with everything that it tells."""
    return summary(run) | {
        "policy_sha256": run.policy_sha256,
        "snapshot_sha256": run.snapshot_sha256,
        "software": run.software,
        "seed": run.seed,
        "options": _options(run.options, run.as_of),
        "report": None if run.report is None else _report(run.report),
    }


def proposal_answer(
    stored: StoredProposal, pool: Pool, placement: Placement | None = None, refused: Sequence[Declined] = ()
) -> Plain:
    """A proposal, the placement that came of it, and what of `refused` was of this home for any of these children."""
    proposal = stored.proposal
    told = {name: value for name, value in proposal.explanation.items() if name != GROUNDS}
    return {
        "id": stored.id,
        "run": stored.run_id,
        "status": stored.status,
        "referral": proposal.referral,
        "children": proposal.children,
        "home": proposal.home,
        "name": pool.record(proposal.home).name if proposal.home in pool.row_of else None,
        "points": proposal.points,
        "local": proposal.local,
        "weekly_fee_pence": None if told.get("assumed_weekly_fee_pence") is not None else proposal.weekly_fee_pence,
        "dropped_because": proposal.dropped_because,
        "sentence": why_here(_chosen(told), partial(label_before_brackets, pool)),
        "to_check": to_check(stored),
        "placement": None if placement is None else placement.id,
        "placement_state": None if placement is None else placement.state,
        "declined_before": declined_answer(for_party(refused, proposal.home, proposal.children)),
        **told,
    }


def unplaced_answer(unplaced: Mapping[str, Any], pool: Pool) -> Plain:
    """Children without a proposal, out of the report of their run."""
    why = unplaced.get("why")
    return {
        **unplaced,
        "sentence": None if why is None else " ".join(why_none(_waiting(unplaced), partial(label, pool))),
        "near_misses": [_near_miss(miss, pool) for miss in unplaced["near_misses"]],
        "relaxations": [{**each, "says": says(each["rule"])} for each in unplaced["relaxations"]],
        "splits_if_parted": [_split(split, pool) for split in unplaced.get("splits_if_parted", ())],
    }


def _chosen(told: Mapping[str, Any]) -> Chosen:
    """`told` as it was stored, perhaps by a version that did not count who would have to leave."""
    early = {"must_leave": 1 if told["because_of"] else 0, "besides": ()}
    facts = {each.name: told.get(each.name, early.get(each.name)) for each in fields(Chosen)}
    besides = tuple(map(WhyHere, told.get("besides", ())))
    return Chosen(**{**facts, "why": WhyHere(told["why"]), "besides": besides})


def _waiting(told: Mapping[str, Any]) -> Waiting:
    """`told` as it was stored, perhaps by a version that counted no rules."""
    out = told.get("out_by_rule")
    openings = [
        Opening(
            each["rule"], each["statutory"], each["homes"], each["best_homes"][0], out is None or each["rule"] in out
        )
        for each in told["relaxations"]
    ]
    return Waiting(
        why=WhyNone(told["why"]),
        homes_allowed=told["homes_allowed"],
        homes_excluded=told.get("homes_excluded", 0),
        homes_declined=told.get("homes_declined", ()),
        best_home=told["best_home"],
        free_home=told.get("free_home"),
        lost_to=told["lost_to"],
        rules=Counter(told["out_by_rule"]) + Counter(told["not_known_by_rule"]) if "out_by_rule" in told else None,
        nearest=[
            (
                miss["home"],
                [Missed.of(each["code"], Outcome(each["outcome"]), each["facts"]) for each in miss["findings"]],
            )
            for miss in told["near_misses"]
        ],
        openings=openings,
        parted=[
            (part["children"], part["home"])
            for split in told.get("splits_if_parted", ())[:1]
            for part in split["parts"]
        ],
        children=len(told["children"]),
        homes_together=told.get("homes_together"),
        not_known=told.get("not_known_by_rule", {}),
    )


def _certificate(run: Run) -> Plain | None:
    if run.outcome is None:
        return None
    return {"outcome": run.outcome, "objective": run.objective, "bound": run.bound, "gap": run.gap}


def _report(report: Mapping[str, Any]) -> Plain:
    found = {name: report[name] for name in RunReportOut.model_fields if name in report}
    found["unplaced"] = len(report["unplaced"]) if "unplaced" in report else None
    if found.get("price") is not None:
        found["price"] = _only(found["price"], OneMoreOut)
    found["frontier"] = [_only(point, FrontierPointOut) for point in found.get("frontier", ())]
    return found


def _only(values: Mapping[str, Any], model: Any) -> Plain:
    return {name: value for name, value in values.items() if name in model.model_fields}


def _options(options: RunOptions, as_of: date) -> Plain:
    return {
        "policy": options.policy,
        "as_of": as_of,
        "weekly_budget_pence": options.weekly_budget_pence,
        "pinned": [{"children": sorted(pair.children), "home": pair.home} for pair in options.pinned],
        "excluded": [{"children": sorted(pair.children), "home": pair.home} for pair in options.excluded],
        "home_prices": dict(options.home_prices),
        "frontier": options.frontier,
    }


def _near_miss(miss: Mapping[str, Any], pool: Pool) -> Plain:
    home = HomeRef(miss["home"])
    return {
        **miss,
        "name": _name(pool, home),
        "findings": [_finding(finding) for finding in miss["findings"]],
    }


def _split(split: Mapping[str, Any], pool: Pool) -> Plain:
    parts = [{**part, "name": _name(pool, HomeRef(part["home"]))} for part in split["parts"]]
    return {**split, "parts": parts}


def _name(pool: Pool, home: HomeRef) -> str:
    return pool.record(home).name if home in pool.row_of else ""


def _finding(stored: Mapping[str, Any]) -> Plain:
    facts = {name: _fact(value) for name, value in stored["facts"].items()}
    finding = RuleFinding(**{**stored, "outcome": Outcome(stored["outcome"]), "facts": facts})
    return {**stored, "sentence": rule_sentence(finding)}


def _fact(value: Any) -> Value:
    """A fact as it was before it was stored: days and lists are told from text by their form."""
    if isinstance(value, str) and _A_DAY.fullmatch(value):
        return date.fromisoformat(value)
    return tuple(value) if isinstance(value, list) else value
