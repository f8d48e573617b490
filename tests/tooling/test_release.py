"""The bill of materials comes from the lock alone, and no answer about weaknesses is never taken for a good one."""

import json
from pathlib import Path

import pytest

from release.audit import CLEAN, KNOWN, NOT_FOUND_OUT, verdict
from release.sbom import bill, pins

ROOT = Path(__file__).parents[2]
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")


def test_every_locked_package_is_in_the_bill() -> None:
    """Name, version, address in the package index's terms, and hashes; nothing about this machine."""
    found = json.loads(bill(LOCK, "placement-matching", "0.1.0"))
    named = {f"{part['name']}=={part['version']}" for part in found["components"]}
    locked = {line.split(" ")[0].split("[")[0].split("=")[0].lower() for line in LOCK.splitlines() if "==" in line[:60]}
    assert {name.split("==")[0] for name in named} == {name for name in locked if name and not name.startswith("#")}
    assert found["specVersion"] == "1.6"
    assert all(part["purl"].startswith("pkg:pypi/") for part in found["components"])
    assert all(part["properties"] for part in found["components"])
    assert str(ROOT) not in json.dumps(found)


def test_the_same_lock_gives_the_same_bill() -> None:
    """Nothing of the hour of day is in it, so two makers can compare theirs."""
    assert bill(LOCK, "a", "1") == bill(LOCK, "a", "1")
    assert bill(LOCK, "a", "1") != bill(LOCK, "a", "2")


def test_a_package_without_a_hash_is_refused() -> None:
    """It could be anything."""
    with pytest.raises(ValueError, match="idna"):
        list(pins("idna==3.20\n"))


@pytest.mark.parametrize(
    ("found", "code"),
    [
        ([{"name": "a", "version": "1", "vulns": []}], CLEAN),
        ([{"name": "a", "version": "1", "vulns": [{"id": "X-1", "fix_versions": ["2"]}]}], KNOWN),
        ([{"name": "a", "skip_reason": "not found"}, {"name": "b", "version": "1", "vulns": []}], NOT_FOUND_OUT),
        ([{"name": "a", "skip_reason": "-"}, {"name": "b", "version": "1", "vulns": [{"id": "X-1"}]}], KNOWN),
        ([], NOT_FOUND_OUT),
    ],
)
def test_no_answer_is_no_good_answer(found: list[dict[str, object]], code: int) -> None:
    """A package that could not be looked up is said to be so; a known weakness is told even then."""
    assert verdict(found)[0] == code
