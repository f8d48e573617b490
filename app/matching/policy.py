"""The policy document: every weight, limit and target, versioned, dated and hashed.

Parsing is strict. Every rule and criterion is named exactly once, every parameter is given, nothing else
is; a wrong document is refused with the file and the key. A statutory rule can be neither switched off nor
told to let the unknown pass.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any, Literal, TypeVar

from app.matching.criteria import CRITERIA
from app.matching.finding import FULL
from app.matching.local import Local, LocalMeasure
from app.matching.policy_values import MOST_POINTS, PolicyError, Section
from app.matching.rules import RULES
from app.matching.unit import Criterion, Level, Rule

MOST_WEIGHT = 10_000
"""Bound on the sum of the weights: keeps the points of a party of twelve well inside 32 bits."""

MOST_DAYS_WAITING = 36_500
"""A hundred years: nobody waits longer."""

MOST_ARRIVALS = 100_000
"""More than any home has places."""

Unit = TypeVar("Unit", Rule, Criterion)


@dataclass(frozen=True, slots=True)
class RuleSetting:
    """How the policy uses a rule. `bit` is its place in every mask; `blocks`: not known keeps a pair out."""

    rule: Rule
    bit: int
    enabled: bool
    blocks: bool
    params: Any
    because: str


@dataclass(frozen=True, slots=True)
class CriterionSetting:
    """How the policy uses a criterion. `stand_in` (0..1000) counts where the value is not known."""

    criterion: Criterion
    enabled: bool
    weight: int
    stand_in: int
    params: Any
    because: str


@dataclass(frozen=True, slots=True)
class Target:
    """The local target: shares in whole per mille; prices in points for one more local child."""

    floor_permille: int
    ambition_permille: int
    counts: Literal["caseload", "batch"]
    floor_price: int
    ambition_price: int
    hard: bool


@dataclass(frozen=True, slots=True)
class Placing:
    """Points for finding a child any allowed home, by urgency, and more for each day waited (bounded)."""

    today: int
    within_5_days: int
    later: int
    per_day_waiting: int
    most_days_waiting: int

    def reward(self, days_until_needed: int, days_waiting: int) -> int:
        """Points for placing one child."""
        urgency = self.today if days_until_needed <= 0 else self.within_5_days if days_until_needed < 5 else self.later
        return urgency + self.per_day_waiting * max(0, min(days_waiting, self.most_days_waiting))


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Referrals that may be new to one home in one run."""

    foster: int
    residential: int


@dataclass(frozen=True)
class Policy:
    """One complete policy. `rules` and `criteria` stand in the order of `RULES` and `CRITERIA`."""

    version: str
    title: str
    series: str
    effective_from: date
    sha256: str
    local: Local
    target: Target
    placing: Placing
    separated_pair: int
    changed_proposal: int
    arrivals: Arrivals
    rules: tuple[RuleSetting, ...]
    criteria: tuple[CriterionSetting, ...]

    @cached_property
    def blocking_bits(self) -> int:
        """Rules for which not known keeps a pair out."""
        return sum(setting.bit for setting in self.rules if setting.enabled and setting.blocks)

    @cached_property
    def statutory_bits(self) -> int:
        """Rules that nobody can override."""
        return sum(setting.bit for setting in self.rules if setting.rule.statutory)

    @cached_property
    def most_points(self) -> int:
        """Points of a child for whom every criterion applies and is full."""
        return FULL * sum(setting.weight for setting in self.criteria if setting.enabled)

    def rules_of(self, level: Level) -> tuple[RuleSetting, ...]:
        """The rules in use that judge at a level."""
        return tuple(s for s in self.rules if s.enabled and s.rule.level is level)

    def rule_codes(self, bits: int) -> tuple[str, ...]:
        """Codes of the rules whose bits are set."""
        return tuple(setting.rule.code for setting in self.rules if bits & setting.bit)

    def setting_of(self, code: str) -> RuleSetting:
        """The setting of a rule; KeyError where there is none of that code."""
        for setting in self.rules:
            if setting.rule.code == code:
                return setting
        raise KeyError(code)


def parse_policy(document: bytes, name: str) -> Policy:
    """Read a policy document. `name` says in messages which one.

    Raises `PolicyError` naming the document, the key, and what would be right.
    """
    try:
        raw = tomllib.loads(document.decode("utf-8"), parse_float=Decimal)
    except RecursionError as error:
        raise PolicyError(name, "", "is nested too deeply to be a policy") from error
    except ValueError as error:  # not TOML, not UTF-8, or a number of thousands of digits
        raise PolicyError(name, "", f"is not readable as TOML ({error})") from error
    root = Section(raw, name, "")
    policy = Policy(
        version=root.text("version"),
        title=root.text("title"),
        series=root.text("series"),
        effective_from=root.day("effective_from"),
        sha256=hashlib.sha256(document).hexdigest(),
        local=_local(root.section("local")),
        target=_target(root.section("target")),
        placing=_placing(root.section("placing")),
        separated_pair=root.section("siblings").only("separated_pair", Section.even_points),
        changed_proposal=root.section("stability").only("changed_proposal", Section.points),
        arrivals=_arrivals(root.section("arrivals")),
        rules=_rules(root.section("rules")),
        criteria=_criteria(root.section("criteria")),
    )
    root.finish()
    return policy


