"""Why a home is proposed, or none, in words for the terminal."""

from __future__ import annotations

from app.matching.night_report import Proposal, Unplaced, WhyHere, WhyNone
from app.matching.pool import Pool
from app.matching.referral import HomeRef
from app.wording import counted, joined, points, says, words

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


def why_here(one: Proposal) -> str:
    """Why this home, and not the one that suits these children best by itself."""
    facts = {
        "first": one.first_home,
        "behind": points(one.behind_first),
        "more": f"; {one.first_home} has {points(one.behind_first)} points more" if one.behind_first else "",
        "others": ", ".join(one.because_of),
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


def why_none(one: Unplaced, pool: Pool) -> list[str]:
    """Why nobody could be proposed: no home at all, to whom the homes went, or what speaks against a free one."""
    if one.why is WhyNone.NO_HOME:
        return _no_home(one, pool)
    if not one.homes_allowed:
        return [f"By the rules {counted(one.homes_excluded, 'home')} would do, but a person excluded {_them(one)}."]
    best = f"{': ' if one.homes_allowed == 1 else ', best '}{label(pool, one.best_home)}" if one.best_home else ""
    lines = [f"{counted(one.homes_allowed, 'home')} would do{best}.", *_lost(one)]
    home = one.free_home or one.best_home
    if one.why in WHY_NONE and home:
        lines.append(WHY_NONE[one.why].format(home=label(pool, home)))
    if one.homes_excluded:
        lines.append(f"A person excluded {counted(one.homes_excluded, 'further home')}.")
    return [" ".join(lines)]


def _them(one: Unplaced) -> str:
    return "it" if one.homes_excluded == 1 else "them"


def _lost(one: Unplaced) -> list[str]:
    """Who is in the way, and how."""
    if not one.lost_to:
        return []
    single, others = one.homes_allowed == 1, joined(one.lost_to)
    which = "It" if single else "The best"
    if one.why is WhyNone.ARRIVALS:
        return [f"{which} can welcome nobody more tonight: {others} {'goes' if len(one.lost_to) == 1 else 'go'} there."]
    if one.why is WhyNone.MAY_NOT_SHARE:
        return [f"{which} would have room, but not together with {others}: they may not share a home."]
    if single:
        return [f"It goes to {others}."]
    return [
        f"Others of them go to {others}." if one.free_home == one.best_home else f"The best of them go to {others}."
    ]


def _no_home(one: Unplaced, pool: Pool) -> list[str]:
    lines = ["No home meets every rule."]
    for miss in one.near_misses[:2]:
        rules = ", ".join(dict.fromkeys(words(finding.code) for finding in miss.findings))
        lines.append(f"Nearest: {label(pool, miss.home)}, out by {rules}.")
    for relaxation in one.relaxations[:2]:
        kind = "law" if relaxation.statutory else "policy"
        lines.append(
            f"If only '{says(relaxation.rule)}' ({kind}) were met: {counted(relaxation.homes, 'home')}"
            f"{': ' if relaxation.homes == 1 else ', best '}{label(pool, relaxation.best_home)}."
        )
    return lines


def label(pool: Pool, ref: HomeRef) -> str:
    """A home by its name and reference, or by its reference alone."""
    home = pool.record(ref)
    return f"{home.name} ({ref})" if home.name else ref
