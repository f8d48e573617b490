"""What `make test` says of the release gate at its end."""

from __future__ import annotations

import pytest

from tests.support.release_gate import COUNTED, GATE, PROVES, counts, missing, numbers, told


def _passed(name: str, *proves: str) -> pytest.TestReport:
    given = [*((PROVES, number) for number in proves), (COUNTED, "some")]
    return pytest.TestReport(name, ("a.py", 1, name), {}, "passed", None, "call", user_properties=given)


def test_what_a_test_proves_stands_in_its_docstring() -> None:
    """Each number once, in order; a test of nothing that the gate asks for proves nothing."""
    assert numbers("T-12 and T-07, and T-12 once more.") == [7, 12]
    assert numbers(None) == []


def test_counts_are_of_each_number_and_each_database() -> None:
    """Told in one line; whatever was proved by nothing is missing."""
    ran = [_passed("a.py::test_a[sqlite-2]", "T-01"), _passed("a.py::test_a[postgresql-2]", "T-01", "T-06")]
    found = counts([*ran, _passed("a.py::test_b", "T-02"), _passed("a.py::test_c[pg_dump]", "T-25")])
    assert found["T-25"] == {"passed": 1, "postgresql": 1}
    assert found["T-01"] == {"passed": 2, "sqlite": 1, "postgresql": 1}
    assert missing(found) == [f"T-{number:02}" for number in sorted(GATE - {1, 2, 6, 25})]
    assert told(found).startswith("T-01 2 (1/1), T-02 1 (0/0), T-03 0 (0/0)")
