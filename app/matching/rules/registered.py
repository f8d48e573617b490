"""The home must be registered or approved on the day of moving in."""

from __future__ import annotations

import numpy as np

from app.matching.codes import Registration
from app.matching.columns import LATER_THAN_ANY, NO_DAY
from app.matching.finding import Facts, Finding, code, on_day
from app.matching.pairs import ChildPairs
from app.matching.rules.masks import is_kind
from app.matching.unit import Case, Change, Level, NoParams, Rule, Subject

NOT_ALLOWED = frozenset({Registration.SUSPENDED, Registration.CANCELLED, Registration.UNREGISTERED})


def judge(pairs: ChildPairs, _params: NoParams) -> Finding:
    """Standing and dates: the first day and the last day of the registration are days of it.

    No first day is not known; no last day means that the registration has no end.
    """
    child, home = pairs.child, pairs.home
    never = is_kind(home.registration, NOT_ALLOWED)
    first = np.where(never, LATER_THAN_ANY, home.registered_from)
    last = np.where(home.registered_to == NO_DAY, LATER_THAN_ANY, home.registered_to)
    fails = (first > child.on_day) | (last < child.on_day)
    open_question = (home.registration == Registration.NOT_KNOWN.position) | (home.registered_from == NO_DAY)

    def facts() -> Facts:
        return {
            "registration": code(home.registration, Registration),
            "registered_from": on_day(home.registered_from),
            "registered_to": on_day(home.registered_to),
            "moves_in": on_day(child.on_day),
        }

    return Finding(fails, open_question & ~fails, facts)


def remedies(case: Case, _params: NoParams) -> tuple[Change, ...]:
    """Confirm what is not known, or wait for a first day that is near.

    Nothing helps a home that may not operate.
    """
    home, moves_in = case.home, case.moves_in
    changes = []
    if home.registration is Registration.NOT_KNOWN:
        changes.append(Change(Subject.HOME, "registration", Registration.REGISTERED))
    if home.registered_from is None:
        changes.append(Change(Subject.HOME, "registered_from", moves_in))
    elif home.registered_from > moves_in:
        changes.append(Change(Subject.REFERRAL, "needed_by", home.registered_from))
        moves_in = home.registered_from
    over = home.registered_to is not None and home.registered_to < moves_in
    no_help = over or home.registration in NOT_ALLOWED or not case.could_wait_until(moves_in)
    return () if no_help else tuple(changes)


REGISTERED = Rule(
    code="registered",
    says="The home is registered or approved on the day of moving in",
    because="The home is {registration} (from {registered_from:day}, to {registered_to:end}); "
    "the child would move in on {moves_in:day}",
    statutory=True,
    source="Care Standards Act 2000 s11; Children Act 1989 s22C(6); Supported Accommodation (England) Regulations 2023",
    level=Level.CHILD,
    judge=judge,
    remedies=remedies,
)
