"""A migrated database with two children and two homes, on SQLite and on PostgreSQL: laid out once, then copied."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.matching.referral import ChildRef, HomeRef, ReferralRef
from app.store.session import Database
from tests.support.builders import a_child, a_home, a_referral
from tests.support.nights import store
from tests.support.postgres import Postgres

FIRST_CHILD, SECOND_CHILD = a_child(ref=ChildRef("C1")), a_child(ref=ChildRef("C2"))
REFERRAL = a_referral(FIRST_CHILD, ref=ReferralRef("R1"))
OTHER_REFERRAL = a_referral(SECOND_CHILD, ref=ReferralRef("R2"))
ONE_PLACE = a_home(ref=HomeRef("H1"), places=1)
FURTHER = a_home(ref=HomeRef("H2"), places=3, location=None)


def fill(url: str) -> None:
    """Put the small authority into a database that is laid out."""
    opened = Database.open(url)
    store(opened, [ONE_PLACE, FURTHER], [REFERRAL, OTHER_REFERRAL])
    opened.close()


@pytest.fixture(scope="session")
def sqlite_template(laid_out_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file to copy."""
    path = tmp_path_factory.mktemp("template") / "placement.db"
    shutil.copyfile(laid_out_sqlite, path)
    fill(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres_template(postgres: Postgres, laid_out_postgres: str) -> str:
    """A PostgreSQL database to copy."""
    name = postgres.create(laid_out_postgres)
    fill(postgres.url(name))
    return name


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a copy of the test's own."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "placement.db")
        yield f"sqlite:///{tmp_path / 'placement.db'}"
        return
    server: Postgres = request.getfixturevalue("postgres")
    name = server.create(request.getfixturevalue("postgres_template"))
    yield server.url(name)
    server.drop(name)


@pytest.fixture
def lite(sqlite_template: Path, tmp_path: Path) -> Iterator[Database]:
    """The same on SQLite alone, for what has nothing to do with the database."""
    shutil.copy(sqlite_template, tmp_path / "placement.db")
    opened = Database.open(f"sqlite:///{tmp_path / 'placement.db'}")
    yield opened
    opened.close()


@pytest.fixture
def database(address: str) -> Iterator[Database]:
    """An open database with a small authority in it."""
    opened = Database.open(address)
    yield opened
    opened.close()
