"""The real postcode directory, for every test of this folder that asks for it."""

import pytest

from app.geo.postcodes import PostcodeDirectory
from tests.support.geo import baked_directory


@pytest.fixture(scope="session")
def directory() -> PostcodeDirectory:
    """The whole ONS directory, baked once."""
    return baked_directory()
