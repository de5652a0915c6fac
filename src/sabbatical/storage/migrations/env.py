"""Alembic runs this to apply migrations; the connection comes from `Database.migrate`."""

from alembic import context
from sqlalchemy import create_engine

from sabbatical.storage.tables import Base


def migrate() -> None:
    connection = context.config.attributes.get("connection")
    if connection is not None:
        context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True)
        context.run_migrations()
        return
    engine = create_engine(context.config.get_main_option("sqlalchemy.url") or "")
    with engine.begin() as made:
        context.configure(connection=made, target_metadata=Base.metadata, render_as_batch=True)
        context.run_migrations()


migrate()
