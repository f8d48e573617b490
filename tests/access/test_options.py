"""Settings of access that would let somebody in or out by mistake are refused at the start."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from app.settings import Settings

GOOD: dict[str, Any] = {"oidc_issuer": "https://id.example", "oidc_roles": {"Officers": "officer"}}


def test_the_least_that_is_needed() -> None:
    """A provider, and what its words mean."""
    assert Settings(**GOOD).oidc_roles == {"Officers": "officer"}


@pytest.mark.parametrize(
    "changes",
    [
        {"oidc_issuer": "http://id.example"},
        {"oidc_issuer": "id.example"},
        {"oidc_issuer": None},
        {"oidc_roles": {}},
        {"oidc_roles": {"Officers": "king"}},
        {"oidc_keys": "http://id.example/keys"},
        {"oidc_algorithms": ()},
        {"oidc_algorithms": ("HS256",)},
        {"oidc_algorithms": ("none",)},
        {"oidc_person_claim": "idtyp"},
        {"oidc_person_values": ("user",)},
        {"oidc_client_id": "web"},
        {"oidc_client_id": "placement", "public_url": "https://placements.example"},
        {"oidc_client_id": "web", "public_url": "http://placements.example"},
        {"oidc_scope": "profile"},
        {"session_hours": 25},
        {"reads_per_10_s": 0},
    ],
)
def test_what_does_not_fit_together(changes: dict[str, Any]) -> None:
    """Plain HTTP, no roles, shared secrets, half a setting, or the wrong one."""
    with pytest.raises(ValidationError):
        Settings(**GOOD | changes)


def test_roles_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """As JSON; the secret is not shown."""
    monkeypatch.setenv("PLACEMENT_OIDC_ISSUER", "https://id.example")
    monkeypatch.setenv("PLACEMENT_OIDC_ROLES", '{"Officers": "officer", "Heads": "approver", "DCS": "director"}')
    monkeypatch.setenv("PLACEMENT_OIDC_CLIENT_ID", "web")
    monkeypatch.setenv("PLACEMENT_OIDC_CLIENT_SECRET", "canary")
    monkeypatch.setenv("PLACEMENT_PUBLIC_URL", "https://placements.example")
    settings = Settings.read()
    assert settings.oidc_roles == {"Officers": "officer", "Heads": "approver", "DCS": "director"}
    assert "canary" not in f"{settings!r} {settings.model_dump_json()}"
