"""Why a home is proposed, or none, in sentences for an officer: the same in the terminal and from the API."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from app.matching.night_report import Proposal, Unplaced, WhyHere, WhyNone
from app.matching.pool import Pool
from app.matching.referral import HomeRef
from app.wording import counted, joined, points, says, words

Naming: TypeAlias = Callable[[str], str]
"""How a home is called, by its reference."""

RULES_TOLD = 3
NEAREST_TOLD = 2

WHY = {
    WhyHere.FIRST_CHOICE: "Their first choice: no home has more points for them",
    WhyHere.PINNED: "A person pinned this home for them{more}",
    WhyHere.EXCLUDED: "A person excluded {first} ({behind} points more) for them",
    WhyHere.PLACES: "{first} ({behind} points more) goes to {others}, {stake}",
    WhyHere.ARRIVALS: "{first} ({behind} points more) welcomes {others}, {stake}, and no more tonight",
    WhyHere.MAY_NOT_SHARE: "{first} ({behind} points more) goes to {others}, {stake}; they may not share it",
    WhyHere.SIBLINGS: "{first} ({behind} points more) goes to their brothers and sisters",
    WhyHere.BUDGET: "{first} ({behind} points more) is beyond the weekly budget",
    WhyHere.LOCAL_TARGET: "{first} ({behind} points more) is not local, and the local target counts here",
    WhyHere.RESERVED: "{first} ({behind} points more) is kept for those who need it more (reserve price)",
    WhyHere.UNCHANGED: "As last night; {first} has {behind} points more",
    WhyHere.TRADE_OFF: "Best for all children together; {first} has {behind} points more",
}
WHY_NONE = {
    WhyNone.EXCLUDED: "At {home} brothers or sisters have a place; a person excluded it for all of them together.",
    WhyNone.SIBLINGS: "Brothers or sisters go to {home}, and the group cannot be made larger there.",
    WhyNone.BUDGET: "{home} has room for them, but would overrun the weekly budget.",
    WhyNone.LOCAL_TARGET: "{home} has room for them, but would take the night further from its local target.",
    WhyNone.RESERVED: "{home} has room for them, but is kept for those who need it more (reserve price).",
    WhyNone.TRADE_OFF: "{home} has room for them, but all children together would be no better off that way.",
    WhyNone.OPEN: "{home} has room for them and nothing speaks against it: please look at it by hand.",
}
IN_GENERAL: Mapping[WhyHere, str] = {
    WhyHere.FIRST_CHOICE: "This home has the most points for them",
    WhyHere.PINNED: "A person pinned this home for them",
    WhyHere.EXCLUDED: "A person excluded the home with the most points for them",
    WhyHere.PLACES: "The places of their first choice go to others",
    WhyHere.ARRIVALS: "Their first choice takes no further newcomers that night: others go there",
    WhyHere.MAY_NOT_SHARE: "At their first choice others arrive with whom they may not live",
    WhyHere.SIBLINGS: "Brothers and sisters go to their first choice, and not all of them can go there",
    WhyHere.BUDGET: "Their first choice would overrun the weekly budget",
    WhyHere.LOCAL_TARGET: "Their first choice is not local: the target for local placements counts here",
    WhyHere.RESERVED: "A place at their first choice is kept for those who need it more",
    WhyHere.UNCHANGED: "It was proposed before, and their first choice is not better by enough",
    WhyHere.TRADE_OFF: "All children together are better off this way",
}
"""Where nothing is left to name: after an erasure."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """What is told of a proposal, as in `Proposal`, made now or read from what was stored."""

    why: WhyHere
    first_home: str
    behind_first: int
    because_of: Sequence[str]
    others_would_lose: int | None
    unchanged: bool

    @classmethod
    def of(cls, one: Proposal) -> Chosen:
        """Out of a report."""
        return cls(one.why, one.first_home, one.behind_first, one.because_of, one.others_would_lose, one.unchanged)


@dataclass(frozen=True, slots=True)
class Opening:
    """A rule that alone keeps so many homes out, as in `Relaxation`."""

    rule: str
    statutory: bool
    homes: int
    best_home: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """What is told of children without a proposal, as in `Unplaced`, made now or read from what was stored.

    rules: how many homes each rule keeps out; None where that was not counted. nearest: homes, and the rules that
    keep each out. parted: the best way to part who must stay together: some of them, and their home.
    """

    why: WhyNone
    homes_allowed: int
    homes_excluded: int
    best_home: str | None
    free_home: str | None
    lost_to: Sequence[str]
    rules: Mapping[str, int] | None
    nearest: Sequence[tuple[str, Sequence[str]]]
    openings: Sequence[Opening]
    parted: Sequence[tuple[Sequence[str], str]] = ()

    @classmethod
    def of(cls, one: Unplaced) -> Waiting:
        """Out of a report."""
        return cls(
            why=one.why,
            homes_allowed=one.homes_allowed,
            homes_excluded=one.homes_excluded,
            best_home=one.best_home,
            free_home=one.free_home,
            lost_to=one.lost_to,
            rules=Counter(one.out_by_rule) + Counter(one.not_known_by_rule),
            nearest=[(miss.home, [finding.code for finding in miss.findings]) for miss in one.near_misses],
            openings=[Opening(each.rule, each.statutory, each.homes, each.best_home) for each in one.relaxations],
            parted=[(part.children, part.home) for split in one.splits_if_parted[:1] for part in split.parts],
        )


def label(pool: Pool, ref: str) -> str:
    """A home by its name and reference, or by its reference alone where it has no name or is gone."""
    name = _name(pool, ref)
    return f"{name} ({ref})" if name else ref


def label_before_brackets(pool: Pool, ref: str) -> str:
    """The same where something in brackets follows."""
    return f"{ref} {_name(pool, ref)}".rstrip()


def _name(pool: Pool, ref: str) -> str:
    home = HomeRef(ref)
    return pool.record(home).name if home in pool.row_of else ""


def why_here(one: Chosen, name: Naming = str) -> str:
    """Why this home, and not the one that suits these children best by itself."""
    if not one.behind_first and one.why not in (WhyHere.FIRST_CHOICE, WhyHere.PINNED):
        return IN_GENERAL[one.why]
    first = name(one.first_home)
    facts = {
        "first": first,
        "behind": points(one.behind_first),
        "more": f"; {first} has {points(one.behind_first)} points more" if one.behind_first else "",
        "others": joined(one.because_of),
        "stake": _stake(one.others_would_lose, len(one.because_of)),
    }
    again = "; as last night" if one.unchanged and one.why is not WhyHere.UNCHANGED else ""
    return WHY[one.why].format_map(facts) + again


def _stake(loss: int | None, others: int) -> str:
    """What the others would give up by making room: of several the least that one of them would."""
    if loss is None:
        return "who could go nowhere else tonight" if others == 1 else "none of whom could go elsewhere tonight"
    if not loss:
        return (
            "who by points alone would do as well elsewhere"
            if others == 1
            else "one of whom would do as well elsewhere"
        )
    return (
        f"who would lose {points(loss)} points elsewhere"
        if others == 1
        else f"who would lose {points(loss)} or more each"
    )


def why_none(one: Waiting, name: Naming = str) -> list[str]:
    """Why nobody could be proposed: no home at all, to whom the homes went, or what speaks against a free one."""
    if one.why is WhyNone.NO_HOME:
        return _no_home(one, name)
    if not one.homes_allowed:
        return [f"By the rules {counted(one.homes_excluded, 'home')} would do, but a person excluded {_them(one)}."]
    best = f"{': ' if one.homes_allowed == 1 else ', best '}{name(one.best_home)}" if one.best_home else ""
    lines = [f"{counted(one.homes_allowed, 'home')} would do{best}.", *_lost(one)]
    home = one.free_home or one.best_home
    if one.why in WHY_NONE and home:
        lines.append(WHY_NONE[one.why].format(home=name(home)))
    if one.homes_excluded:
        lines.append(f"A person excluded {counted(one.homes_excluded, 'further home')}.")
    return [" ".join(lines)]


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
    lines = ["No home meets every rule."]
    for home, rules in one.nearest[:NEAREST_TOLD]:
        lines.append(f"Nearest: {name(home)}, out by {', '.join(dict.fromkeys(map(words, rules)))}.")
    if not one.nearest and one.rules:
        most = sorted(one.rules.items(), key=lambda item: (-item[1], item[0]))[:RULES_TOLD]
        told = [f"{words(rule)} ({counted(homes, 'home')})" for rule, homes in most]
        lines.append(f"Kept out by {joined(told)}.")
    for opening in one.openings[:NEAREST_TOLD]:
        kind = "law" if opening.statutory else "policy"
        lines.append(
            f"If only '{says(opening.rule)}' ({kind}) were met: {counted(opening.homes, 'home')}"
            f"{': ' if opening.homes == 1 else ', best '}{name(opening.best_home)}."
        )
    if one.parted:
        homes = joined([f"{joined(who)} in {name(home)}" for who, home in one.parted])
        lines.append(f"If a person decided that they may be parted, they could live by the rules: {homes}.")
    return lines
