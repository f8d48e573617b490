"""Shortlists and why-nots as plain values, in the form that `shortlist_models` describes.

Plain values, not models: twenty options carry hundreds of findings, and building a model of each would take
longer than finding them. A test holds every answer against the models.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, TypeAlias

from app.api.declined_answers import declined_answer
from app.documents.places import Note
from app.matching.codes import Code
from app.matching.explain import Outcome, PairExplanation, Part, RuleFinding
from app.matching.home import Home
from app.matching.listed import NearMiss, Option, Relaxation, Shortlist
from app.matching.policy import Policy
from app.matching.pool import Pool
from app.matching.referral import ChildRef, HomeRef, Referral
from app.matching.rules.new_home import NEW_HOME
from app.matching.splits import Split
from app.matching.why_not import Counterfactual, Needed, WhyNot, told
from app.store.declined import for_party
from app.store.earlier import NOTHING, Earlier
from app.wording import change_sentence, part_sentence, rule_sentence, says, under_way_sentence

Plain: TypeAlias = dict[str, Any]


def shortlist_answer(found: Shortlist, pool: Pool, notes: Sequence[Note] = (), before: Earlier = NOTHING) -> Plain:
    """A shortlist as JSON-ready values. `before`: what was declined for these children, and what is under way."""
    past = _Before(before, tuple(map(ChildRef, found.children)))
    return {
        "referral": found.referral,
        "children": found.children,
        "as_of": found.as_of,
        "moves_in": found.moves_in,
        "policy_version": found.policy_version,
        "policy_sha256": found.policy_sha256,
        "most_points": found.most_points,
        "homes": found.homes,
        "allowed": found.allowed,
        "options": [_option(option, pool) | past.refused(option.explanation.home) for option in found.options],
        "ties_not_shown": found.ties_not_shown,
        "out_by_rule": dict(found.out_by_rule),
        "not_known_by_rule": dict(found.not_known_by_rule),
        "near_misses": [_near_miss(miss, pool, past) for miss in found.near_misses],
        "relaxations": [_relaxation(relaxation) for relaxation in found.relaxations],
        "splits": [_split(split, pool) for split in found.splits],
        "splits_if_parted": [_split(split, pool) for split in found.splits_if_parted],
        "notes": notes_answer(notes),
        "under_way": past.under_way(),
    }


def why_not_answer(
    found: WhyNot,
    referral: Referral,
    pool: Pool,
    policy: Policy,
    as_of: date,
    before: Earlier = NOTHING,
    notes: Sequence[Note] = (),
) -> Plain:
    """A why-not as JSON-ready values. `before` and `notes`: as for a shortlist."""
    explanation = found.explanation
    past = _Before(before, explanation.children)
    home = pool.record(explanation.home)
    return {
        "referral": referral.ref,
        "home": explanation.home,
        "name": home.name,
        "as_of": as_of,
        "policy_version": policy.version,
        "policy_sha256": policy.sha256,
        "allowed": found.allowed,
        **_points(explanation),
        "rules": [past.finding(finding, explanation.home) for finding in explanation.rules],
        "parts": [_part(part) for part in explanation.parts],
        "points_if_met": found.points_if_met,
        "rank_if_met": found.rank_if_met,
        "homes_allowed": found.homes_allowed,
        "first_home": found.first_home,
        "behind_first_by": found.behind_first_by,
        "counterfactuals": [_counterfactual(each, referral, home) for each in found.counterfactuals],
        "together": _counterfactual(found.together, referral, home) if found.together else None,
        "notes": notes_answer(notes),
        "under_way": past.under_way(),
        **past.refused(explanation.home),
    }


def notes_answer(notes: Sequence[Note]) -> list[Plain]:
    """Notes as they are told."""
    return [{"field": note.field, "note": note.note} for note in notes]


@dataclass(frozen=True, slots=True)
class _Before:
    """What happened before, as it is told of one party."""

    before: Earlier
    party: tuple[ChildRef, ...]

    def refused(self, home: HomeRef) -> Plain:
        """Who declined this home for any of them."""
        return {"declined_before": declined_answer(for_party(self.before.declined, home, self.party))}

    def under_way(self) -> list[Plain]:
        """Which placements of theirs are under way."""
        return [
            {"placement": one.placement, "home": one.home, "children": one.children, "state": one.state}
            for one in self.before.under_way
        ]

    def finding(self, finding: RuleFinding, home: HomeRef) -> Plain:
        """A rule's answer. Where a place waits for a child, it does not live: it is there for others alone."""
        said = finding_answer(finding)
        if finding.code != NEW_HOME.code or finding.outcome is not Outcome.NOT_MET:
            return said
        waits = self.before.waits_for(finding.child, home)
        if waits is None:
            return said
        return said | {"facts": {"under_way": waits.state}, "sentence": under_way_sentence(waits.state)}


