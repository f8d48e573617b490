"""What must be so of placements, in plain words, for the random lives of `tests.campaign.machine`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from app.store.placement_records import CLAIMING, PURSUED, TEMPORARY, State

HOMES = {"A": 1, "B": 2, "L": 2}
"""Homes, and how many places they have at first."""

LATE = "L"
"""A home far away whose place is free too late: held by overriding a rule, accepted once two others agreed."""

RULE = "available_by"
REFERRALS = ("R1", "R2", "R3", "R4")
CHILD = {ref: f"C{ref}" for ref in REFERRALS}


@dataclass
class Look:
    """What was seen of a referral: its id, versions, the homes that it names, and the placements of others there.

    Also one with a free place that is out only because the child has a place there already: a rule of the policy.
    """

    id: str
    referral: str
    version: int
    homes: dict[str, int]
    company: dict[str, frozenset[str]]


@dataclass
class Model:
    """What must be so, in plain words: a list of placements, versions of records, and which search a referral has."""

    places: dict[str, int] = field(default_factory=lambda: dict(HOMES))
    home_version: dict[str, int] = field(default_factory=lambda: dict.fromkeys(HOMES, 1))
    version: dict[str, int] = field(default_factory=lambda: dict.fromkeys(REFERRALS, 1))
    search: dict[str, int] = field(default_factory=lambda: dict.fromkeys(REFERRALS, 0))
    placements: list[dict[str, Any]] = field(default_factory=list)

    def claimed(self, home: str) -> int:
        """Places of the home that are taken: nobody is counted twice, though they may be pursued where they live."""
        return len({one["referral"] for one in self.placements if one["home"] == home and one["state"] in CLAIMING})

    def of(self, referral: str, *wanted: State) -> list[dict[str, Any]]:
        """The placements of a referral's child in these states."""
        return [one for one in self.placements if one["referral"] == referral and one["state"] in wanted]

    def company(self, home: str, referral: str) -> frozenset[str]:
        """The placements by which others than a referral's child have a place in the home."""
        others = (one for one in self.placements if one["home"] == home and one["referral"] != referral)
        return frozenset(one["record"].id for one in others if one["state"] in CLAIMING)

    def offered(self, referral: str) -> dict[str, int]:
        """The homes that a shortlist shows now, with their versions."""
        return {home: version for home, version in self.possible(referral).items() if home != LATE}

    def possible(self, referral: str) -> dict[str, int]:
        """The homes that can be held, be it by overriding a rule."""
        lives = {one["home"] for one in self.of(referral, *CLAIMING)}
        return {home: version for home, version in self.named().items() if home not in lives}

    def named(self) -> dict[str, int]:
        """The homes with a free place, with their versions."""
        return {home: self.home_version[home] for home in HOMES if self.claimed(home) < self.places[home]}

    def may_hold(self, look: Look, home: str) -> bool:
        """Whether a hold must work."""
        placed = self.of(look.referral, State.PLACED)
        another = all(self.search[look.referral] > one["search"] for one in placed)
        waiting = not self.of(look.referral, *PURSUED) and another
        same = look.version == self.version[look.referral] and look.homes.get(home) == self.home_version[home]
        beside = self.company(home, look.referral) == look.company[home]
        return waiting and same and beside and home in self.possible(look.referral)

    def may_accept(self, one: dict[str, Any]) -> bool | None:
        """Whether an acceptance on the first look must work; None where an agreement may have fallen since."""
        if not self._as_it_was(one) or (one["home"] == LATE and not {"second", "approve"} <= set(one["agreed"])):
            return False
        return True if all(then == self.facts(one) for then in one["agreed"].values()) else None

    def facts(self, one: dict[str, Any]) -> Any:
        """What an agreement to a placement is given for."""
        home, referral = one["home"], one["referral"]
        return self.version[referral], self.home_version[home], self.company(home, referral)

    def _as_it_was(self, one: dict[str, Any]) -> bool:
        same = one["seen"] == (self.version[one["referral"]], self.home_version[one["home"]])
        beside = self.company(one["home"], one["referral"]) == one["beside"]
        return one["state"] in TEMPORARY and same and beside and self.claimed(one["home"]) <= self.places[one["home"]]
