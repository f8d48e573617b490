"""Settings come from the environment, are checked, and a misspelt one is not ignored."""

from pathlib import Path

import pytest
from pydantic import TypeAdapter, ValidationError

from app.setting_words import EXAMPLES, holds_several, variable
from app.settings import Settings
from app.store.embedded import NoDatabaseFile


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


def test_a_secret_may_stand_in_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As a container is given it: the newline at its end does not count."""
    (tmp_path / "url").write_text("postgresql://me:canary@db/placement\n")
    monkeypatch.setenv("PLACEMENT_DATABASE_URL_FILE", str(tmp_path / "url"))
    settings = Settings.read()
    assert settings.database_url.get_secret_value() == "postgresql://me:canary@db/placement"
    assert "canary" not in repr(settings)


def test_a_secret_given_twice_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nobody could say which one counts; both names are told, and neither value."""
    (tmp_path / "url").write_text("sqlite:///canary.db")
    monkeypatch.setenv("PLACEMENT_DATABASE_URL_FILE", str(tmp_path / "url"))
    monkeypatch.setenv("PLACEMENT_DATABASE_URL", "sqlite:///canary.db")
    with pytest.raises(ValueError, match="PLACEMENT_DATABASE_URL and PLACEMENT_DATABASE_URL_FILE") as caught:
        Settings.read()
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("content", [None, b"", b" \n", b"\xff\xfe", b"x" * 70_000, b"{canary"])
def test_a_file_that_holds_no_secret_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: bytes | None
) -> None:
    """Missing, empty, not text, endless: the variable is named, what the file holds is not."""
    if content is not None:
        (tmp_path / "url").write_bytes(content)
    monkeypatch.setenv("PLACEMENT_DATABASE_URL_FILE", str(tmp_path / "url"))
    with pytest.raises(ValueError, match="PLACEMENT_DATABASE_URL_FILE") as caught:
        Settings.read()
    assert "canary" not in str(caught.value)


def test_only_secrets_stand_in_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """A port is not a secret; a name like that is misspelt."""
    monkeypatch.setenv("PLACEMENT_PORT_FILE", "/dev/null")
    with pytest.raises(ValueError, match="PLACEMENT_PORT_FILE"):
        Settings.read()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OIDC_CLIENT_SECRET", "canary"),
        ("PORT", "canary"),
        ("WEBHOOK_KEYS", '{"a": ["canary"]}'),
        ("WEBHOOK_KEYS", '{"canary'),
        ("DATABASE_CONNECTIONS", "-7"),
    ],
)
def test_what_is_refused_is_not_repeated(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    """A setting that will not do may be a secret: the error says which and why, and not what."""
    monkeypatch.setenv(f"PLACEMENT_{name}", value)
    with pytest.raises(ValueError, match=r"\w") as caught:
        Settings.read()
    assert "canary" not in str(caught.value)
    assert "-7" not in str(caught.value)


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("NIGHTLY_AT", "25:00", "PLACEMENT_NIGHTLY_AT: must be a time of day such as 02:00, or empty"),
        ("AUTHORITY", "canary", "PLACEMENT_AUTHORITY: must be a GSS code"),
        ("PORT", "canary", "PLACEMENT_PORT: must be a whole number from 1 to 65535"),
        ("PORT", "0", "PLACEMENT_PORT: must be a whole number from 1 to 65535"),
        ("DISK_LOW_MB", "-1", "PLACEMENT_DISK_LOW_MB: must be a whole number of 0 or more"),
        ("DOCS", "canary", "PLACEMENT_DOCS: must be true or false"),
        ("LOG_LEVEL", "canary", "PLACEMENT_LOG_LEVEL: must be 'DEBUG', 'INFO', 'WARNING' or 'ERROR'"),
        (
            "WEBHOOK_HOSTS",
            "canary.example.org",
            r'PLACEMENT_WEBHOOK_HOSTS: must be JSON such as \["cases.example.org"\]',
        ),
        ("WEBHOOK_HOSTS", '["https://canary"]', "PLACEMENT_WEBHOOK_HOSTS: must be JSON such as"),
        ("OIDC_ROLES", "{canary", 'PLACEMENT_OIDC_ROLES: must be JSON such as .* "approver"}'),
        ("OIDC_ROLES", '{"canary": "king"}', "PLACEMENT_OIDC_ROLES: .*; its words are .*'officer'"),
        (
            "OIDC_ISSUER",
            "http://canary.example",
            "PLACEMENT_OIDC_ISSUER, PLACEMENT_OIDC_KEYS and PLACEMENT_PUBLIC_URL ",
        ),
        ("OIDC_CLIENT_ID", "canary", "the other PLACEMENT_OIDC_ settings need PLACEMENT_OIDC_ISSUER"),
        ("DATABASE_URL", "canary", "PLACEMENT_DATABASE_URL: must be an address that begins with sqlite:/// or postgre"),
        ("DATABASE_URL", "postgresql://a:canary@h:port/x", "PLACEMENT_DATABASE_URL: must be an address that begins"),
        ("DATABASE_URL", "mysql://canary/x", "PLACEMENT_DATABASE_URL: must be an address that begins with sqlite:///"),
        ("DATABASE_OWNER_URL", "canary", "PLACEMENT_DATABASE_OWNER_URL: must be an address that begins"),
    ],
)
def test_what_will_not_do_is_named_gently(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, said: str
) -> None:
    """By the name of the variable, with what would be right, and never with what was given."""
    monkeypatch.setenv(f"PLACEMENT_{variable}", value)
    with pytest.raises(ValueError, match=said) as caught:
        Settings.read()
    assert "canary" not in str(caught.value)
    for words_of_a_library in ("pattern", "Value error", "input should", "source", "parse"):
        assert words_of_a_library not in str(caught.value)