def _option(option: Option, pool: Pool) -> Plain:
    explanation = option.explanation
    home = pool.record(explanation.home)
    open_codes = {finding.code for finding in explanation.rules if finding.outcome is not Outcome.MET}
    met = (finding.code for finding in explanation.rules if finding.code not in open_codes)
    return {
        "rank": option.rank,
        "home": home.ref,
        "name": home.name,
        "kind": home.kind,
        "route": home.route,
        **_points(explanation),
        "parts": [_part(part) for part in explanation.parts],
        "to_check": _not_known(explanation.rules),
        "met": list(dict.fromkeys(met)),
        "considerations": {str(name): answer for name, answer in option.considerations.items()},
        "where": option.where,
        "approval": option.approval,
        "weekly_fee_pence": option.weekly_fee_pence,
        "fees": option.fees,
        "gaps": option.gaps,
    }


def _points(explanation: PairExplanation) -> Plain:
    return {
        "points": explanation.points,
        "points_low": explanation.points_low,
        "points_high": explanation.points_high,
    }


def _not_known(findings: Iterable[RuleFinding]) -> list[Plain]:
    return [finding_answer(finding) for finding in findings if finding.outcome is Outcome.NOT_KNOWN]


def finding_answer(finding: RuleFinding) -> Plain:
    """What one rule answered, with its sentence."""
    return {
        "code": finding.code,
        "outcome": finding.outcome,
        "blocks": finding.blocks,
        "statutory": finding.statutory,
        "child": finding.child,
        "facts": finding.facts,
        "sentence": rule_sentence(finding),
    }


def _part(part: Part) -> Plain:
    return {
        "code": part.code,
        "child": part.child,
        "weight": part.weight,
        "applies": part.applies,
        "known": part.known,
        "value": part.value,
        "points": part.points,
        "points_low": part.points_low,
        "points_high": part.points_high,
        "facts": part.facts,
        "sentence": part_sentence(part),
    }


def _near_miss(miss: NearMiss, pool: Pool, past: _Before) -> Plain:
    return {
        "home": miss.home,
        "name": pool.record(miss.home).name,
        "findings": [past.finding(finding, miss.home) for finding in miss.findings],
        "overridable": miss.overridable,
        "points_if_met": miss.points_if_met,
        "rank_if_met": miss.rank_if_met,
        **past.refused(miss.home),
    }


def _relaxation(relaxation: Relaxation) -> Plain:
    return {**asdict(relaxation), "says": says(relaxation.rule)}


def _split(split: Split, pool: Pool) -> Plain:
    parts = [{**asdict(part), "name": pool.record(part.home).name} for part in split.parts]
    return {**asdict(split), "parts": parts}


def _counterfactual(found: Counterfactual, referral: Referral, home: Home) -> Plain:
    return {
        "rules": found.rules,
        "changes": [_needed(needed, referral, home) for needed in found.changes],
        "allowed": found.allowed,
        "points": found.points,
        "rank": found.rank,
    }


def _needed(needed: Needed, referral: Referral, home: Home) -> Plain:
    return {
        "child": needed.child,
        "subject": needed.change.subject,
        "field": needed.change.field,
        "value": _value(told(needed, referral)),
        "sentence": change_sentence(needed, referral, home),
    }


def _value(value: Any) -> Any:
    """A field's new value as the documents have it."""
    if isinstance(value, Code):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): _value(each) for key, each in value.items()}
    if isinstance(value, (frozenset, tuple)):
        return sorted(str(each) for each in value)
    return value
