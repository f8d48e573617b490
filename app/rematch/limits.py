"""How much a run may use."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from enum import StrEnum


class Strength(StrEnum):
    """How much work the solver does; counted in steps and not in seconds, so that results repeat."""

    FULL = "full"
    LIGHT = "light"


ALWAYS_S = 60
"""Seconds that a problem of any size may take: a city's night takes one, on a busy machine several."""

PER_MILLION_PAIRS_S = 30
"""Seconds more for each million allowed pairs: a region or a country takes one to two."""

LEAST_SHARE = 5

MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Share:
    """What one attempt may use: seconds by the clock at the very most, and megabytes for the solver's process."""

    seconds: int
    memory_mb: int

    def __post_init__(self) -> None:
        """Refuse what could not be meant."""
        for item in fields(self):
            if getattr(self, item.name) < 1:
                raise ValueError(f"Limits: {item.name} must be at least 1.")

    def seconds_for(self, pairs: int) -> int:
        """Seconds for a problem with so many allowed pairs, so that a solver that hangs on a small one is noticed soon.

        Never more than `seconds`, and never less than a fifth of them: whoever allows more time is given more.
        """
        usual = ALWAYS_S + PER_MILLION_PAIRS_S * pairs // MILLION
        return min(self.seconds, max(usual, self.seconds // LEAST_SHARE))


@dataclass(frozen=True, slots=True)
class Limits:
    """What a run may use. They end a run that goes wrong and decide nothing in one that goes well.

    `full`: the first attempt. `light`: the second, where the first one failed. `niceness`: how far the solver stands
    back behind others, 0 to 19. `threads`: of the parent, while it judges all pairs.
    """

    full: Share = field(default_factory=lambda: Share(300, 2_048))
    light: Share = field(default_factory=lambda: Share(120, 2_048))
    niceness: int = 5
    threads: int = 2

    def of(self, strength: Strength) -> Share:
        """What an attempt of this strength may use."""
        return self.full if strength is Strength.FULL else self.light
