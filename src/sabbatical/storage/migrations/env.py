"""Alembic runs this to apply migrations; the connection comes from `Database.migrate`."""

from alembic import context

from sabbatical.storage.tables import Base


def migrate() -> None:
    connection = context.config.attributes["connection"]
    context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True)
    context.run_migrations()


migrate()
