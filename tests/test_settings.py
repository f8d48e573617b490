"""Settings come from the environment, are checked, and a misspelt one is not ignored."""

import pytest
from pydantic import ValidationError

from app.settings import Settings


def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable with our prefix sets its field, and what may be a password is not shown."""
    monkeypatch.setenv("PLACEMENT_PORT", "8123")
    monkeypatch.setenv("PLACEMENT_ALLOWED_HOSTS", '["homes.example"]')
    monkeypatch.setenv("PLACEMENT_DATABASE_URL", "postgresql://me:canary@db/placement")
    settings = Settings.read()
    assert (settings.port, settings.allowed_hosts) == (8123, ("homes.example",))
    assert "canary" not in f"{settings!r} {settings.model_dump_json()}"


def test_a_misspelt_setting_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would otherwise leave a default in force that nobody wanted."""
    monkeypatch.setenv("PLACEMENT_DATABSE_URL", "sqlite:///x.db")
    with pytest.raises(ValueError, match="PLACEMENT_DATABSE_URL"):
        Settings.read()


@pytest.mark.parametrize("wrong", [{"port": 0}, {"authority": "Nottingham"}, {"body_limit_bytes": -1}, {"made_up": 1}])
def test_a_wrong_value_is_refused(wrong: dict[str, object]) -> None:
    """Out of range, malformed or unknown: refused."""
    with pytest.raises(ValidationError):
        Settings(**wrong)


def test_settings_do_not_change() -> None:
    """Once read they stay as they are."""
    with pytest.raises(ValidationError):
        Settings().port = 1  # type: ignore[misc]
