"""A short run of Schemathesis over the whole API. `make fuzz` runs a long one."""

from pathlib import Path

import pytest

from tests.api.fuzz import run


@pytest.mark.slow
def test_nothing_random_breaks_the_api(tmp_path: Path) -> None:
    """Requests right and wrong: only described answers, never a 5xx, wrong data refused.

    Without the thousands by which each parameter is covered: those are for `make fuzz` and `make campaign`.
    """
    code, output, counts = run(cases=24, seed=1, folder=tmp_path, phases=("examples", "fuzzing", "stateful"))
    assert code == 0, output
    statuses = {int(status): count for status, count in counts["statuses"].items()}
    assert counts["cases"] >= 1_000
    assert all(status < 500 for status in statuses)
    assert statuses[200] + statuses[201] >= 250, "too few requests got as far as an answer"
