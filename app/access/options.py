"""Settings that say who is let in, and how much each may ask: a part of `app.settings.Settings`.

Without `oidc_issuer` the service signs its own tokens, for the demo and for tests, and works on this machine alone.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings

from app.access.claims import Claims
from app.access.fetching import is_trusted_address
from app.access.principal import Role

Algorithm = Literal["RS256", "PS256", "ES256", "EdDSA", "Ed25519"]
PerTenSeconds = Annotated[int, Field(ge=1, le=10_000_000)]


class AccessOptions(BaseSettings):
    """The fields; each is a setting of the service."""

    oidc_issuer: str | None = None
    """The provider whose tokens are taken, exactly as it names itself (`iss`). None: our own, on this machine alone."""

    oidc_audience: Annotated[str, Field(min_length=1)] = "placement"
    """What a token must be made for (`aud`)."""

    oidc_keys: str | None = None
    """Address or file of the provider's public keys (JWKS). None: where the provider says that they are."""

    oidc_algorithms: tuple[Algorithm, ...] = ("RS256", "PS256", "ES256", "EdDSA", "Ed25519")
    """Signatures that are taken. All of them need a key of the provider's own; none is a shared secret."""

    oidc_roles: dict[str, Role] = {}
    """The provider's words for our roles: `{"Placements Officers": "officer"}`. Any other word gives no role."""

    oidc_roles_claim: Annotated[str, Field(min_length=1)] = "roles"
    """The claim with those words; dots lead into others: `realm_access.roles`."""

    oidc_subject_claim: Annotated[str, Field(min_length=1)] = "sub"
    """The claim that names the caller: one value for each person, the same by browser and by token, never reused."""

    oidc_authority_claim: str | None = None
    """The claim with the ONS code of the caller's authority. None: every token is for this service's authority."""

    oidc_person_claim: str | None = None
    """The claim that only persons' tokens carry. None: every bearer token is a system's, and decides nothing."""

    oidc_person_values: tuple[str, ...] = ()
    """What that claim says of a person: `["user"]`."""

    oidc_client_id: str | None = None
    """What the provider knows the service as, where officers sign in with a browser. None: nobody can."""

    oidc_client_secret: SecretStr | None = None
    """The secret that goes with it, if the provider gave one."""

    oidc_scope: Annotated[str, Field(pattern=r"^openid( [\x21-\x7e]+)*$")] = "openid"
    """What is asked for when somebody signs in."""

    public_url: str | None = None
    """Where browsers reach the service: `https://placements.example`. Needed for signing in."""

    session_idle_minutes: Annotated[int, Field(ge=1, le=1_440)] = 30
    """A browser's session that is not used for so long is over."""

    session_hours: Annotated[int, Field(ge=1, le=24)] = 10
    """A browser's session is over after so long, used or not."""

    local_keys: Path = Path(__file__).parents[2] / "var" / "access"
    """Folder of the key with which the service signs its own tokens, where there is no provider."""

    metrics_open: bool = False
    """Whether /metrics is served to everybody who reaches the service. Otherwise it takes the role `admin`."""

    reads_per_10_s: PerTenSeconds = 2_000
    """Reads that one caller may send in ten seconds."""

    writes_per_10_s: PerTenSeconds = 1_000
    """Changes that one caller may send in ten seconds."""

    matches_per_10_s: PerTenSeconds = 500
    """Matches that one caller may ask for in ten seconds."""

    open_per_10_s: PerTenSeconds = 500
    """Pages without sign-in that one address may ask for in ten seconds."""

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        """Whatever would leave somebody in or out by mistake is refused at the start."""
        wrong = self._without_provider() if self.oidc_issuer is None else self._with_provider(self.oidc_issuer)
        if wrong is not None:
            raise ValueError(wrong)
        return self

    def _without_provider(self) -> str | None:
        others = (self.oidc_client_id, self.oidc_client_secret, self.oidc_roles, self.oidc_person_claim, self.oidc_keys)
        return "the other oidc_ settings need oidc_issuer" if any(others) else None

    def _with_provider(self, issuer: str) -> str | None:
        keys = self.oidc_keys if self.oidc_keys and "://" in self.oidc_keys else None
        if not all(is_trusted_address(address) for address in (issuer, self.public_url, keys) if address is not None):
            return "oidc_issuer, oidc_keys and public_url begin with https:// (or are on this machine)"
        if not self.oidc_roles or not self.oidc_algorithms:
            return "oidc_roles and oidc_algorithms must not be empty, or nobody could do anything"
        if (self.oidc_person_claim is None) != (not self.oidc_person_values):
            return "oidc_person_claim and oidc_person_values go together"
        if self.oidc_client_id is not None and self.public_url is None:
            return "oidc_client_id needs public_url, to which the provider sends browsers back"
        if self.oidc_client_id == self.oidc_audience:
            return "oidc_client_id must not be oidc_audience, or what is made for signing in would be a bearer token"
        return None

    def provider_claims(self, issuer: str, authority: str) -> Claims:
        """How the provider's tokens are read."""
        return Claims(
            issuer=issuer,
            audience=self.oidc_audience,
            authority=authority,
            roles=self.oidc_roles,
            roles_claim=self.oidc_roles_claim,
            authority_claim=self.oidc_authority_claim,
            person_claim=self.oidc_person_claim,
            person_values=frozenset(self.oidc_person_values),
            subject_claim=self.oidc_subject_claim,
        )
