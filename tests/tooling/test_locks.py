"""The lock files: every package fixed, every file checked, and nothing said about where it comes from."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = ("requirements.lock", "requirements-build.lock", "requirements-dev.lock")


def _pins(lock: str) -> dict[str, str]:
    """Package name to version, of one lock file."""
    text = (ROOT / lock).read_text()
    return dict(re.findall(r"^([a-z0-9-]+)==([^ ]+)", text, re.MULTILINE))


def _declared(requirements: list[str]) -> set[str]:
    return {re.split(r"[\[<>=]", requirement)[0].lower() for requirement in requirements}


@pytest.mark.parametrize("lock", LOCKS)
def test_every_line_is_a_pin_with_hashes(lock: str) -> None:
    """Each package stands with one exact version and at least one SHA-256."""
    entries = (ROOT / lock).read_text().replace("\\\n", " ").splitlines()
    assert entries
    for entry in entries:
        assert re.fullmatch(r"[a-z0-9-]+==\S+( ; [^#]+?)?(\s+--hash=sha256:[0-9a-f]{64})+", entry), entry[:80]


@pytest.mark.parametrize("lock", LOCKS)
def test_no_address_stands_in_a_lock(lock: str) -> None:
    """Where packages come from is the machine's business: a council has its own mirror."""
    text = (ROOT / lock).read_text()
    assert "://" not in text
    assert "--index" not in text
    assert "--find-links" not in text


def test_locks_hold_what_is_declared() -> None:
    """A dependency added to pyproject.toml without `make lock` is noticed."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    groups = project["dependency-groups"]
    assert _declared(project["project"]["dependencies"]) <= _pins("requirements.lock").keys()
    assert _declared(groups["build"]) <= _pins("requirements-build.lock").keys()
    assert _declared(groups["dev"]) <= _pins("requirements-dev.lock").keys()


def test_locks_agree() -> None:
    """What is tested is what is shipped: the development lock holds the runtime pins unchanged."""
    dev = _pins("requirements-dev.lock")
    for lock in ("requirements.lock", "requirements-build.lock"):
        for package, version in _pins(lock).items():
            assert dev[package] == version
