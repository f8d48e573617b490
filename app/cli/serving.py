"""`placement serve` and `placement migrate`."""

from __future__ import annotations

import os
from typing import Annotated, Any

import typer
import uvicorn

from app.api.wire import BoundedHttp
from app.cli.demo import DATABASE_VARIABLE, DEMO_DATABASE, is_configured, make_demo
from app.cli.desk import console, gently
from app.settings import Settings

WIRE: dict[str, Any] = {"http": BoundedHttp, "ws": "none"}
"""How the server speaks: HTTP with an end to every head, and nothing else."""


def serve(
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
            os.environ[DATABASE_VARIABLE] = DEMO_DATABASE
        settings = Settings.read()
        if settings.is_embedded:
            settings.migrate_database()
        console.print(f"Serving on http://{settings.host}:{settings.port} (API docs: /docs). Stop: Ctrl+C.")
        if settings.oidc_issuer is None:
            console.print("Requests need a token; on this machine [bold].venv/bin/placement token[/] prints one.")
        uvicorn.run(
            "app.main:served",
            factory=True,
            host=settings.host,
            port=settings.port,
            log_level="warning",
            access_log=False,
            server_header=False,
            **WIRE,
        )


def migrate() -> None:
    """Bring the configured database to the newest layout. On PostgreSQL: as PLACEMENT_DATABASE_OWNER_URL."""
    with gently():
        Settings.read().migrate_database()
        console.print("The database is laid out for this version.")
