"""Who calls: a person or a system, of one authority, with roles."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Role(StrEnum):
    """What a caller may be. Which role may use which address is one table: `app.access.permissions`."""

    CASE_SYSTEM = "case_system"
    OFFICER = "officer"
    APPROVER = "approver"
    DIRECTOR = "director"
    COMMISSIONER = "commissioner"
    AUDITOR = "auditor"
    ADMIN = "admin"


class Kind(StrEnum):
    """A decision about a child is a person's: no system makes one (UK GDPR art 22A-D)."""

    PERSON = "person"
    SYSTEM = "system"


def same_person(one: str, other: str | None) -> bool:
    """Whether two subjects may be one person: capital letters alone make nobody another."""
    return other is not None and one.casefold() == other.casefold()


@dataclass(frozen=True, slots=True)
class Principal:
    """A caller whose token or session was found good.

    `subject` names the caller for ever and is nobody's name or address: the issuer's `sub`. `authority` is the
    ONS code of the authority on whose rows the caller may look.
    """

    subject: str
    kind: Kind
    authority: str
    roles: frozenset[Role] = field(default_factory=frozenset)

    def is_any(self, *roles: Role) -> bool:
        """Whether the caller has one of these roles."""
        return not self.roles.isdisjoint(roles)
