"""A workspace: the database, the media store and the columns of one installation, opened together."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sabbatical.core.clock import Clock, utc_now
from sabbatical.core.errors import Unavailable
from sabbatical.core.settings import Settings
from sabbatical.storage.database import Database
from sabbatical.storage.media import Media


@dataclass(frozen=True)
class Workspace:
    """Everything a stage needs to read and write; passed in, never global."""

    settings: Settings
    database: Database
    media: Media
    clock: Clock = utc_now

    @property
    def home(self) -> Path:
        return self.settings.home.resolve()

    @property
    def uploads(self) -> Path:
        """Where files lie that came over the network."""
        return self.home / "uploads"

    def folder(self, *parts: str) -> Path:
        """A folder of this workspace on this machine, made if it is not there."""
        path = self.home.joinpath(*parts)
        path.mkdir(parents=True, exist_ok=True)
        return path

    def close(self) -> None:
        self.database.close()


def open_workspace(settings: Settings, clock: Clock = utc_now) -> Workspace:
    """Open the workspace that the settings name, making or migrating it where needed.

    Raises:
        NewerWorkspace: a newer version of Sabbatical wrote it; nothing was changed.
        Unavailable: the folder cannot be made or written.
    """
    try:
        settings.home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Unavailable(
            f"The workspace folder cannot be made: {error.strerror}.",
            where=str(settings.home),
            hint="Choose another with --home or SABBATICAL_HOME.",
        ) from error
    database = Database(settings.database_url)
    database.migrate()
    return Workspace(settings, database, Media(settings.media_url), clock)
