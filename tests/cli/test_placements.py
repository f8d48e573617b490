"""The list of placements at a terminal."""

from __future__ import annotations

import re

from app.settings import Settings
from app.store.session import Database
from tests.cli.conftest import Terminal
from tests.deciding.conftest import ONE_PLACE, REFERRAL
from tests.support.deciding import held
from tests.support.nights import store


def test_placements_are_listed(terminal: Terminal) -> None:
    """Those in a state, with referral, home and how long they are kept; none is said too."""
    assert "There are no placements" in terminal.run("placements").output
    database = Database.open(Settings.read().database_url.get_secret_value())
    store(database, [ONE_PLACE], [REFERRAL])
    held(database, REFERRAL.ref, ONE_PLACE.ref)
    database.close()
    result = terminal.run("placements", "--state", "held")
    assert result.exit_code == 0, result.output
    assert ONE_PLACE.ref in result.output
    assert re.findall(r"\b[0-9a-f]{32}\b", result.output), "the id is what one goes on with: it stands there whole"
    assert "There are no placements" in terminal.run("placements", "--state", "ended").output
