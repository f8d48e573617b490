"""The line to PostgreSQL is cut at every message of an accept, before it and after it.

`python -m tests.campaign.proxy`. Whoever asked is told to come back (503) or is answered; asking again with the same
key gives one effect and one answer, also where the line was cut after COMMIT had been sent and before its reply.
"""

from __future__ import annotations

import logging
import sys
from contextlib import ExitStack
from unittest.mock import patch

from sqlalchemy import make_url

from app.errors import PlacementError
from app.store import idempotency
from app.store.session import Database
from tests.campaign import accepting
from tests.campaign.copies import Census, Copies, census, copies
from tests.campaign.counts import Counts, run
from tests.campaign.wire import Cut, Line, Proxy, proxied
from tests.support.builders import NOTTINGHAM
from tests.support.postgres import Postgres

LEAST = 300


def main(rounds: int = 1, every: int = 1, *, broken: bool = False, server: Postgres | None = None) -> Counts:
    """Cut at every message (`every`: or at each so-many-th), before it and after it, so many times.

    `broken`: a key that was used is used again.
    """
    with ExitStack() as stack:
        made = stack.enter_context(copies("postgresql", accepting.fill, server))
        if made.server is None:
            raise AssertionError
        proxy = stack.enter_context(proxied(made.server.socket_dir))
        if broken:
            stack.enter_context(patch.object(idempotency, "claim", lambda *_all: None))
        names, before, after = _passed(made, proxy)
        commits = [at for at, name in enumerate(names) if name.endswith(" COMMIT")]
        at_messages = commits if broken else sorted({*range(0, len(names), every), *commits})
        counts = Counts(
            "proxy", promised=max(len(at_messages) * len(Cut) * rounds, 1 if broken or every > 1 else LEAST)
        )
        counts.notes = {"messages": len(names), "at_commit": len(commits) * len(Cut) * rounds, "told_to_come_back": 0}
        for _ in range(rounds):
            for at in at_messages:
                for cut in Cut:
                    wrong = _cut(made, proxy, Line(at, cut), (before, after), counts)
                    counts.failures += [f"{cut} {names[at]} (message {at}): {what}" for what in wrong]
                    counts.done += 1
    return counts


def _through(proxy: Proxy, url: str) -> Database:
    """The database as a service on another machine reaches it."""
    there = make_url(url).difference_update_query(["host"]).set(host="127.0.0.1", port=proxy.port)
    there = there.update_query_dict({"sslmode": "disable", "gssencmode": "disable"})
    return Database.open(there.render_as_string(hide_password=False), NOTTINGHAM)


def _passed(made: Copies, proxy: Proxy) -> tuple[list[str], Census, Census]:
    """The messages of one accept over a line that nobody cuts, and what is there before and after."""
    with made.copy() as url:
        before = census(url)
        proxy.line = line = Line()
        database = _through(proxy, url)
        accepting.accept(database)
        names = list(line.seen)
        database.close()
        return names, before, census(url)


def _cut(made: Copies, proxy: Proxy, line: Line, wanted: tuple[Census, Census], counts: Counts) -> list[str]:
    before, after = wanted
    with made.copy() as url:
        proxy.line = line
        database = _through(proxy, url)
        first, wrong = _first(database, counts)
        if not line.was_cut:
            wrong.append("the line was not cut")
        found = census(url)
        if found not in (before, after):
            wrong.append("half of it is there")
        if first is not None and found != after:
            wrong.append("it was acknowledged and is lost")
        wrong += _again(database, first)
        database.close()
        if not wrong and census(url) != after:
            wrong.append("after the retry it is not there exactly once")
    return wrong


def _first(database: Database, counts: Counts) -> tuple[str | None, list[str]]:
    """The answer, None where there was none; and what is wrong with how that was told."""
    try:
        return accepting.accept(database), []
    except PlacementError as error:
        counts.notes["told_to_come_back"] += 1
        gently = error.status == 503 and error.retry_after_s is not None
        return None, [] if gently else [f"told {error.status} {error.code}"]
    except Exception as error:  # noqa: BLE001 - this would be a 500
        return None, [f"ended as {type(error).__name__}"]


def _again(database: Database, first: str | None) -> list[str]:
    """What is wrong with asking twice more."""
    try:
        answers = {accepting.accept(database) for _ in range(2)}
    except Exception as error:  # noqa: BLE001 - whatever it is, the retry did not work
        return [f"the retry ended as {type(error).__name__}"]
    return [] if len(answers | ({first} - {None})) == 1 else ["the retry was answered differently"]


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    sys.exit(0 if run(main, 1, every=1)["is_whole"] else 1)
