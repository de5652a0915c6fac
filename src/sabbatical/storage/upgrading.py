"""Bring a database's schema up to this version, with Alembic. Loaded only where there is something to do."""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from sabbatical.core.errors import NewerWorkspace
from sabbatical.storage.migrations import FOLDER


def upgrade(connection: Connection, current: str | None) -> None:
    """Run what is missing after the revision `current`.

    Raises:
        NewerWorkspace: a newer version of Sabbatical wrote the database.
    """
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    known = {revision.revision for revision in ScriptDirectory.from_config(config).walk_revisions()}
    if current is not None and current not in known:
        raise NewerWorkspace(
            f"This workspace was written by a newer version of Sabbatical (its schema is '{current}').",
            where=connection.engine.url.render_as_string(hide_password=True),
            hint="Install that version or a newer one; nothing was changed.",
        )
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
