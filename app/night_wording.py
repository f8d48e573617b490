"""Why a home is proposed, in sentences for an officer: the same in the terminal and from the API."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from app.matching.night_report import Proposal, WhyHere
from app.matching.pool import Pool
from app.matching.referral import HomeRef
from app.wording import joined, points

Naming: TypeAlias = Callable[[str], str]
"""How a home is called, by its reference."""

WHY = {
    WhyHere.FIRST_CHOICE: "Their first choice: no home has more points for them",
    WhyHere.PINNED: "A person pinned this home for them{more}",
    WhyHere.EXCLUDED: "A person excluded {first} ({behind} points more) for them",
    WhyHere.DECLINED: "{first} ({behind} points more) was declined for them, and no record has changed since",
    WhyHere.PLACES: "{first} ({behind} points more) goes to {others}, {stake}",
    WhyHere.ARRIVALS: "{first} ({behind} points more) welcomes {others}, {stake}, and no more tonight",
    WhyHere.MAY_NOT_SHARE: "{first} ({behind} points more) goes to {others}, {stake}; they may not share it",
    WhyHere.SIBLINGS: "{first} ({behind} points more) goes to {others}, {stake}",
    WhyHere.TRADE_OFF: "Best for all children together: for {first} ({behind} points more) a chain of others would "
    "have to move",
}
WHY_ALONE = {
    WhyHere.ARRIVALS: "{first} ({behind} points more) welcomes nobody tonight",
    WhyHere.SIBLINGS: "{first} ({behind} points more) goes to {others}",
    WhyHere.TRADE_OFF: "Best for all children together; {first} has {behind} points more",
}
"""Where nobody is counted who would have to leave: of an earlier version, or where nobody is there."""
WITH_ROOM = "{first} ({behind} points more) has room for them, but {limits}"
EXCHANGED = "{first} ({behind} points more) goes to {others}, {stake}; {limits}"
LIMIT = {
    WhyHere.PINNED_FOR_OTHERS: "a person pinned it for them",
    WhyHere.BUDGET: "it would overrun the weekly budget",
    WhyHere.LOCAL_TARGET: "it would take the night further from its local target",
    WhyHere.RESERVED: "it is kept for those who need it more (reserve price)",
    WhyHere.UNCHANGED: "that is too little to change what was proposed before",
}
"""What speaks against a home with room."""
LIMIT_OF_EXCHANGE = {
    WhyHere.PINNED_FOR_OTHERS: "a person pinned it for them",
    WhyHere.BUDGET: "a change would overrun the weekly budget",
    WhyHere.LOCAL_TARGET: "a change would take the night further from its local target",
    WhyHere.RESERVED: "a place that would be used then is kept for those who need it more (reserve price)",
    WhyHere.UNCHANGED: "that is too little to change what was proposed before",
}
"""What speaks against an exchange with those who go there."""
NOTHING = "nothing speaks against it: please look at it by hand"
SIBLINGS = "their brothers and sisters"
IN_GENERAL: Mapping[WhyHere, str] = {
    WhyHere.FIRST_CHOICE: "This home has the most points for them",
    WhyHere.PINNED: "A person pinned this home for them",
    WhyHere.EXCLUDED: "A person excluded the home with the most points for them",
    WhyHere.DECLINED: "The home with the most points was declined for them, and no record has changed since",
    WhyHere.PLACES: "The places of their first choice go to others",
    WhyHere.ARRIVALS: "Their first choice takes no further newcomers that night: others go there",
    WhyHere.MAY_NOT_SHARE: "At their first choice others arrive with whom they may not live",
    WhyHere.SIBLINGS: "Brothers and sisters go to their first choice, and not all of them can go there",
    WhyHere.PINNED_FOR_OTHERS: "A person pinned their first choice for others",
    WhyHere.BUDGET: "A move to their first choice would overrun the weekly budget",
    WhyHere.LOCAL_TARGET: "A move to their first choice would take the night further from its local target",
    WhyHere.RESERVED: "A place that a move to their first choice would use is kept for those who need it more",
    WhyHere.UNCHANGED: "It was proposed before, and their first choice is not better by enough",
    WhyHere.TRADE_OFF: "All children together are better off this way",
    WhyHere.OPEN: "Nothing speaks against their first choice: please look at it by hand",
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
    must_leave: int
    besides: Sequence[WhyHere] = ()

    @classmethod
    def of(cls, one: Proposal) -> Chosen:
        """Out of a report."""
        return cls(
            why=one.why,
            first_home=one.first_home,
            behind_first=one.behind_first,
            because_of=one.because_of,
            others_would_lose=one.others_would_lose,
            unchanged=one.unchanged,
            must_leave=one.must_leave,
            besides=one.besides,
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
    others = _others(one)
    facts = {
        "first": first,
        "behind": points(one.behind_first),
        "more": f"; {first} has {points(one.behind_first)} points more" if one.behind_first else "",
        "others": joined(others),
        "stake": _stake(one, len(others)),
        "limits": _limits(one),
    }
    again = "; as proposed before" if one.unchanged else ""
    return _pattern(one).format_map(facts) + again


def _pattern(one: Chosen) -> str:
    if not one.must_leave and one.why in WHY_ALONE:
        return WHY_ALONE[one.why]
    return WHY.get(one.why) or (EXCHANGED if one.must_leave else WITH_ROOM)


def _others(one: Chosen) -> list[str]:
    """Who is in the way; brothers and sisters are not named as a referral of their own."""
    own = one.why is WhyHere.SIBLINGS or one.must_leave > len(one.because_of)
    return [SIBLINGS, *one.because_of] if own else list(one.because_of)


def _limits(one: Chosen) -> str:
    """Every limit that binds, in a row."""
    says_so = LIMIT_OF_EXCHANGE if one.must_leave else LIMIT
    told = [says_so[limit] for limit in (one.why, *one.besides) if limit in says_so]
    return joined(told) or NOTHING


def _stake(one: Chosen, others: int) -> str:
    """What the others would give up by making room: all of them together, or the least that enough of them would."""
    loss, leaving = one.others_would_lose, one.must_leave
    some = "one of whom" if leaving == 1 else f"{leaving} of whom"
    if loss is not None:
        together = " together" if leaving > 1 else ""
        return f"{'who' if leaving >= others else some} would {_loses(one, loss)}{together}"
    if leaving > 1:
        return f"{'who' if leaving >= others else f'{some} would have to leave and'} could not all go elsewhere tonight"
    return f"for {'whom no other' if leaving >= others else 'none of whom another'} home has room tonight"


def _loses(one: Chosen, loss: int) -> str:
    if not loss:
        return "do as well elsewhere"
    only = "only " if one.why not in WHY else ""
    return f"{f'lose {only}' if loss > 0 else 'gain '}{points(abs(loss))} points elsewhere"
