"""Which version a change was made from: the meaning of If-Match and If-None-Match."""

from __future__ import annotations

from dataclasses import dataclass

from app.errors import NothingToMatch, VersionMismatch, VersionNotGiven


@dataclass(frozen=True, slots=True)
class Precondition:
    """What must be so for a change to be made.

    `versions`: the change was made from one of these; None where the caller did not say. `exists`: it must
    be there, in whatever version. `absent`: it must not be there yet.
    """

    versions: frozenset[int] | None = None
    exists: bool = False
    absent: bool = False

    def check(self, current: int | None) -> None:
        """Raise unless a change may be made to what is now at version `current` (None: not there)."""
        if current is None:
            if self.exists or self.versions is not None:
                raise NothingToMatch
            return
        if self.absent or (self.versions is not None and current not in self.versions):
            raise VersionMismatch
        if self.versions is None and not self.exists:
            raise VersionNotGiven


@dataclass(frozen=True, slots=True)
class Saved:
    """What a change led to: the version that is now there, whether it is new, and who stood in it before.

    `claimed`: of a home, the children who have a place in it by a placement.
    """

    version: int
    is_new: bool
    before: frozenset[str] = frozenset()
    claimed: frozenset[str] = frozenset()
