"""Why children have no home tonight, in sentences for an officer: the same in the terminal and from the API."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.matching.explain import Outcome
from app.matching.night_report import Unplaced, WhyNone
from app.matching.rules.usable_places import USABLE_PLACES
from app.night_wording import Naming
from app.wording import children, counted, joined, says, words

RULES_TOLD = 3
NEAREST_TOLD = 2

WHY_NONE = {
    WhyNone.EXCLUDED: "At {home} brothers or sisters have a place; a person excluded it for all of them together.",
    WhyNone.DECLINED: "At {home} brothers or sisters have a place; it was declined for all of them together.",
    WhyNone.SIBLINGS: "Brothers or sisters go to {home}, and the group cannot be made larger there.",
    WhyNone.BUDGET: "{home} has room for them, but would overrun the weekly budget.",
    WhyNone.LOCAL_TARGET: "{home} has room for them, but would take the night further from its local target.",
    WhyNone.RESERVED: "{home} has room for them, but is kept for those who need it more (reserve price).",
    WhyNone.TRADE_OFF: "{home} has room for them, but all children together would be no better off that way.",
    WhyNone.OPEN: "{home} has room for them and nothing speaks against it: please look at it by hand.",
}


@dataclass(frozen=True, slots=True)
class Opening:
    """A rule that alone keeps so many homes out, as in `Relaxation`; `known`: that it is not met, of some at least."""

    rule: str
    statutory: bool
    homes: int
    best_home: str
    known: bool = True


@dataclass(frozen=True, slots=True)
class Missed:
    """A rule that keeps a near home out, as in a `RuleFinding`: it is not met, or it is not known whether it is."""

    rule: str
    known: bool
    free: int | None = None
    children: int | None = None

    @classmethod
    def of(cls, rule: str, outcome: Outcome, facts: Mapping[str, Any]) -> Missed:
        """Out of a finding, made now or read from what was stored; of places it is told how many are free."""
        counts = (facts.get("free"), facts.get("children")) if rule == USABLE_PLACES.code else (None, None)
        return cls(rule, outcome is not Outcome.NOT_KNOWN, *counts)


@dataclass(frozen=True, slots=True)
class Waiting:
    """What is told of children without a proposal, as in `Unplaced`, made now or read from what was stored.

    children: how many they are. homes_together: homes that could take all of them; None where that was not counted.
    rules: how many homes each rule keeps out, not met or not known; None where that was not counted. not_known: of
    these the homes of which it is not known. nearest: homes, and the rules that keep each out. parted: the best way to
    part who must stay together: some of them, and their home.
    """

    why: WhyNone
    homes_allowed: int
    homes_excluded: int
    best_home: str | None
    free_home: str | None
    lost_to: Sequence[str]
    rules: Mapping[str, int] | None
    nearest: Sequence[tuple[str, Sequence[Missed]]]
    openings: Sequence[Opening]
    parted: Sequence[tuple[Sequence[str], str]] = ()
    children: int = 1
    homes_together: int | None = None
    not_known: Mapping[str, int] = field(default_factory=dict)
    homes_declined: Sequence[str] = ()

    @classmethod
    def of(cls, one: Unplaced) -> Waiting:
        """Out of a report."""
        nearest = one.near_misses
        return cls(
            why=one.why,
            homes_allowed=one.homes_allowed,
            homes_excluded=one.homes_excluded,
            best_home=one.best_home,
            free_home=one.free_home,
            lost_to=one.lost_to,
            rules=Counter(one.out_by_rule) + Counter(one.not_known_by_rule),
            nearest=[(miss.home, [Missed.of(f.code, f.outcome, f.facts) for f in miss.findings]) for miss in nearest],
            openings=[
                Opening(each.rule, each.statutory, each.homes, each.best_home, each.rule in one.out_by_rule)
                for each in one.relaxations
            ],
            parted=[(part.children, part.home) for split in one.splits_if_parted[:1] for part in split.parts],
            children=len(one.children),
            homes_together=one.homes_together,
            not_known=one.not_known_by_rule,
            homes_declined=one.homes_declined,
        )


def why_none(one: Waiting, name: Naming = str) -> list[str]:
    """Why nobody could be proposed: no home at all, to whom the homes went, or what speaks against a free one."""
    if one.why is WhyNone.NO_HOME:
        return _no_home(one, name)
    if not one.homes_allowed:
        return [_barred(one, name)]
    best = f"{': ' if one.homes_allowed == 1 else ', best '}{name(one.best_home)}" if one.best_home else ""
    lines = [f"{counted(one.homes_allowed, 'home')} would do{_for_whom(one)}{best}.", *_lost(one)]
    home = one.free_home or one.best_home
    if one.why in WHY_NONE and home:
        lines.append(WHY_NONE[one.why].format(home=name(home)))
    if one.homes_excluded:
        lines.append(f"A person excluded {counted(one.homes_excluded, 'further home')}.")
    if one.homes_declined:
        lines.append(_declined(one, name))
    return [" ".join(lines)]


def _barred(one: Waiting, name: Naming) -> str:
    """Every home that the rules allow was ruled out by somebody."""
    by_rules = f"By the rules {counted(one.homes_excluded + len(one.homes_declined), 'home')} would do"
    if not one.homes_declined:
        return f"{by_rules}, but a person excluded {_them(one)}."
    excluded = [f"A person excluded {counted(one.homes_excluded, 'home')}."] if one.homes_excluded else []
    return " ".join([f"{by_rules}, and none is open.", *excluded, _declined(one, name)])


def _declined(one: Waiting, name: Naming) -> str:
    was = "was" if len(one.homes_declined) == 1 else "were"
    homes = joined([name(home) for home in one.homes_declined])
    return f"{homes} {was} declined for them, and neither home nor referral has changed since."


def _for_whom(one: Waiting) -> str:
    """Of several children: whether these homes could take all of them, or only some."""
    if one.children == 1 or one.homes_together is None:
        return ""
    if one.homes_together == one.homes_allowed:
        return " for all of them"
    return f" for some of them, {one.homes_together or 'none'} for all"


def _them(one: Waiting) -> str:
    return "it" if one.homes_excluded == 1 else "them"


def _lost(one: Waiting) -> list[str]:
    """Who is in the way, and how."""
    if not one.lost_to:
        return []
    others = joined(one.lost_to)
    if one.homes_allowed == 1:
        goes = f"{others} {'goes' if len(one.lost_to) == 1 else 'go'} there"
        only = {
            WhyNone.ARRIVALS: f"It can welcome nobody more tonight: {goes}.",
            WhyNone.MAY_NOT_SHARE: f"It would have room, but not together with {others}: they may not share a home.",
        }
        return [only.get(one.why, f"It goes to {others}.")]
    # They are in the way at the best few homes, not each of them at the very best.
    in_the_way = f"In the way there and at the next best: {others}."
    if one.why is WhyNone.ARRIVALS:
        return [f"The best can welcome nobody more tonight. {in_the_way}"]
    if one.why is WhyNone.MAY_NOT_SHARE:
        return [f"The best would have room, but not beside those who go there: they may not share it. {in_the_way}"]
    return [
        f"Others of them go to {others}." if one.free_home == one.best_home else f"The best of them go to {others}."
    ]


def _no_home(one: Waiting, name: Naming) -> list[str]:
    if one.rules is not None and not one.rules:
        return ["There is no home on the list."]
    lines = ["No home is known to meet every rule." if one.not_known else "No home meets every rule."]
    lines += [f"Nearest: {name(home)}, {_missed(rules)}." for home, rules in one.nearest[:NEAREST_TOLD]]
    if not one.nearest and one.rules:
        most = sorted(one.rules.items(), key=lambda item: (-item[1], item[0]))[:RULES_TOLD]
        told = [f"{words(rule)} ({counted(homes, 'home')}{_of_them_not_known(one, rule)})" for rule, homes in most]
        lines.append(f"Kept out by {joined(told)}.")
    for opening in one.openings[:NEAREST_TOLD]:
        kind = "law" if opening.statutory else "policy"
        met = "met" if opening.known else "known to be met"
        lines.append(
            f"If only '{says(opening.rule)}' ({kind}) were {met}: {counted(opening.homes, 'home')}"
            f"{': ' if opening.homes == 1 else ', best '}{name(opening.best_home)}."
        )
    if one.parted:
        homes = joined([f"{joined(who)} in {name(home)}" for who, home in one.parted])
        lines.append(f"If a person decided that they may be parted, they could live by the rules: {homes}.")
    return lines


def _missed(rules: Sequence[Missed]) -> str:
    """What keeps a near home out, and what is merely not known of it."""
    out = ", ".join(dict.fromkeys(_rule(rule) for rule in rules if rule.known))
    unknown = ", ".join(dict.fromkeys(_rule(rule) for rule in rules if not rule.known))
    return "; ".join([f"out by {out}"] * bool(out) + [f"not known: {unknown}"] * bool(unknown))


def _rule(missed: Missed) -> str:
    if missed.free is None or missed.children is None:
        return words(missed.rule)
    return f"{words(missed.rule)} ({max(0, missed.free)} free for {children(missed.children)})"


def _of_them_not_known(one: Waiting, rule: str) -> str:
    unknown = one.not_known.get(rule, 0)
    return "" if not unknown else ", not known" if unknown == (one.rules or {})[rule] else f", {unknown:,} not known"
