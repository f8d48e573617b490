"""An issuer of our own, for the demo and for tests: a key in a file of this machine, whose owner is everybody.

Whoever can read the file can be anybody, so the service refuses to work with it on any address but this machine's
own: at the start (`require_loopback`), and again for each request (`app.api.permitting`).
"""

from __future__ import annotations

import ipaddress
import json
import os
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey

from app.access.claims import Claims
from app.access.principal import Kind, Role

ISSUER = "urn:placement:local-issuer"
AUDIENCE = "placement"
ALGORITHM = "ES256"
KEY_FILE = "local-issuer.json"
LIFE_S = 12 * 3_600
ROLES: Mapping[str, Role] = MappingProxyType({role.value: role for role in Role})


class NotOnThisMachine(ValueError):
    """The local issuer may not be used where others could reach the service."""


def require_loopback(host: str, allowed_hosts: Iterable[str]) -> None:
    """Raise `NotOnThisMachine` unless every address that is listened on or answered to is this machine's own."""
    for name in (host, *allowed_hosts):
        if not is_loopback(name):
            raise NotOnThisMachine(
                "Without PLACEMENT_OIDC_ISSUER the service trusts tokens that anybody on this machine can make, so it "
                "may only listen on 127.0.0.1 and only answer to names of this machine. Configure your provider "
                "(docs/access.md), or leave PLACEMENT_HOST and PLACEMENT_ALLOWED_HOSTS as they are."
            )


def is_loopback(name: str) -> bool:
    """Whether a name or address means this very machine."""
    plain = name.strip("[]").lower()
    if plain == "localhost":
        return True
    try:
        return ipaddress.ip_address(plain).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True, slots=True)
class LocalIssuer:
    """Signs tokens for one authority with the key in its folder."""

    key: ECKey
    authority: str

    @classmethod
    def open(cls, folder: Path, authority: str) -> LocalIssuer:
        """The issuer whose key stands in the folder; the key is made if there is none."""
        path = folder / KEY_FILE
        if not path.exists():
            _make_key(path)
        return cls(ECKey.import_key(json.loads(path.read_text(encoding="utf-8"))), authority)

    def claims(self) -> Claims:
        """How its tokens are read: they say outright whether they are a person's."""
        return Claims(
            issuer=ISSUER,
            audience=AUDIENCE,
            authority=self.authority,
            roles=ROLES,
            authority_claim="authority",
            person_claim="kind",
            person_values=frozenset({Kind.PERSON.value}),
        )

    def public_keys(self) -> dict[str, Any]:
        """Its set of public keys."""
        return {"keys": [dict(self.key.as_dict(private=False)) | {"kid": self.key.thumbprint(), "use": "sig"}]}

    def token(
        self,
        subject: str = "local-officer",
        roles: Iterable[Role] = tuple(Role),
        kind: Kind = Kind.PERSON,
        *,
        life_s: int = LIFE_S,
        **claims: Any,
    ) -> str:
        """A bearer token. `claims` replace those that it would have; None takes one out."""
        now = int(time.time())
        said: dict[str, Any] = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": subject,
            "iat": now,
            "exp": now + life_s,
            "authority": self.authority,
            "kind": kind.value,
            "roles": sorted(roles),
        }
        said = {name: value for name, value in (said | claims).items() if value is not None}
        return jwt.encode({"alg": ALGORITHM, "kid": self.key.thumbprint()}, said, self.key, [ALGORITHM])


def _make_key(path: Path) -> None:
    """A new key, readable by its owner alone. Of two who make it at once the first one's stays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    said = json.dumps(ECKey.generate_key("P-256", private=True).as_dict(private=True))
    mine = path.with_name(f".{path.name}.{os.getpid()}.{time.monotonic_ns()}")
    with os.fdopen(os.open(mine, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(said)
    try:
        os.link(mine, path)
    except FileExistsError:
        pass
    finally:
        mine.unlink()
