"""`placement worker`: makes runs, does imports and sends messages, for the services on the same PostgreSQL."""

from __future__ import annotations

from app.cli.desk import console, gently, require_keys_of_messages
from app.geo.postcodes import PostcodeDirectory
from app.jobs.duties import Duties
from app.jobs.worker import Worker
from app.observing import logs
from app.runs.workplace import open_workplace
from app.settings import Settings
from app.store.migrate import require_current
from app.store.roles import require_walls


class NoWorkerHere(ValueError):
    """A worker was to be started where there is nothing for it to do."""


def worker() -> None:
    """Do the work beside the requests: the nightly run, what was asked for, messages. Stop: Ctrl+C or SIGTERM.

    Start as many as wanted, on as many machines; on SQLite the service does this work itself.
    """
    with gently():
        settings = Settings.read()
        logs.configure(settings.log_style, settings.log_level)
        if settings.is_embedded:
            raise NoWorkerHere("On SQLite the service does this work itself: start placement serve and nothing else.")
        if settings.read_only:
            raise NoWorkerHere("In read-only mode there is nothing to do: take PLACEMENT_READ_ONLY back first.")
        require_keys_of_messages(settings)
        database = settings.open_database()
        try:
            with database.reading() as reading:
                require_current(reading)
                require_walls(reading)
            place = open_workplace(database, settings.authority, settings.policies)
            postcodes = PostcodeDirectory.open(settings.postcodes)
            duties = Duties.of(place, settings.nightly, messages=settings, postcodes=postcodes, hands_back=True)
            url = settings.database_url.get_secret_value()
            Worker(url, duties, settings.worker_grace_s).run(_tell)
        finally:
            database.close()


def _tell(what: str) -> None:
    console.print(what)
