"""Random lives of placements against a model, in short; the long form is `tests.campaign.machine`."""

import pytest

from tests.campaign.copies import copies
from tests.campaign.machine import fill, lives
from tests.support.postgres import Postgres


@pytest.mark.parametrize(("kind", "examples"), [("sqlite", 6), ("postgresql", 3)])
def test_random_lives(kind: str, examples: int, postgres: Postgres) -> None:
    """T-08: whatever is done in whatever order, model and database agree after every step."""
    with copies(kind, fill, postgres if kind == "postgresql" else None) as made:
        found = lives(made, examples, 20, random=False)
    assert found.examples >= examples
    assert found.steps > examples
