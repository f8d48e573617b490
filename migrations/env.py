"""Alembic's way in: it is handed a connection by `app.store.migrate`, or makes one for a developer."""

from alembic import context
from sqlalchemy import Connection

from app.settings import Settings
from app.store.session import Database
from app.store.tables import metadata


def migrate(connection: Connection) -> None:
    """Run the migrations asked for in the transaction of this connection."""
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
        compare_server_default=True,
    )
    context.run_migrations()


if (given := context.config.attributes.get("connection")) is not None:
    migrate(given)
else:
    settings = Settings.read()
    with Database.open((settings.database_owner_url or settings.database_url).get_secret_value()).writing() as own:
        migrate(own)
