"""Settings of one installation: flags, then the environment, then `sabbatical.toml` in the workspace, then defaults."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from sabbatical.core.errors import BadInput

FILE_NAME = "sabbatical.toml"
LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
"""What this machine is called by itself."""


class Settings(BaseSettings):
    """What can be set; every field is also `SABBATICAL_<NAME>` in the environment."""

    model_config = SettingsConfigDict(env_prefix="SABBATICAL_", extra="forbid", frozen=True)

    home: Path = Field(Path(".sabbatical"), description="The workspace folder: database, media, models.")
    database: str | None = Field(
        None,
        description="SQLAlchemy address; default is SQLite in the workspace. Servers of a PostgreSQL share `home` too.",
    )
    media: str | None = Field(
        None, description="fsspec address of the media store; default is a folder in the workspace."
    )
    data_mirror: str | None = Field(None, description="Folder or address that holds copies of the public data sets.")
    host: str = Field("127.0.0.1", description="Address that `up` listens on.")
    port: int = Field(8400, ge=0, le=65535, description="Port that `up` listens on; 0 is any that is free.")
    url: str | None = Field(None, description="Address of a running server; without it commands work on the folder.")
    workers: int = Field(default_factory=lambda: os.cpu_count() or 1, ge=1, description="Heavy runs at one time.")
    run_seconds: float | None = Field(None, gt=0, description="Longest that the process of one heavy run may take.")
    run_memory_mb: int | None = Field(None, ge=64, description="Most memory of one heavy run with its processes.")
    fault: str | None = Field(
        None, description="To try recovery: kill the process at this point of a flow, such as turn.train.before, once."
    )
    max_pixels: int = Field(80_000_000, ge=1, description="Largest image accepted, in pixels.")
    max_archive_bytes: int = Field(64 << 30, ge=1, description="Largest sum of unpacked bytes of one archive.")
    max_item_bytes: int = Field(256 << 20, ge=1, description="Largest image or text; each is read whole.")
    max_request_bytes: int = Field(32 << 20, ge=1, description="Largest body of a request that is no upload.")
    max_upload_bytes: int = Field(64 << 30, ge=1, description="Largest upload.")
    allow_paths: bool = Field(False, description="Clients of `up` may name files of the server's machine.")
    token: str | None = Field(None, description="What a client shows to a server on another machine or behind a proxy.")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        flags = init_settings()
        home = Path(str(flags.get("home") or os.environ.get("SABBATICAL_HOME") or ".sabbatical"))
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, toml_file=home / FILE_NAME)

    def environment(self) -> dict[str, str]:
        """These settings as the environment of another process, beside all that this one has."""
        given = {f"SABBATICAL_{name.upper()}": str(v) for name, v in self.model_dump().items() if v is not None}
        return {**os.environ, **given, "SABBATICAL_HOME": str(self.home.resolve())}

    @property
    def database_url(self) -> str:
        return self.database or f"sqlite:///{self.home.resolve() / 'sabbatical.db'}"

    @property
    def media_url(self) -> str:
        # fsspec takes the path as it is: quoted as a URI is, a folder with a space would be another one.
        return self.media or f"file://{self.home.resolve() / 'media'}"


def load(**flags: Any) -> Settings:
    """The settings in force; flags that are None do not count.

    Raises:
        BadInput: a value that is unknown or out of range, naming the field.
    """
    given = {name: value for name, value in flags.items() if value is not None}
    try:
        return Settings(**given)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise BadInput(
            f"The setting '{field}' cannot be used: {first['msg']}.",
            where=f"settings field {field}",
            hint=f"Set it by flag, by SABBATICAL_{field.upper()}, or in {FILE_NAME} of the workspace.",
        ) from error