def test_every_setting_of_several_values_has_an_example_that_will_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is told as an example is taken; where it were not, advice would lead from one refusal to the next."""
    several = {name for name, field in Settings.model_fields.items() if holds_several(field.annotation)}
    assert set(EXAMPLES) == several
    for name, text in EXAMPLES.items():
        assert TypeAdapter(Settings.model_fields[name].annotation).validate_json(text)
        monkeypatch.setenv(variable(name), "neither a list nor words")
        with pytest.raises(ValueError, match=f"{variable(name)}: must be JSON") as caught:
            Settings.read()
        assert text in str(caught.value)
        monkeypatch.delenv(variable(name))


def test_a_misspelt_setting_is_told_with_the_one_that_was_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    """The nearest name alone; without one, all that there are."""
    monkeypatch.setenv("PLACEMENT_DATABSE_URL", "x")
    with pytest.raises(ValueError, match=r"PLACEMENT_DATABSE_URL. Did you mean PLACEMENT_DATABASE_URL\?$"):
        Settings.read()
    monkeypatch.setenv("PLACEMENT_XYLOPHONE", "x")
    with pytest.raises(ValueError, match=r"There are: PLACEMENT_ALLOWED_HOSTS, .*PLACEMENT_PORT, "):
        Settings.read()


def test_looking_makes_no_database(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A wrong letter in a path is told; neither file nor folder is made, and laying it out still can."""
    address = f"sqlite:///{tmp_path / 'typo' / 'placement.db'}"
    monkeypatch.setenv("PLACEMENT_DATABASE_URL", address)
    with pytest.raises(NoDatabaseFile, match=r"typo/placement\.db. Check PLACEMENT_DATABASE_URL"):
        Settings.read().open_database()
    assert list(tmp_path.iterdir()) == []
    Settings.read().migrate_database()
    Settings.read().open_database().close()


@pytest.mark.parametrize("everybody", ["0.0.0.0/0", "::/0"])
def test_everybody_is_no_proxy(everybody: str) -> None:
    """Else each caller could name its own address, and every budget by address would be worth nothing."""
    with pytest.raises(ValidationError, match="everybody is no proxy"):
        Settings(trusted_proxies=("10.0.0.0/8", everybody))
    assert len(Settings(trusted_proxies=("10.0.0.0/8", "fd00::/8", "192.0.2.1")).trusted_proxies) == 3
