"""The compose file says what exists: commands, settings, secrets, the image; and it gives away no rights."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.main import get_command

from app.cli import app
from app.settings import Settings

ROOT = Path(__file__).parents[2]
OURS = ("migrate", "service", "worker")
HOLE = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    """The file as it is read."""
    read: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
    return read


def _example() -> dict[str, str]:
    lines = (ROOT / "compose.env.example").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def _filled(text: str) -> str:
    """What Docker makes of a value: names from the example, else the default, else an error."""

    def fill(found: re.Match[str]) -> str:
        name, kind, rest = found.groups()
        if name in _example():
            return _example()[name]
        assert kind == "-", f"compose.env.example does not say {name}"
        return str(rest)

    return HOLE.sub(fill, text)


def test_two_services_two_workers_one_database(compose: dict[str, Any]) -> None:
    """As the operating guide says; workers and services begin when the layout is there."""
    services = compose["services"]
    assert set(services) == {"database", *OURS}
    assert services["service"]["deploy"]["replicas"] == services["worker"]["deploy"]["replicas"] == 2
    assert services["migrate"]["depends_on"]["database"]["condition"] == "service_healthy"
    for name in ("service", "worker"):
        assert services[name]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"
    assert services["database"]["image"].startswith("postgres:18-")
    first, last = re.fullmatch(r"127\.0\.0\.1:(\d+)-(\d+):8000", services["service"]["ports"][0]).groups()  # type: ignore[union-attr]
    assert int(last) - int(first) == 1


def test_commands_are_commands_of_ours(compose: dict[str, Any]) -> None:
    """Each container of our image starts something that `placement` knows."""
    known = get_command(app).commands  # type: ignore[attr-defined]
    for name in OURS:
        program, command = compose["services"][name]["command"]
        assert program == "placement"
        assert command in known
    assert compose["services"]["migrate"]["build"] == "."
    assert (ROOT / "Dockerfile").exists()
    assert len({compose["services"][name]["image"] for name in OURS}) == 1


@pytest.mark.parametrize("name", OURS)
def test_settings_are_settings_of_ours(
    compose: dict[str, Any], name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the example's names and some secrets filled in, each container's environment makes settings."""
    secrets = {
        "database_url": "postgresql+psycopg://placement_service:x@database/placement",
        "database_owner_url": "postgresql+psycopg://postgres:x@database/placement",
        "oidc_client_secret": "x",
        "webhook_keys": '{"cases": "a long random key"}',
    }
    service = compose["services"][name]
    for variable, value in service["environment"].items():
        if variable.endswith("_FILE"):
            secret = Path(value).name
            assert secret in service["secrets"]
            (tmp_path / secret).write_text(secrets[secret])
            monkeypatch.setenv(variable, str(tmp_path / secret))
        else:
            monkeypatch.setenv(variable, _filled(str(value)))
    settings = Settings.read()
    assert not settings.is_embedded
    assert settings.queue_url is not None
    assert (settings.database_owner_url is not None) == (name == "migrate")
    assert settings.worker_grace_s < 120
    assert settings.drain_s + settings.stop_s < 40


def test_secrets_are_files_and_each_is_used(compose: dict[str, Any]) -> None:
    """Nothing secret stands in the file or the example; the folder is kept out of the repository."""
    used = {secret for service in compose["services"].values() for secret in service.get("secrets", ())}
    assert used == set(compose["secrets"])
    assert all(secret["file"].startswith("secrets/") for secret in compose["secrets"].values())
    head = (ROOT / "compose.yaml").read_text().split("x-settings")[0]
    assert all(secret in head for secret in used)
    assert {"secrets/", ".env"} <= set((ROOT / ".gitignore").read_text().splitlines())
    assert not any(word in name for name in _example() for word in ("SECRET", "PASSWORD", "KEY", "TOKEN"))


def test_containers_of_ours_may_nothing_they_need_not(compose: dict[str, Any]) -> None:
    """Read-only, no capability, no new privilege; the owner's address is the layout's alone; the database is inside."""
    services = compose["services"]
    for name in OURS:
        service = services[name]
        assert service["read_only"]
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert ("database_owner_url" in service["secrets"]) == (name == "migrate")
    assert compose["networks"]["inside"]["internal"]
    assert services["database"]["networks"] == ["inside"]
    assert "ports" not in services["database"]
    assert {"log_parameter_max_length=0", "log_parameter_max_length_on_error=0"} <= set(services["database"]["command"])


def test_the_guide_names_what_exists() -> None:
    """Each setting and command that the operating guide names is there."""
    guide = (ROOT / "docs" / "operating.md").read_text()
    fields = {"PLACEMENT_" + field.upper() for field in Settings.model_fields}
    named = {name.removesuffix("_FILE") for name in re.findall(r"PLACEMENT_[A-Z_]+[A-Z]", guide)}
    assert named
    assert named <= fields
    known = get_command(app).commands  # type: ignore[attr-defined]
    commands = set(re.findall(r"`placement ([a-z]+)", guide))
    assert commands - set(known) <= {"audit"}, commands
