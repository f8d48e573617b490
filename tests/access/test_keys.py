"""Keys of a provider: which are taken, how often they are asked for, and what happens while there is no answer."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from app.access.keys import FRESH_S, MOST_FILE_BYTES, SHORTEST_PAUSE_S, Keys, public_keys, read_file
from app.errors import IssuerUnavailable

EC = ECKey.generate_key("P-256", {"kid": "ec"})
ED = OKPKey.generate_key("Ed25519", {"kid": "ed"})
RSA = RSAKey.generate_key(2048, {"kid": "rsa"})


def public(key: Any, **changes: Any) -> dict[str, Any]:
    """A key as a provider publishes it."""
    return dict(key.as_dict(private=False)) | changes


TOO_SHORT = rsa.generate_private_key(65_537, 1_024).public_key().public_numbers()  # noqa: S505 - that is the point
SHORT = urlsafe_b64encode(TOO_SHORT.n.to_bytes(128)).rstrip(b"=").decode()
"""The modulus of a key that is too short today."""


class Source:
    """A provider and a clock that tests turn."""

    def __init__(self, *keys: dict[str, Any]) -> None:
        self.said: Any = {"keys": list(keys)}
        self.asked = 0
        self.now = 1_000.0

    def read(self) -> Any:
        """What it says."""
        self.asked += 1
        if isinstance(self.said, Exception):
            raise self.said
        return self.said

    def keys(self) -> Keys:
        """Keys that read from here."""
        return Keys(self.read, lambda: self.now)


def test_each_algorithm_has_its_kind_of_key() -> None:
    """A key is never used with an algorithm of another kind, and never for one that it does not name."""
    keys = Source(public(EC), public(ED), public(RSA)).keys()
    keys.refresh()
    found = {
        (kid, alg) for kid in ("ec", "ed", "rsa") for alg in ("RS256", "PS256", "ES256", "EdDSA") if keys.find(kid, alg)
    }
    assert found == {("ec", "ES256"), ("ed", "EdDSA"), ("rsa", "RS256"), ("rsa", "PS256")}
    only = Source(public(RSA, alg="RS256")).keys()
    only.refresh()
    assert only.find("rsa", "RS256")
    assert only.find("rsa", "PS256") is None


def test_without_an_id_there_must_be_one_key() -> None:
    """A token that names no key is taken where only one can be meant."""
    one, two = Source(public(EC)).keys(), Source(public(EC), public(ECKey.generate_key("P-256"), kid="x")).keys()
    one.refresh()
    two.refresh()
    assert one.find(None, "ES256")
    assert two.find(None, "ES256") is None
    assert two.find("x", "ES256")


@pytest.mark.parametrize(
    "key",
    [
        public(EC, use="enc"),
        dict(EC.as_dict(private=True)),
        dict(OctKey.generate_key(256).as_dict()),
        public(EC, kty="oct"),
        public(EC, crv="P-999"),
        public(EC, x="!"),
        {"kty": "EC"},
        {"kty": ["EC"]},
        {},
        "EC",
        None,
        {"kty": "RSA", "n": "AQAB", "e": "AQAB"},
        {"kty": "RSA", "n": SHORT, "e": "AQAB"},
    ],
)
def test_what_is_no_public_key_is_left_out(key: Any) -> None:
    """Shared secrets, private keys, keys to encrypt with, short and broken ones: left out, and the others taken."""
    assert [key_id for key_id, _, _ in public_keys({"keys": [key, public(ED)]})] == ["ed"]


@pytest.mark.parametrize("said", [None, [], {}, {"keys": {}}, {"keys": "x"}, {"keys": [{}] * 101}])
def test_what_is_no_set_of_keys(said: Any) -> None:
    """Refused as a whole."""
    with pytest.raises(ValueError, match="no set of keys"):
        public_keys(said)


def test_keys_are_not_asked_for_at_every_request() -> None:
    """Once half a minute at most, whoever asks; again after ten minutes even if none is missing."""
    source = Source(public(EC))
    keys = source.keys()
    assert keys.is_due()
    for _ in range(5):
        keys.refresh()
    assert source.asked == 1
    assert not keys.is_due()
    source.now += SHORTEST_PAUSE_S
    assert not keys.is_due()
    assert keys.may_be_newer()
    source.now += FRESH_S
    assert keys.is_due()


def test_while_the_provider_is_away_known_keys_go_on() -> None:
    """And where none were ever known nobody can be let in."""
    source = Source(public(EC))
    keys = source.keys()
    keys.refresh()
    source.said, source.now = OSError("away"), source.now + FRESH_S
    keys.refresh()
    assert keys.find("ec", "ES256")
    assert keys.edition == 1
    source = Source()
    source.said = ValueError("no JSON")
    with pytest.raises(IssuerUnavailable):
        source.keys().refresh()


def test_a_key_that_was_taken_back_is_gone() -> None:
    """The edition tells whoever remembers tokens to verify them anew."""
    source = Source(public(EC), public(ED))
    keys = source.keys()
    keys.refresh()
    source.said, source.now = {"keys": [public(ED)]}, source.now + FRESH_S
    keys.refresh()
    assert keys.find("ec", "ES256") is None
    assert keys.edition == 2
    source.now += FRESH_S
    keys.refresh()
    assert keys.edition == 2


def test_a_file_of_keys(tmp_path: Path) -> None:
    """Read as a whole, if it is not too large."""
    path = tmp_path / "keys.json"
    path.write_text(json.dumps({"keys": [public(EC)]}), encoding="utf-8")
    assert len(public_keys(read_file(path))) == 1
    path.write_bytes(b" " * (MOST_FILE_BYTES + 1))
    with pytest.raises(ValueError, match="large"):
        read_file(path)
