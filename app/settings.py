"""Everything that may differ from one installation to another, read once from the environment.

Variables are called `PLACEMENT_` and the name of the field, in capitals: `PLACEMENT_DATABASE_URL`. Only the
roots (`app.main`, `app.cli`) read settings; every other part is handed what it needs.
"""

from __future__ import annotations

import os
from datetime import time
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, SecretStr, StringConstraints
from pydantic_settings import BaseSettings, SettingsConfigDict

from app.store import migrate
from app.store.session import Database, login_of

PROJECT = Path(__file__).parents[1]
"""The folder that holds `app`, `policies` and `migrations`."""

PREFIX = "PLACEMENT_"

GssCode = Annotated[str, StringConstraints(pattern=r"^[ENSW]\d{8}$")]


class Settings(BaseSettings):
    """Frozen. A name that is not here is refused, in code and (by `read`) in the environment."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid")

    authority: GssCode = "E06000018"
    """The responsible authority: Nottingham."""

    database_url: SecretStr = SecretStr(f"sqlite:///{PROJECT / 'var' / 'placement.db'}")
    """An SQLite file or a PostgreSQL database (`postgresql+psycopg://...`). It may hold a password."""

    database_owner_url: SecretStr | None = None
    """The same PostgreSQL database with the login that owns its tables: for `placement migrate`, nothing else."""

    database_connections: Annotated[int, Field(ge=2, le=200)] = 20
    """Most connections to PostgreSQL that one process of the service opens."""

    work_here: bool = False
    """On PostgreSQL: whether the service makes runs and sends messages itself, where there is no worker."""

    policies: Path = PROJECT / "policies"
    """Folder of the policy documents."""

    postcodes: Path = PROJECT / "var" / "geo"
    """Folder of the baked postcode directory."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65_535)] = 8000

    allowed_hosts: tuple[str, ...] = ("127.0.0.1", "localhost", "[::1]")
    """Names by which the service may be called (the Host header, without its port)."""

    nightly_at: Annotated[str, StringConstraints(pattern=r"^(([01]\d|2[0-3]):[0-5]\d)?$")] = "02:00"
    """Time of day in England at which the service makes the nightly run; empty for none."""

    docs: bool = True
    """Whether /docs and /openapi.json are served."""

    body_limit_bytes: Annotated[int, Field(ge=1_000, le=2**30)] = 1_000_000
    """Largest body of a request, unless it brings a whole inventory."""

    inventory_limit_bytes: Annotated[int, Field(ge=1_000, le=2**31)] = 64_000_000
    """Largest body of a request that may bring a whole inventory: a bulk import, or a match against one."""

    body_timeout_s: Annotated[int, Field(ge=1, le=600)] = 60
    """A body that has not arrived after this long is given up."""

    @property
    def nightly(self) -> time | None:
        """The same as a time; None for no nightly run."""
        return time.fromisoformat(self.nightly_at) if self.nightly_at else None

    @property
    def is_embedded(self) -> bool:
        """Whether the database is an SQLite file, which the service lays out itself."""
        return self.database_url.get_secret_value().startswith("sqlite")

    def open_database(self) -> Database:
        """The database, open for the work of the authority."""
        return Database.open(self.database_url.get_secret_value(), self.authority, self.database_connections)

    def migrate_database(self) -> None:
        """Bring the database to the newest layout, as its owner; let the login of the service in."""
        ours = self.database_url.get_secret_value()
        owners = self.database_owner_url.get_secret_value() if self.database_owner_url else ours
        database = Database.open(owners)
        try:
            migrate.upgrade(database, login=login_of(ours, owners))
        finally:
            database.close()

    @classmethod
    def read(cls) -> Self:
        """The settings as the environment gives them.

        Raises `ValueError` for a variable with our prefix that is none of ours: misspelt, it would leave a
        default in force that nobody wanted.
        """
        given = {name for name in os.environ if name.upper().startswith(PREFIX)}
        ours = {PREFIX + name.upper() for name in cls.model_fields}
        if unknown := sorted(name for name in given if name.upper() not in ours):
            raise ValueError(f"No such setting: {', '.join(unknown)}. There are: {', '.join(sorted(ours))}.")
        return cls()
