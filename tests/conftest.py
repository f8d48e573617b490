"""What every test may use: both databases, and Hypothesis set so that a run can be repeated."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.support.laid_out import lay_out
from tests.support.postgres import Postgres, running_postgres
from tests.support.release_gate import (
    pytest_collection_modifyitems,
    pytest_configure,
    pytest_sessionfinish,
    pytest_sessionstart,
    pytest_terminal_summary,
)

__all__ = [
    "pytest_collection_modifyitems",
    "pytest_configure",
    "pytest_sessionfinish",
    "pytest_sessionstart",
    "pytest_terminal_summary",
]

# The same examples each time, so that a red test stays red until it is mended. No deadline and no complaint
# about slow examples: they would measure the machine.
settings.register_profile(
    "default",
    derandomize=True,
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
# New examples each time, and many: pytest --hypothesis-profile=campaign
settings.register_profile(
    "campaign",
    max_examples=20_000,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("default")


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer's own PLACEMENT_... settings must not change what a test sees."""
    for name in [name for name in os.environ if name.upper().startswith("PLACEMENT_")]:
        monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A real PostgreSQL, started in half a second; every test process has its own.

    Where it does not start, the tests that need it fail: a database that goes untested must be seen.
    """
    with running_postgres() as server:
        yield server


@pytest.fixture(scope="session")
def laid_out_postgres(postgres: Postgres) -> str:
    """A PostgreSQL database that is laid out and empty: a copy of it is made ten times sooner than another one."""
    name = postgres.create()
    lay_out(postgres.url(name))
    return name


@pytest.fixture(scope="session")
def laid_out_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file that is laid out and empty, to be copied."""
    path = tmp_path_factory.mktemp("laid-out") / "empty.db"
    lay_out(f"sqlite:///{path}")
    return path


@pytest.fixture
def postgres_url(postgres: Postgres, laid_out_postgres: str) -> Iterator[str]:
    """The address of a PostgreSQL database of the test's own: laid out, with nothing in it."""
    database = postgres.create(laid_out_postgres)
    yield postgres.url(database)
    postgres.drop(database)


@pytest.fixture
def sqlite_url(laid_out_sqlite: Path, tmp_path: Path) -> str:
    """The address of an SQLite file of the test's own: laid out, with nothing in it."""
    shutil.copyfile(laid_out_sqlite, tmp_path / "placement.db")
    return f"sqlite:///{tmp_path / 'placement.db'}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The address of a database of the test's own, laid out and empty, once on SQLite and once on PostgreSQL."""
    fixture = {"sqlite": "sqlite_url", "postgresql": "postgres_url"}[request.param]
    url: str = request.getfixturevalue(fixture)
    return url


@pytest.fixture
def bare_postgres_url(postgres: Postgres) -> Iterator[str]:
    """The address of a PostgreSQL database that nobody has laid out yet."""
    database = postgres.create()
    yield postgres.url(database)
    postgres.drop(database)


@pytest.fixture(params=["sqlite", "postgresql"])
def bare_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database that nobody has laid out yet, on either."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'placement.db'}"
    url: str = request.getfixturevalue("bare_postgres_url")
    return url
