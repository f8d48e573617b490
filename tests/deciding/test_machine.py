"""Random lives of placements against a model, in short; the long form is `tests.campaign.machine`."""

from collections.abc import Callable

import pytest

from tests.campaign.copies import copies
from tests.campaign.machine import AGREEING, REACHED, fill, live, lives_of
from tests.support.postgres import Postgres
from tests.support.release_gate import COUNTED


@pytest.mark.parametrize(("kind", "examples"), [("sqlite", 10), ("postgresql", 4)])
def test_random_lives(
    kind: str, examples: int, postgres: Postgres, record_property: Callable[[str, object], None]
) -> None:
    """T-08: whatever is done in whatever order, model and database agree after every step; and something is done."""
    with copies(kind, fill, postgres if kind == "postgresql" else None) as made:
        found = lives_of(made)
        live(found, examples, 30, number=8)
    told = f"{found.examples} lives, {found.steps} steps, {found.worked} that worked, {dict(found.reached)}"
    record_property(COUNTED, f"T-08 on {kind}: {told}")
    assert found.examples >= examples
    assert found.steps >= 30 * examples
    assert found.worked * 5 >= found.steps
    assert all(found.reached[state] for state in ((*REACHED, *AGREEING) if kind == "sqlite" else ("placed", "ended")))
