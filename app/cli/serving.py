"""`placement serve` and `placement migrate`."""

from __future__ import annotations

import errno
import logging
import os
import socket
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from typing import Annotated, Any

import typer
import uvicorn
from sqlalchemy import make_url
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

from app.api.wire import BoundedHttp
from app.cli.demo import DATABASE_VARIABLE, DEMO_DATABASE, is_configured, make_demo
from app.cli.desk import console, gently, require_keys_of_messages
from app.errors import LoginRefused, SchemaNotCurrent
from app.observing import logs
from app.observing.metrics import SHARED_FOLDER
from app.secret_files import IN_A_FILE
from app.settings import Settings
from app.store.embedded import file_of, serving_alone

log = logging.getLogger(__name__)

WIRE: dict[str, Any] = {"http": BoundedHttp, "ws": "none", "proxy_headers": False}
"""How the server speaks: HTTP with an end to every head, and nothing else; who calls is who opened the connection."""

APP = "app.main:served"

HUNG_S = 10
"""A process that does not answer its supervisor for so long is replaced."""

Workers = Annotated[int | None, typer.Option(min=1, max=64, help="Processes that answer requests; needs PostgreSQL")]


class OneProcessHere(ValueError):
    """Several processes were wanted on SQLite."""


class OwnerRefused(ValueError):
    """The login with which the database was to be laid out is not let in."""


NOT_AS_LEFT = (
    "The database is not as any release of this service left it: a table, column or trigger that was there is gone or"
    " another. Nothing was changed. Restore a backup and migrate that (docs/operating.md says how), and find out who"
    " changed this one."
)


class PortTaken(ValueError):
    """Another program listens there already."""


def serve(
    workers: Workers = None,
    *,
    demo: Annotated[
        bool | None,
        typer.Option(help="Serve the synthetic authority; the default where no database is configured"),
    ] = None,
) -> None:
    """Serve the HTTP API. Without a configured database: the synthetic authority, on this machine only."""
    with gently():
        use_demo = not is_configured() if demo is None else demo
        if use_demo:
            make_demo()
            os.environ.pop(DATABASE_VARIABLE + IN_A_FILE, None)
            os.environ[DATABASE_VARIABLE] = DEMO_DATABASE
        settings = Settings.read()
        workers = workers or settings.workers
        if workers > 1 and settings.is_embedded:
            raise OneProcessHere("SQLite has one writer, so one process serves it. For several use PostgreSQL.")
        require_keys_of_messages(settings)
        logs.configure(settings.log_style, settings.log_level)
        with _alone(settings), _bound(settings.host, settings.port) as door, _shared_figures(workers):
            if settings.is_embedded and not settings.read_only:
                _say_if_new(settings, logged=not console.is_terminal)
                settings.migrate_database()
            _run(settings, workers, door)


def _alone(settings: Settings) -> AbstractContextManager[None]:
    """On SQLite one service works on a file; one that only reads may stand beside it."""
    if not settings.is_embedded or settings.read_only:
        return nullcontext()
    return serving_alone(make_url(settings.database_url.get_secret_value()))


@contextmanager
def _bound(host: str, port: int) -> Iterator[socket.socket]:
    """Where requests will arrive; nobody can knock before the service listens. Raises `PortTaken`."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as door:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            door.bind((host, port))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            raise PortTaken(
                f"Port {port} is taken by another program. Stop that one, or choose another port: "
                "PLACEMENT_PORT=8765 make serve"
            ) from None
        door.set_inheritable(True)
        yield door


def _run(settings: Settings, workers: int, door: socket.socket) -> None:
    options: dict[str, Any] = {
        "factory": True,
        "host": settings.host,
        "port": settings.port,
        "workers": workers,
        "log_config": None,
        "access_log": False,
        "server_header": False,
        "timeout_graceful_shutdown": settings.stop_s,
        "timeout_worker_healthcheck": HUNG_S,
        **WIRE,
        **behind(settings),
    }
    config = uvicorn.Config(APP, **options)
    if workers == 1:
        if not console.is_terminal:
            log.info("starting", extra={"port": settings.port, "workers": workers})
        config.load()  # makes the service: what cannot be served is told before anything is said to be
        _say(settings, workers)
        server = uvicorn.Server(config)
        with suppress(KeyboardInterrupt):
            server.run([door])
        if not server.started:
            raise typer.Exit(STARTUP_FAILURE)
        return
    _say(settings, workers)
    supervisor = Multiprocess(config, [door])
    supervisor.run()
    if any(process.exitcode == STARTUP_FAILURE for process in supervisor.processes):
        raise typer.Exit(1)


def behind(settings: Settings) -> dict[str, Any]:
    """What the server is told of the proxies before it: only what they say of a caller is believed."""
    trusted = [str(network) for network in settings.trusted_proxies]
    return {"proxy_headers": True, "forwarded_allow_ips": trusted} if trusted else {}


def _say(settings: Settings, workers: int) -> None:
    """In words to a person; to a machine as a line of the log."""
    if not console.is_terminal:
        told = {"port": settings.port, "workers": workers, "read_only": settings.read_only}
        if workers == 1:
            log.info("serving", extra=told)
        else:
            log.info("starting", extra=told)
        return
    word, address = "Serving" if workers == 1 else "Starting", f"http://{settings.host}:{settings.port}"
    console.print(f"{word} on {address} (API docs: /docs). Stop: Ctrl+C.")
    if settings.oidc_issuer is None:
        console.print("Requests need a token; on this machine [bold].venv/bin/placement token[/] prints one.")


@contextmanager
def _shared_figures(workers: int) -> Iterator[None]:
    """Where several processes keep their metrics, so that each can tell those of all."""
    if workers == 1 or SHARED_FOLDER in os.environ:
        yield
        return
    with tempfile.TemporaryDirectory(prefix="placement-metrics-") as folder:
        os.environ[SHARED_FOLDER] = folder
        try:
            yield
        finally:
            del os.environ[SHARED_FOLDER]


def migrate() -> None:
    """Bring the configured database to the newest layout. On PostgreSQL: as PLACEMENT_DATABASE_OWNER_URL."""
    with gently():
        if not is_configured():
            raise ValueError(
                f"No database is configured. Set {DATABASE_VARIABLE} first; the demo's is laid out by itself."
            )
        settings = Settings.read()
        _say_if_new(settings, logged=False)
        try:
            settings.migrate_database()
        except LoginRefused:
            raise OwnerRefused(_whose_login(settings)) from None
        except SchemaNotCurrent:
            raise ValueError(NOT_AS_LEFT) from None
        console.print("The database is laid out for this version.")


def _say_if_new(settings: Settings, *, logged: bool) -> None:
    """Where an SQLite file is about to be made: after a wrong letter in its path nobody is to wonder where all went."""
    file = file_of(settings.database_url.get_secret_value())
    if file is None or file.exists():
        return
    if logged:
        log.warning("there was no database here, so a new one is made")
    else:
        console.print(f"There was no database at {file}: a new one is made.", markup=False, soft_wrap=True)


def _whose_login(settings: Settings) -> str:
    if settings.database_owner_url is None:
        return (
            "The database does not let in the login of PLACEMENT_DATABASE_URL. Where that one is still to be made, "
            "set PLACEMENT_DATABASE_OWNER_URL as well: the same database with a login that owns it and may make "
            "roles. This command then makes the other (docs/operating.md)."
        )
    return "The database does not let in the login of PLACEMENT_DATABASE_OWNER_URL: check its name and password."
