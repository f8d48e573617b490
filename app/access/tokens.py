"""Bearer tokens: a signed JWT becomes a principal, or is refused without a reason that would help a forger."""

from __future__ import annotations

import binascii
import hashlib
import json
import time
from base64 import urlsafe_b64decode
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError, UnsupportedAlgorithmError
from joserfc.jws import JWSRegistry

from app.access.claims import LEEWAY_S, Claims
from app.access.keys import Key, Keys
from app.access.principal import Principal
from app.errors import TokenRefused

MOST_BYTES = 8_192
"""Longest token that is looked at."""

KEPT = 10_000
"""Verified tokens that are remembered."""

KEPT_S = 300.0
"""Longest time for which a verified token is remembered: then its key must still be among the provider's."""

TYPES = frozenset({None, "jwt", "at+jwt", "application/at+jwt"})
"""What a token may call itself. A logout token or a proof of possession is no access token."""


class KeyNotKnown(Exception):
    """The token is signed with a key that has not been seen yet."""


class _Pinned(JWSRegistry):
    """Algorithms that were chosen in the settings, and no other."""

    max_header_length = 2_048

    def get_alg(self, name: str) -> Any:
        """The algorithm of this name, if it is allowed."""
        if name not in (self.allowed or ()):
            raise UnsupportedAlgorithmError
        return self.algorithms[name]


@dataclass(frozen=True, slots=True)
class Verified:
    """A principal, for how long its token is good, and with which edition of the keys it was verified."""

    principal: Principal
    expires: float
    forget_at: float
    edition: int


class Verifier:
    """Signatures of one provider's tokens."""

    def __init__(self, keys: Keys, algorithms: frozenset[str]) -> None:
        self.keys = keys
        self._algorithms = algorithms
        self._registry = _Pinned(algorithms=algorithms, strict_check_header=False)

    def claims(self, token: str) -> Mapping[str, Any]:
        """The claims of a token whose signature is good.

        Raises `KeyNotKnown` where reading the keys again might help, and `TokenRefused` for all else.
        """
        header = _header(token)
        algorithm, key_id = header.get("alg"), header.get("kid")
        named_well = isinstance(algorithm, str) and (key_id is None or isinstance(key_id, str))
        if not named_well or algorithm not in self._algorithms or not _is_plain(header):
            raise TokenRefused
        key = self.keys.find(key_id, algorithm)
        if key is None:
            raise KeyNotKnown
        return self._checked(token, key, algorithm)

    def _checked(self, token: str, key: Key, algorithm: str) -> Mapping[str, Any]:
        try:
            signed = jws.deserialize_compact(token, key, [algorithm], self._registry)
            claims = json.loads(signed.payload or b"")
        except (JoseError, ValueError, TypeError, RecursionError):
            raise TokenRefused from None
        if not isinstance(claims, dict):
            raise TokenRefused
        return claims


def _header(token: str) -> dict[str, Any]:
    """The header, not verified yet."""
    if len(token) > MOST_BYTES or token.count(".") != 2 or not token.isascii():
        raise TokenRefused
    encoded = token.partition(".")[0]
    try:
        header = json.loads(urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        raise TokenRefused from None
    if not isinstance(header, dict):
        raise TokenRefused
    return header


def _is_plain(header: dict[str, Any]) -> bool:
    """Whether the header asks for nothing that would have to be understood, and calls itself an access token."""
    kind = header.get("typ")
    named = kind.lower() if isinstance(kind, str) else kind
    known = named is None or (isinstance(named, str) and named in TYPES)
    return known and "crit" not in header and "b64" not in header


class TokenReader:
    """Bearer tokens to principals. What was verified is remembered by the hash of the token, for some minutes."""

    def __init__(self, verifier: Verifier, claims: Claims, clock: Callable[[], float] = time.time) -> None:
        self._verifier = verifier
        self._claims = claims
        self._clock = clock
        self._known: OrderedDict[bytes, Verified] = OrderedDict()

    @property
    def keys(self) -> Keys:
        """The keys with which tokens are verified."""
        return self._verifier.keys

    def remembered(self, token: str) -> Principal | None:
        """The principal of a token that was verified a short while ago."""
        known = self._known.get(_hash(token))
        now = self._clock()
        if known is None or now >= known.forget_at or now >= known.expires or known.edition != self.keys.edition:
            return None
        return known.principal

    def read(self, token: str) -> Principal:
        """The principal of a token. Raises `TokenRefused`, `TokenExpired` or `KeyNotKnown`."""
        edition, now = self.keys.edition, self._clock()
        claims = self._verifier.claims(token)
        if "nonce" in claims:  # an ID token tells a client who signed in; it opens nothing
            raise TokenRefused
        principal = self._claims.principal(claims, now)
        self._known[_hash(token)] = Verified(principal, claims["exp"] + LEEWAY_S, now + KEPT_S, edition)
        while len(self._known) > KEPT:
            self._known.popitem(last=False)
        return principal


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
