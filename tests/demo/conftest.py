"""Authorities that several tests look at, each made once."""

from datetime import date

import pytest

from app.demo.authority import DEMO_SEED, Authority, Sizes, region, synthetic_authority
from app.demo.calibration import DAY, LARGE
from app.geo.postcodes import PostcodeDirectory
from tests.support.geo import baked_directory


@pytest.fixture(scope="session")
def directory() -> PostcodeDirectory:
    """The whole ONS directory, baked once."""
    return baked_directory()


@pytest.fixture(scope="session")
def day() -> date:
    """The day on which everything is made."""
    return DAY


@pytest.fixture(scope="session")
def default(directory: PostcodeDirectory, day: date) -> Authority:
    """The authority that the demo shows."""
    return synthetic_authority(Sizes(), DEMO_SEED, day, directory)


@pytest.fixture(scope="session")
def large(directory: PostcodeDirectory, day: date) -> Authority:
    """Ten times as much of everything."""
    return synthetic_authority(LARGE, DEMO_SEED, day, directory)


@pytest.fixture(scope="session")
def midlands(directory: PostcodeDirectory, day: date) -> Authority:
    """A whole region."""
    return region(DEMO_SEED, day, directory)
