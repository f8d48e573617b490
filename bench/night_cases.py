"""The nights of `make bench-run`, as records: who waits, which homes there are, and how many places are free."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace

from app.demo.authority import Authority, Sizes, country, region, sizes_of, synthetic_authority
from app.matching.batch import Night
from app.matching.home import Home
from app.matching.pool import Pool
from app.matching.referral import Referral
from bench.cases_matching import DAY, directory, policy_in_use

SEED = 1


@dataclass(frozen=True, slots=True)
class Case:
    """A night and what is asked of it: seconds, megabytes, and the gap in percent.

    `free`: usable places in all, made by closing places or adding some; None leaves what the authority has.
    `local`, `placed`: the caseload that the target counts beside those placed tonight.
    """

    name: str
    sizes: Sizes
    free: int | None
    seconds: float
    gap_percent: float
    memory_mb: int | None
    local: int
    placed: int


CASES = (
    Case("Nottingham, 55 children x 450 homes", Sizes(), None, 1, 0, None, 500, 650),
    Case("region, 1,000 children x 3,000 homes, ample", sizes_of(728, 3_000), 4_800, 2, 0.005, None, 7_000, 9_000),
    Case("region, 900 places", sizes_of(728, 3_000), 900, 2, 0.005, None, 7_000, 9_000),
    Case(
        "country, 10,000 children x 12,000 homes, 22,000 places",
        sizes_of(7_280, 12_000), 22_000, 30, 0.02, 2_048, 54_000, 70_000,
    ),
    Case("country, 9,000 places", sizes_of(7_280, 12_000), 9_000, 30, 0.02, 2_048, 54_000, 70_000),
    Case("stress, 5,000 children x 25,000 homes", sizes_of(3_640, 25_000), None, 30, 0.02, 2_048, 27_000, 35_000),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Records:
    """What a night is made of, before anything is worked out."""

    referrals: tuple[Referral, ...]
    homes: tuple[Home, ...]


def authority_of(case: Case) -> Authority:
    """The synthetic authority, region or country of a case."""
    if case.sizes.referrals <= Sizes().referrals:
        return synthetic_authority(case.sizes, SEED, DAY, directory())
    make = region if case.sizes.homes <= 3_000 else country
    return make(SEED, DAY, directory(), case.sizes)


def records_of(case: Case) -> Records:
    """The records of a case, with as many free places as it says."""
    made = authority_of(case)
    homes = made.homes if case.free is None else tuple(with_free_places(made.homes, case.free))
    return Records(made.referrals, homes)


def night_of(case: Case, records: Records) -> Night:
    """The night of these records. Making the pool is part of what is measured."""
    pool = Pool.build(records.homes)
    return Night(records.referrals, pool, policy_in_use(), DAY, local_placed=case.local, total_placed=case.placed)


def free_places(home: Home) -> int:
    """Places that nobody lives in or holds."""
    return max(0, home.places - home.places_held - len(home.residents))


def with_free_places(homes: Iterable[Home], wanted: int) -> list[Home]:
    """The homes with so many free places in all: some closed, or one after another added, whichever is missing.

    Which homes are touched follows from a hash of their references, so it has nothing to do with what they are like.
    """
    found = list(homes)
    order = sorted(range(len(found)), key=lambda at: hashlib.blake2b(found[at].ref.encode(), digest_size=8).digest())
    surplus = sum(map(free_places, found)) - wanted
    while surplus:
        touched = False
        for at in order:
            home = found[at]
            if surplus > 0 and free_places(home):
                found[at] = replace(home, places_held=home.places_held + 1)
                surplus, touched = surplus - 1, True
            elif surplus < 0:
                found[at] = replace(home, places=home.places + 1)
                surplus, touched = surplus + 1, True
        if not touched:
            break
    return found
