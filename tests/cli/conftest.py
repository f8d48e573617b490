"""A small stored authority for the commands."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from app.cli import app
from app.demo.authority import Authority, Sizes, synthetic_authority
from app.documents.home_documents import write_home
from app.store import migrate, save
from app.store.session import Database
from app.store.versions import Precondition
from tests.support.geo import baked_directory

DAY = date(2026, 3, 2)


@dataclass(frozen=True)
class Terminal:
    """A terminal in which `placement` works on a database of its own."""

    made: Authority
    folder: Path

    def run(self, *words: str) -> Result:
        """Run one command."""
        return CliRunner().invoke(app, list(words))

    def homes_file(self, name: str, count: int) -> Path:
        """A JSON file with the first homes of the authority."""
        path = self.folder / name
        path.write_text(json.dumps({"homes": [write_home(home) for home in self.made.homes[:count]]}), encoding="utf-8")
        return path


@pytest.fixture
def terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """A terminal on a laid-out database with five referrals and sixty homes."""
    made = synthetic_authority(Sizes(5, 60, 90), 1, DAY, baked_directory())
    address = f"sqlite:///{tmp_path / 'cli.db'}"
    database = Database.open(address)
    migrate.upgrade(database)
    with database.writing() as writing:
        save.import_homes(writing, "E06000018", made.homes)
        for referral in made.referrals:
            save.save_referral(writing, "E06000018", referral, Precondition())
    database.close()
    monkeypatch.setenv("PLACEMENT_DATABASE_URL", address)
    return Terminal(made, tmp_path)
