"""The list of placements at a terminal."""

from __future__ import annotations

import re
from dataclasses import replace

from app.deciding.desk import Why
from app.deciding.living import end
from app.matching.referral import ChildRef
from app.settings import Settings
from app.store.session import Database
from tests.cli.conftest import Terminal
from tests.deciding.conftest import ONE_PLACE, REFERRAL
from tests.support.builders import AS_OF, a_child
from tests.support.deciding import OFFICER, do, held, moved_in
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


def test_one_of_two_who_left(terminal: Terminal) -> None:
    """Of whoever lives together it is told that some left, and how many."""
    assert "moved" not in terminal.run("placements").output
    database = Database.open(Settings.read().database_url.get_secret_value())
    wide = replace(ONE_PLACE, places=2)
    both = replace(REFERRAL, children=(*REFERRAL.children, a_child(ref=ChildRef("C9"))))
    store(database, [wide], [both])
    placed = moved_in(database, held(database, REFERRAL.ref, wide.ref))
    do(database, end, OFFICER, placed, Why("CARPL"), ended_on=AS_OF, planned=True, children=[ChildRef("C9")])
    database.close()
    result = terminal.run("placements")
    assert ("moved" in result.output, "placed" in result.output) == (True, True), result.output
