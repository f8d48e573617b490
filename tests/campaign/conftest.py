"""What parts of the campaign do to the process they run in is undone where they run as tests."""

import logging
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def _logs_as_before() -> Iterator[None]:
    """Parts keep the product quiet; whoever comes after them may want to read what it logs."""
    ours = logging.getLogger("app")
    level, disabled = ours.level, logging.root.manager.disable
    yield
    ours.setLevel(level)
    logging.disable(disabled)
