"""An OpenID Connect provider: what it says about itself, and where its keys are."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.access.fetching import NotAnswered, fetch, is_trusted_address
from app.access.keys import read_file

FRESH_S = 3_600.0
"""What a provider says about itself is asked again after so long."""


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where a provider is asked for what."""

    authorization: str
    token: str
    keys: str


class Provider:
    """A provider, asked for its addresses when they are first needed. Safe to share between threads."""

    def __init__(self, issuer: str, clock: Callable[[], float] = time.monotonic) -> None:
        self.issuer = issuer
        self._clock = clock
        self._lock = threading.Lock()
        self._known: tuple[float, Endpoints] | None = None

    def endpoints(self) -> Endpoints:
        """Its addresses. Raises `NotAnswered` where it says nothing, or nothing that can be trusted."""
        with self._lock:
            if self._known is None or self._clock() - self._known[0] > FRESH_S:
                said = fetch(f"{self.issuer.rstrip('/')}/.well-known/openid-configuration")
                self._known = self._clock(), self._read(said)
            return self._known[1]

    def _read(self, said: Mapping[str, Any]) -> Endpoints:
        names = ("authorization_endpoint", "token_endpoint", "jwks_uri")
        found = [said.get(name) for name in names]
        if said.get("issuer") != self.issuer:
            raise NotAnswered("it calls itself otherwise")
        addresses = [address for address in found if isinstance(address, str) and is_trusted_address(address)]
        if len(addresses) != len(names):
            raise NotAnswered("an address is missing, or is not HTTPS")
        return Endpoints(*addresses)


def reads_keys(provider: Provider, keys: str | None) -> Callable[[], Mapping[str, Any]]:
    """How to read the keys: from a file, from an address, or from the one that the provider names."""
    if keys is None:
        return lambda: fetch(provider.endpoints().keys)
    if keys.startswith(("https:", "http:")):
        return lambda: fetch(keys)
    return lambda: read_file(Path(keys))
