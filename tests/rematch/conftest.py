from collections.abc import Iterator

import pytest

from app.rematch.limits import Limits
from app.rematch.process import SolverProcess


@pytest.fixture(scope="session")
def solver() -> Iterator[SolverProcess]:
    """The real solver in a real child process, shared: it keeps nothing from one problem to the next."""
    with SolverProcess(Limits()) as ready:
        yield ready
