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
OURS = ("migrate", "service", "worker", "audit")
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
    for name in ("service", "worker", "audit"):
        assert services[name]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"
    assert services["database"]["image"].startswith("postgres:18-")
    first, last = re.fullmatch(r"127\.0\.0\.1:(\d+)-(\d+):8000", services["service"]["ports"][0]).groups()  # type: ignore[union-attr]
    assert int(last) - int(first) == 1


def test_commands_are_commands_of_ours(compose: dict[str, Any]) -> None:
    """Each container of our image starts something that `placement` knows."""
    known = get_command(app).commands  # type: ignore[attr-defined]
    for name in OURS:
        service = compose["services"][name]
        program, command, *_ = [*service.get("entrypoint", ()), *service["command"]]
        assert program == "placement"
        assert command in known
    signing = compose["services"]["audit"]
    assert {*signing["command"], "head"} <= set(known["audit"].commands)
    assert signing["profiles"] == ["audit"], "it is started by hand or by a clock, not with the others"
    assert compose["services"]["migrate"]["build"] == "."
    assert (ROOT / "Dockerfile").exists()
    assert len({compose["services"][name]["image"] for name in OURS}) == 1


@pytest.mark.parametrize("name", OURS)
def test_settings_are_settings_of_ours(
    compose: dict[str, Any], name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the example's names and some secrets filled in, each container's environment makes settings."""
    _as_the_image_has_it(monkeypatch)
    secrets = {
        "database_url": "postgresql+psycopg://placement_service:x@database/placement",
        "database_owner_url": "postgresql+psycopg://postgres:x@database/placement",
        "oidc_client_secret": "x",
        "webhook_keys": '{"cases": "a long random key of 32 letters"}',
    }
    service = compose["services"][name]
    for variable, value in _environment(service).items():
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
    assert (settings.audit_key is not None) == (name == "audit")
    assert (settings.erasure_log is not None) == (name == "service")


def _environment(service: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = service["environment"]
    return found


def _as_the_image_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the image sets stands in every container unless the compose file sets it otherwise."""
    image = (ROOT / "Dockerfile").read_text().rpartition("\nFROM ")[2]
    given = dict(re.findall(r"(PLACEMENT_\w+)=(\S+)", "".join(re.findall(r"(?ms)^ENV .*?[^\\]$", image))))
    assert "PLACEMENT_DATABASE_URL" in given
    for variable, value in given.items():
        monkeypatch.setenv(variable, value)


def test_service_and_worker_agree_on_messages(compose: dict[str, Any]) -> None:
    """The service takes a webhook by the very hosts and keys with which the worker sends."""
    service, worker = (compose["services"][name] for name in ("service", "worker"))
    of_messages = [variable for variable in worker["environment"] if variable.startswith("PLACEMENT_WEBHOOK_")]
    assert {"PLACEMENT_WEBHOOK_HOSTS", "PLACEMENT_WEBHOOK_KEYS_FILE"} <= set(of_messages)
    for variable in of_messages:
        assert service["environment"][variable] == worker["environment"][variable], variable
    assert "webhook_keys" in set(service["secrets"]) & set(worker["secrets"])
    told = (ROOT / "docs" / "webhooks.md").read_text()
    assert "Service and worker both need these settings" in told


def test_what_is_written_has_a_place_that_may_be_written(compose: dict[str, Any]) -> None:
    """The file systems are read-only, so what a setting has written lies on a volume, which the image makes."""
    service = compose["services"]["service"]
    volume, _, where = service["volumes"][0].partition(":")
    assert volume in compose["volumes"]
    assert Path(service["environment"]["PLACEMENT_ERASURE_LOG"]).parent == Path(where)
    assert re.search(rf"install --directory --owner=10001 .*{where}\b", (ROOT / "Dockerfile").read_text())
    key = compose["services"]["audit"]["environment"]["PLACEMENT_AUDIT_KEY"]
    assert Path(key).name in compose["services"]["audit"]["secrets"]


def test_the_guide_names_each_file_of_secrets(compose: dict[str, Any]) -> None:
    """With who reads it and by which setting, as the compose file has it."""
    rows = dict(re.findall(r"(?m)^\| `(\w+)` \| .* \| ([\w, ]+) \| `\w+` \|$", _section("### Secrets")))
    readers = {
        name: {service for service in compose["services"] if name in compose["services"][service].get("secrets", ())}
        for name in compose["secrets"]
    }
    assert {name: set(said.split(", ")) for name, said in rows.items()} == readers


def _section(head: str) -> str:
    return (ROOT / "docs" / "operating.md").read_text().split(f"{head}\n")[1].split("\n##")[0]


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
