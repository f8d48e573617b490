"""The service does not start on what it could not work with."""

from pathlib import Path

import pytest

from app.errors import SchemaNotCurrent
from app.geo.postcodes import DirectoryError
from app.main import create_app
from app.matching.policy_values import PolicyError
from app.settings import Settings
from app.store.embedded import NoDatabaseFile
from tests.support.geo import baked_directory


def test_a_database_that_was_not_laid_out_is_refused(bare_url: str) -> None:
    """An empty database: the error says which command to run."""
    baked_directory()
    with pytest.raises((SchemaNotCurrent, NoDatabaseFile), match="placement migrate"):
        create_app(Settings(database_url=bare_url))


def test_a_missing_directory_or_policy_is_refused(sqlite_url: str, tmp_path: Path) -> None:
    """Without postcodes or policies there is no service."""
    with pytest.raises(DirectoryError):
        create_app(Settings(database_url=sqlite_url, postcodes=tmp_path))
    with pytest.raises(PolicyError):
        create_app(Settings(database_url=sqlite_url, policies=tmp_path))
