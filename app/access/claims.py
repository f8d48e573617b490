"""What the claims of a verified token say about the caller. Pure: a token's signature is `app.access.tokens`' business.

A caller is a system unless the token says that it is a person: the provider is asked for a claim that only the
token of a person has (`person_claim`). Without such a setting every bearer token is a system's, and persons come
by the browser. Nothing is ever guessed towards a person.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.access.principal import Kind, Principal, Role
from app.errors import TokenExpired, TokenRefused

LEEWAY_S = 30
"""Seconds by which the clocks of provider and service may differ."""

LONGEST_LIFE_S = 86_400
"""A token that is good for more than a day from now is refused: nothing could take it back."""

_GSS = re.compile(r"[ENSW]\d{8}")
_SUBJECT = re.compile(r"[\x21-\x7e]{1,255}")


@dataclass(frozen=True, slots=True)
class Claims:
    """How to read the tokens of one provider.

    `roles` maps the provider's words to ours; what is not in it gives no role. `roles_claim`, `person_claim` and
    `subject_claim` may name a claim within others, with dots. Without `authority_claim` every token is for `authority`.
    """

    issuer: str
    audience: str
    authority: str
    roles: Mapping[str, Role]
    roles_claim: str = "roles"
    authority_claim: str | None = None
    person_claim: str | None = None
    person_values: frozenset[str] = field(default_factory=frozenset)
    subject_claim: str = "sub"

    def principal(self, claims: Mapping[str, Any], now: float) -> Principal:
        """The caller. Raises `TokenRefused` or `TokenExpired` where the claims do not let anybody in."""
        self.check(claims, now, self.audience)
        return self.holder(claims, self._kind(claims))

    def person(self, claims: Mapping[str, Any]) -> Principal:
        """Who signed in with a browser, from the checked claims of the ID token: a person, by the way it came about."""
        return self.holder(claims, Kind.PERSON)

    def holder(self, claims: Mapping[str, Any], kind: Kind) -> Principal:
        """The caller as a principal of this kind."""
        subject = _at(claims, self.subject_claim)
        if not isinstance(subject, str) or not _SUBJECT.fullmatch(subject):
            raise TokenRefused
        return Principal(subject, kind, self._authority(claims), self._roles(claims))

    def check(self, claims: Mapping[str, Any], now: float, audience: str) -> None:
        """Issuer, audience and times. Raises `TokenRefused`, or `TokenExpired` where only time is to blame."""
        audiences = claims.get("aud")
        wanted = audiences if isinstance(audiences, list) else [audiences]
        if claims.get("iss") != self.issuer or audience not in wanted:
            raise TokenRefused
        expires = instant(claims, "exp")
        if expires is None or expires > now + LONGEST_LIFE_S + LEEWAY_S:
            raise TokenRefused
        if any((instant(claims, name) or now) > now + LEEWAY_S for name in ("nbf", "iat")):
            raise TokenRefused
        if expires <= now - LEEWAY_S:
            raise TokenExpired

    def _kind(self, claims: Mapping[str, Any]) -> Kind:
        """A person only where the provider says so, and never where the token is a client's own."""
        clients = [claims[name] for name in ("azp", "client_id") if claims.get(name) is not None]
        named = claims.get("sub"), _at(claims, self.subject_claim)
        if self.person_claim is None or any(name in clients for name in named):
            return Kind.SYSTEM
        said = _at(claims, self.person_claim)
        return Kind.PERSON if isinstance(said, str) and said in self.person_values else Kind.SYSTEM

    def _authority(self, claims: Mapping[str, Any]) -> str:
        if self.authority_claim is None:
            return self.authority
        said = _at(claims, self.authority_claim)
        if not isinstance(said, str) or not _GSS.fullmatch(said):
            raise TokenRefused
        return said

    def _roles(self, claims: Mapping[str, Any]) -> frozenset[Role]:
        said = _at(claims, self.roles_claim)
        words = said.split() if isinstance(said, str) else said if isinstance(said, list) else []
        return frozenset(self.roles[word] for word in words if isinstance(word, str) and word in self.roles)


def instant(claims: Mapping[str, Any], name: str) -> float | None:
    """A time as seconds since 1970; None where the claim is missing. Raises `TokenRefused` for anything else."""
    said = claims.get(name)
    if said is None:
        return None
    if isinstance(said, bool) or not isinstance(said, int | float):
        raise TokenRefused
    if isinstance(said, float) and not math.isfinite(said):  # a whole number is finite, however many digits it has
        raise TokenRefused
    return said


def _at(claims: Mapping[str, Any], name: str) -> Any:
    """The claim of this very name; else what stands at the end of its dots."""
    if name in claims:
        return claims[name]
    found: Any = claims
    for part in name.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found
