"""Everything that may differ from one installation to another, read once from the environment.

Variables are called `PLACEMENT_` and the name of the field, in capitals: `PLACEMENT_DATABASE_URL`. What is secret
may stand in a file instead, as containers are given secrets: `PLACEMENT_DATABASE_URL_FILE` names it. Only the
roots (`app.main`, `app.cli`) read settings; every other part is handed what it needs.
"""

from __future__ import annotations

import os
from datetime import time
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, SecretStr, StringConstraints, ValidationError, field_validator
from pydantic_settings import SettingsConfigDict

from app.access.options import AccessOptions
from app.messages.options import MessageOptions
from app.observing.logs import Style
from app.secret_files import IN_A_FILE, is_secret, read_secrets
from app.setting_words import ADDRESS, PREFIX, require_json, told, unknown
from app.store import migrate
from app.store.embedded import is_address, require_file
from app.store.session import Database, login_of

PROJECT = Path(__file__).parents[1]
"""The folder that holds `app`, `policies` and `migrations`."""


def _not_everybody(network: IPv4Network | IPv6Network) -> IPv4Network | IPv6Network:
    if network.prefixlen == 0:
        raise ValueError("everybody is no proxy")
    return network


Network = Annotated[IPv4Network | IPv6Network, AfterValidator(_not_everybody)]
"""An address, or a network such as 10.0.0.0/24."""

GssCode = Annotated[str, StringConstraints(pattern=r"^[ENSW]\d{8}$")]


class Settings(AccessOptions, MessageOptions):
    """Frozen. A name that is not here is refused, in code and (by `read`) in the environment."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid", hide_input_in_errors=True)

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

    worker_grace_s: Annotated[int, Field(ge=0, le=3_600)] = 20
    """Seconds that a worker that is told to stop may still take to finish its run, before it hands it back."""

    policies: Path = PROJECT / "policies"
    """Folder of the policy documents."""

    postcodes: Path = PROJECT / "var" / "geo"
    """Folder of the baked postcode directory."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65_535)] = 8000

    allowed_hosts: tuple[str, ...] = ("127.0.0.1", "localhost", "[::1]")
    """Names by which the service may be called (the Host header, without its port)."""

    trusted_proxies: tuple[Network, ...] = ()
    """Addresses or networks of proxies whose X-Forwarded-For says who calls. None: nobody's header counts."""

    nightly_at: Annotated[str, StringConstraints(pattern=r"^(([01]\d|2[0-3]):[0-5]\d)?$")] = "02:00"
    """Time of day in England at which the service makes the nightly run; empty for none."""

    audit_key: Path | None = None
    """File of the key that signs heads of the audit trail; `placement audit keygen` makes one."""

    erasure_log: Path | None = None
    """File to which every erasure is added, kept apart from the backups: a restored one is erased anew from it."""

    docs: bool = True
    """Whether /docs and /openapi.json are served."""

    body_limit_bytes: Annotated[int, Field(ge=1_000, le=2**30)] = 1_000_000
    """Largest body of a request, unless it brings a whole inventory."""

    inventory_limit_bytes: Annotated[int, Field(ge=1_000, le=2**31)] = 64_000_000
    """Largest body of a request that may bring a whole inventory: a bulk import, or a match against one."""

    body_timeout_s: Annotated[int, Field(ge=1, le=600)] = 60
    """A body that has not arrived after this long is given up."""

    request_timeout_s: Annotated[int, Field(ge=1, le=600)] = 60
    """A request that is not done this long after its body came is answered; what it began may still be finished."""

    read_only: bool = False
    """Nothing is changed: whatever would change something is answered with 503 until this is taken back."""

    workers: Annotated[int, Field(ge=1, le=64)] = 1
    """Processes that answer requests. More than one needs PostgreSQL; about one for each processor."""

    requests_at_once: Annotated[int, Field(ge=1, le=200)] = 1
    """Requests that one process works on at once; further ones wait for their turn.

    Threads of one process take turns anyway, and each change of turn costs. One that takes long counts no more.
    """

    large_requests_at_once: Annotated[int, Field(ge=1, le=200)] = 1
    """Of those, requests with a body beyond `body_limit_bytes`: each may take many seconds. Others wait."""

    requests_waiting: Annotated[int, Field(ge=0, le=10_000)] = 64
    """Requests that wait in one process; further ones are refused at once (503)."""

    request_wait_ms: Annotated[int, Field(ge=1, le=60_000)] = 1_000
    """A request that has waited for its turn for so long is refused (503)."""

    drain_s: Annotated[int, Field(ge=0, le=300)] = 0
    """Told to end, a process says that it is not ready for so long before it stops taking requests."""

    stop_s: Annotated[int, Field(ge=1, le=600)] = 20
    """Then the requests that are in work have so long to be answered."""

    disk_low_mb: Annotated[int, Field(ge=0)] = 500
    """Free space beside an SQLite database under which readiness warns."""

    log_style: Style = Style.AUTO
    """`json`, `text`, or `auto`: readable on a terminal, JSON anywhere else."""

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    metrics: bool = True
    """Whether /metrics is served: to the role admin, or to everybody where `metrics_open` says so."""

    otlp_endpoint: Annotated[str, StringConstraints(pattern=r"^(https?://[^\s@]+)?$")] = ""
    """Where traces are sent (OTLP over HTTP, for example http://collector:4318/v1/traces); empty for none."""

    @field_validator("database_url", "database_owner_url")
    @classmethod
    def _is_an_address(cls, given: SecretStr | None) -> SecretStr | None:
        if given is not None and not is_address(given.get_secret_value()):
            raise ValueError(ADDRESS)
        return given

    @property
    def nightly(self) -> time | None:
        """The same as a time; None for no nightly run."""
        return time.fromisoformat(self.nightly_at) if self.nightly_at else None

    @property
    def is_embedded(self) -> bool:
        """Whether the database is an SQLite file, which the service lays out itself."""
        return self.database_url.get_secret_value().startswith("sqlite")

    @property
    def queue_url(self) -> str | None:
        """Where workers are told of work; None where the service does it itself."""
        return None if self.is_embedded or self.work_here else self.database_url.get_secret_value()

    def open_database(self) -> Database:
        """The database, open for the work of the authority; none is made. Raises `NoDatabaseFile`."""
        require_file(self.database_url.get_secret_value())
        return Database.open(
            self.database_url.get_secret_value(), self.authority, self.database_connections, read_only=self.read_only
        )

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
        default in force that nobody wanted; and for a secret that
        is given twice, or whose file cannot be read. A value that will not do is named with what would.
        """
        given = {name.upper() for name in os.environ if name.upper().startswith(PREFIX)}
        ours = {PREFIX + name.upper() for name in cls.model_fields}
        secret = {
            PREFIX + name.upper(): name for name, field in cls.model_fields.items() if is_secret(field.annotation)
        }
        ours |= {name + IN_A_FILE for name in secret}
        if strange := sorted(given - ours):
            raise ValueError(unknown(strange, ours))
        require_json({name.upper(): value for name, value in os.environ.items()}, cls.model_fields)
        try:
            return cls(**read_secrets(secret, os.environ))
        except ValidationError as error:
            raise ValueError(told(error, cls.model_fields)) from None
