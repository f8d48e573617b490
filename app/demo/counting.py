"""How a share, a sum or a mean is taken from an authority, in the unit of the published figure.

Who has no score is left out of a share of scores. Shares are whole per mille, rounded to the nearest.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TypeVar

from app.demo.authority import Authority
from app.demo.caseload import rounded
from app.demo.figures import LOOKED_AFTER
from app.demo.people import age_on
from app.demo.residents import PlacedChild
from app.demo.who import Test
from app.matching.codes import FOSTERING_KINDS, Sex
from app.matching.home import Home
from app.matching.referral import Child

WEEKS_A_YEAR = 52

T = TypeVar("T")

Count = Callable[[Authority], int | None]
"""What is measured, in the unit of the published figure; None where there is nobody to measure it on."""


def share(part: int, whole: int) -> int | None:
    """Per mille; None of nothing."""
    return rounded(1000 * part, whole) if whole else None


def _share_of(things: Collection[T], test: Callable[[T], bool]) -> int | None:
    return share(sum(map(test, things)), len(things))


def placed(who: Test, what: Test) -> Count:
    """Of the caseload that `who` names, the share for which `what` is true."""

    def of(authority: Authority) -> int | None:
        rows = [row for row in authority.caseload if who(row)]
        return _share_of(rows, what)

    return of


def homes(who: Callable[[Home], bool], what: Callable[[Home], bool]) -> Count:
    """The same of homes."""

    def of(authority: Authority) -> int | None:
        homes = [home for home in authority.homes if who(home)]
        return _share_of(homes, what)

    return of


def waiting(who: Callable[[Child], bool], what: Callable[[Child], bool]) -> Count:
    """The same of waiting children."""

    def of(authority: Authority) -> int | None:
        children = [child for referral in authority.referrals for child in referral.children if who(child)]
        return _share_of(children, what)

    return of


def searches(what: Callable[[Child], bool]) -> Count:
    """Of the searches, the share whose first child `what` is true for."""

    def of(authority: Authority) -> int | None:
        return _share_of(authority.referrals, lambda search: what(search.children[0]))

    return of


def number(what: Callable[[Home], bool], places: Callable[[Home], int]) -> Count:
    """Sum over the homes that `what` names."""
    return lambda authority: sum(places(home) for home in authority.homes if what(home))


def fee(who: Test, of: Callable[[list[int]], int]) -> Count:
    """Something of the fees paid for those whom `who` names."""

    def measured(authority: Authority) -> int | None:
        fees = [row.weekly_fee_pence for row in authority.caseload if who(row)]
        return of(fees) if fees else None

    return measured


def mean_pounds(pence: list[int]) -> int:
    """The mean, in whole pounds."""
    return rounded(sum(pence), 100 * len(pence))


def spend(authority: Authority) -> int:
    """For as many children as the council looks after."""
    weekly = sum(row.weekly_fee_pence for row in authority.caseload)
    return rounded(weekly * WEEKS_A_YEAR * LOOKED_AFTER.value, max(1, len(authority.caseload)) * 100 * 1_000_000)


def _aged(row: PlacedChild, authority: Authority) -> bool:
    return row.date_of_birth is not None and age_on(authority.as_of, row.date_of_birth) >= 11


def older(authority: Authority) -> int | None:
    """Share of the caseload aged 11 or more."""
    return _share_of(authority.caseload, lambda row: _aged(row, authority))


def older_males(authority: Authority) -> int | None:
    """The same, and male."""
    rows = authority.caseload
    return _share_of(rows, lambda row: _aged(row, authority) and row.sex is Sex.MALE)


def waiting_older(authority: Authority) -> int | None:
    """Share aged 11 or more of the waiting children whose birthday is known."""
    days = [child.date_of_birth for search in authority.referrals for child in search.children]
    known = [day for day in days if day is not None]
    return _share_of(known, lambda day: age_on(authority.as_of, day) >= 11)


def apart(siblings: range) -> Count:
    """Of children with so many siblings in care: those of whom not all live in one home."""

    def of(authority: Authority) -> int | None:
        home = {row.child: row.home for row in authority.caseload}
        rows = [row for row in authority.caseload if len(row.siblings) in siblings]
        return _share_of(rows, lambda row: any(home[other] != row.home for other in row.siblings))

    return of


def foster_places(count: Callable[[Home], int]) -> Count:
    """Share of all foster places, connected persons' too, that `count` gives."""

    def of(authority: Authority) -> int | None:
        homes = [home for home in authority.homes if home.kind in FOSTERING_KINDS]
        return share(sum(map(count, homes)), sum(home.places for home in homes))

    return of


def mean_places(kind: Callable[[Home], bool]) -> Count:
    """Places of a home on average, in tenths."""

    def of(authority: Authority) -> int | None:
        homes = [home for home in authority.homes if kind(home)]
        return rounded(10 * sum(home.places for home in homes), len(homes)) if homes else None

    return of


def one(_home: Home) -> int:
    """A home counts as one."""
    return 1


def places(home: Home) -> int:
    """A home counts as its places."""
    return home.places
