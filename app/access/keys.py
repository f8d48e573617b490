"""The provider's public keys: read from an address or a file, kept, and read anew when a new key comes up.

A key that nobody knows makes the keys be read again, but not more often than every half minute: anybody can
send a token with an unknown key. While the provider does not answer, the keys that are known go on.
"""

from __future__ import annotations

import json
import logging
import threading
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey

from app.errors import IssuerUnavailable

Key = RSAKey | ECKey | OKPKey

SHORTEST_PAUSE_S = 30.0
"""Least time between two readings of the keys."""

FRESH_S = 600.0
"""After so long the keys are read again even if none is missing: one may have been taken back."""

MOST_FILE_BYTES = 262_144
MOST_KEYS = 100

FITS: Mapping[str, Callable[[Key], bool]] = MappingProxyType(
    {
        "RS256": lambda key: isinstance(key, RSAKey),
        "PS256": lambda key: isinstance(key, RSAKey),
        "ES256": lambda key: isinstance(key, ECKey) and key.curve_name == "P-256",
        "EdDSA": lambda key: isinstance(key, OKPKey) and key.curve_name == "Ed25519",
        "Ed25519": lambda key: isinstance(key, OKPKey) and key.curve_name == "Ed25519",
    }
)
"""Which key goes with which algorithm. A key is never used with another, whatever a token asks for."""

ALGORITHMS = frozenset(FITS)

LEAST_RSA_BITS = 2_048

log = logging.getLogger(__name__)


class Keys:
    """Keys of one provider. Safe to share between threads."""

    def __init__(
        self, read: Callable[[], Mapping[str, Any]], clock: Callable[[], float] = time.monotonic, *, wait: bool = True
    ) -> None:
        self._read = read
        self._clock = clock
        self._lock = threading.Lock()
        self._read_at: float | None = None
        self._tried_at: float | None = None
        self._keys: tuple[tuple[str | None, str | None, Key], ...] = ()
        self.edition = 0
        """Goes up when the keys are no longer the same; what was verified with older ones is verified again."""
        if not wait:
            self.refresh()

    @property
    def is_known(self) -> bool:
        """Whether keys were ever read."""
        return self._read_at is not None

    def is_due(self) -> bool:
        """Whether the keys should be read (again), because they are old."""
        return self._may_try() and (self._read_at is None or self._clock() - self._read_at >= FRESH_S)

    def may_be_newer(self) -> bool:
        """Whether it is time enough since the last reading to look for a key that is not known."""
        return self._may_try()

    def find(self, key_id: str | None, algorithm: str) -> Key | None:
        """The one key that a token means; None where there is none, or more than one could be meant."""
        fits = FITS[algorithm]
        found = [
            key
            for known, only, key in self._keys
            if (key_id is None or known == key_id) and only in {None, algorithm} and fits(key)
        ]
        return found[0] if len(found) == 1 else None

    def refresh(self) -> None:
        """Read the keys, unless somebody just has. Raises `IssuerUnavailable` where there never were any."""
        with self._lock:
            if self._may_try():
                self._tried_at = self._clock()
                self._take()
            if self._read_at is None:
                raise IssuerUnavailable

    def _may_try(self) -> bool:
        return self._tried_at is None or self._clock() - self._tried_at >= SHORTEST_PAUSE_S

    def _take(self) -> None:
        try:
            keys = public_keys(self._read())
        except (OSError, ValueError) as error:
            log.warning("the provider's keys could not be read", extra={"error": type(error).__name__})
            return
        if _said(keys) != _said(self._keys):
            self.edition += 1
        self._keys, self._read_at = keys, self._clock()


def _said(keys: Sequence[tuple[str | None, str | None, Key]]) -> list[Any]:
    return [(key_id, only, key.as_dict(private=False)) for key_id, only, key in keys]


def public_keys(document: object) -> tuple[tuple[str | None, str | None, Key], ...]:
    """Id, the only algorithm if one is named, and key, of each that can check a signature. Others are left out.

    Raises `ValueError` where it is no set of keys.
    """
    listed = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(listed, list) or len(listed) > MOST_KEYS:
        raise ValueError("this is no set of keys")
    found = []
    for each in listed:
        key = _public_key(each) if isinstance(each, dict) else None
        if key is not None:
            found.append((_text(each, "kid"), _text(each, "alg"), key))
    return tuple(found)


def _public_key(said: dict[str, Any]) -> Key | None:
    """None for what is not a public key to check signatures with: a shared secret above all."""
    if "d" in said or said.get("use", "sig") != "sig":
        return None
    makers: dict[str, type[Key]] = {"RSA": RSAKey, "EC": ECKey, "OKP": OKPKey}
    maker = makers.get(str(said.get("kty")))
    if maker is None:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a short key is refused below
            key = maker.import_key(said)
            if isinstance(key, RSAKey) and key.raw_value.key_size < LEAST_RSA_BITS:
                return None
    except (JoseError, ValueError, TypeError, KeyError):
        return None
    return key


def _text(said: dict[str, Any], name: str) -> str | None:
    value = said.get(name)
    return value if isinstance(value, str) else None


def read_file(path: Path) -> Mapping[str, Any]:
    """A set of keys from a file. Raises `OSError` or `ValueError`."""
    with path.open("rb") as file:
        found = file.read(MOST_FILE_BYTES + 1)
    if len(found) > MOST_FILE_BYTES:
        raise ValueError("too large")
    document: Mapping[str, Any] = json.loads(found)
    return document
