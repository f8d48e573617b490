"""Random lives of placements against a model, in short; the long form is `tests.campaign.machine`."""

import pytest

from tests.campaign.copies import copies
from tests.campaign.machine import AGREEING, REACHED, fill, live, lives_of
from tests.support.postgres import Postgres


@pytest.mark.parametrize(("kind", "examples"), [("sqlite", 10), ("postgresql", 4)])
def test_random_lives(kind: str, examples: int, postgres: Postgres, capsys: pytest.CaptureFixture[str]) -> None:
    """T-08: whatever is done in whatever order, model and database agree after every step; and something is done."""
    with copies(kind, fill, postgres if kind == "postgresql" else None) as made:
        found = lives_of(made)
        live(found, examples, 30, number=8)
    with capsys.disabled():
        told = f"{found.examples} lives, {found.steps} steps, {found.worked} that worked, {dict(found.reached)}"
        print(f"\nlives on {kind}: {told}")  # noqa: T201 - the count is the proof
    assert found.examples >= examples
    assert found.steps >= 30 * examples
    assert found.worked * 5 >= found.steps
    assert all(found.reached[state] for state in ((*REACHED, *AGREEING) if kind == "sqlite" else ("placed", "ended")))