def policy_on(policies: Mapping[str, Policy], series: str, on: date) -> Policy:
    """The policy of a series that is in effect on a day: the latest that has begun.

    Raises `LookupError` where none had begun by then.
    """
    begun = [p for p in policies.values() if p.series == series and p.effective_from <= on]
    if not begun:
        raise LookupError(f"no policy of the series {series} is in effect on {on.isoformat()}")
    return max(begun, key=lambda policy: policy.effective_from)


def _local(section: Section) -> Local:
    centre = section.counts("centre")
    if len(centre) != 2:
        raise section.wrong("centre", "needs an easting and a northing in metres, such as [457300, 339900]")
    local = Local(
        authority=section.gss("authority"),
        adjoining=frozenset(section.gss_list("adjoining")),
        measure=section.code("measure", LocalMeasure),
        centre=(centre[0], centre[1]),
        radius_miles=section.decimal("radius_miles"),
        outline=section.outline("outline"),
    )
    section.finish()
    return local


def _target(section: Section) -> Target:
    floor, ambition = section.permille("floor"), section.permille("ambition")
    if floor > ambition:
        raise section.wrong("floor", "must not be above ambition")
    counts = section.text("counts")
    if counts not in ("caseload", "batch"):
        raise section.wrong("counts", 'must be "caseload" or "batch"')
    floor_price, hard = section.points_or_hard("floor_price")
    target = Target(
        floor_permille=floor,
        ambition_permille=ambition,
        counts="caseload" if counts == "caseload" else "batch",
        floor_price=floor_price,
        ambition_price=section.points("ambition_price"),
        hard=hard,
    )
    section.finish()
    return target


def _placing(section: Section) -> Placing:
    placing = Placing(
        today=section.points("today"),
        within_5_days=section.points("within_5_days"),
        later=section.points("later"),
        per_day_waiting=section.points("per_day_waiting"),
        most_days_waiting=section.count("most_days_waiting", MOST_DAYS_WAITING),
    )
    section.finish()
    if placing.reward(0, placing.most_days_waiting) > MOST_POINTS:
        problem = f"times most_days_waiting, with today added, must not be more than {MOST_POINTS} points"
        raise section.wrong("per_day_waiting", problem)
    if not placing.today >= placing.within_5_days >= placing.later:
        raise section.wrong("today", "must be at least within_5_days, and that at least later")
    return placing


def _arrivals(section: Section) -> Arrivals:
    arrivals = Arrivals(
        foster=section.count("foster", MOST_ARRIVALS), residential=section.count("residential", MOST_ARRIVALS)
    )
    section.finish()
    if not arrivals.foster or not arrivals.residential:
        raise section.wrong("foster", "and residential must each be at least 1")
    return arrivals


def _rules(section: Section) -> tuple[RuleSetting, ...]:
    settings = tuple(_rule(section.section(rule.code), rule, 1 << position) for position, rule in enumerate(RULES))
    section.finish()
    return settings


def _rule(section: Section, rule: Rule, bit: int) -> RuleSetting:
    enabled = section.truth("enabled", default=True)
    because = section.text("because")
    unknown = section.text("when_not_known") if enabled else "block"
    if unknown not in ("block", "flag"):
        raise section.wrong("when_not_known", 'must be "block" or "flag"')
    if rule.statutory and not enabled:
        raise section.wrong("enabled", "a statutory rule cannot be switched off")
    if rule.statutory and unknown == "flag":
        raise section.wrong("when_not_known", 'must be "block" for a statutory rule')
    params = section.params(rule.params) if enabled else None
    section.finish()
    return RuleSetting(rule, bit, enabled, unknown == "block", params, because)


def _criteria(section: Section) -> tuple[CriterionSetting, ...]:
    settings = tuple(_criterion(section.section(criterion.code), criterion) for criterion in CRITERIA)
    section.finish()
    total = sum(setting.weight for setting in settings)
    if not 0 < total <= MOST_WEIGHT:
        raise section.wrong("weight", f"the weights must add up to something from 1 to {MOST_WEIGHT}")
    return settings


def _criterion(section: Section, criterion: Criterion) -> CriterionSetting:
    enabled = section.truth("enabled", default=True)
    because = section.text("because")
    if criterion.statutory and not enabled:
        raise section.wrong("enabled", "a statutory consideration cannot be left out; weigh it with 0 instead")
    if not enabled:
        section.finish()
        return CriterionSetting(criterion, enabled=False, weight=0, stand_in=0, params=None, because=because)
    weight = section.count("weight", MOST_WEIGHT)
    stand_in = section.count("when_not_known", FULL)
    params = section.params(criterion.params)
    section.finish()
    return CriterionSetting(criterion, True, weight, stand_in, params, because)
