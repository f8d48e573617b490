"""Hosts that messages may go to, as the settings name them."""

import pytest
from pydantic import ValidationError

from app.settings import Settings


def test_hosts_are_names_with_or_without_a_port() -> None:
    """In whatever letters."""
    settings = Settings(webhook_hosts=("Cases.Example.org", "cases.example.org:8443"))
    assert settings.webhook_hosts == ("cases.example.org", "cases.example.org:8443")


@pytest.mark.parametrize(
    "host", ["https://cases.example.org", "*", "*.example.org", "cases.example.org/", "[::1]", "", "a b"]
)
def test_what_could_never_match_is_refused(host: str) -> None:
    """An address or a pattern in the list would be believed to work."""
    with pytest.raises(ValidationError):
        Settings(webhook_hosts=(host,))
