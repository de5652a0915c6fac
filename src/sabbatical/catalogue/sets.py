"""The catalogue itself: one entry a data set."""

from __future__ import annotations

from functools import cache
from importlib import resources

import yaml
from pydantic import BaseModel, Field

from sabbatical.core.errors import NotFound
from sabbatical.schemas.project import Task
from sabbatical.taxonomy.names import did_you_mean

WORLD = "world"
"""The set that is drawn here, by `sim`, and never fetched."""


class DataSet(BaseModel):
    name: str
    title: str
    task: Task
    items: int | None = Field(None, description="Images or texts; None where as many are made as asked.")
    size: int = Field(0, description="Bytes of all files.")
    licence: str
    source: str | None = Field(None, description="Address of the repository it was taken from.")
    commit: str | None = None
    date: str | None = Field(None, description="Of that commit.")
    sums: str | None = Field(None, description="SHA-256 of its SHA256SUMS; None for what is built in or joined.")
    made_of: tuple[str, ...] = Field((), description="The data sets that it joins; empty for one of its own.")
    about: str

    @property
    def built_in(self) -> bool:
        return self.sums is None and not self.made_of


_WORLD = DataSet(
    name=WORLD,
    title="The built-in street world",
    task="boxes",
    licence="Apache-2.0",
    about="Scenes drawn here, with full truth known; three customers label them in three ways.",
)


@cache
def _sets() -> dict[str, DataSet]:
    text = (resources.files("sabbatical.catalogue") / "sets.yaml").read_text("utf-8")
    named = {name: DataSet(name=name, **entry) for name, entry in yaml.safe_load(text).items()}
    return {WORLD: _WORLD, **named}


def list_sets() -> list[DataSet]:
    """All of them, the built-in one first."""
    return list(_sets().values())


def describe(name: str) -> DataSet:
    """One data set. Raises NotFound, naming those that are near."""
    found = _sets().get(name)
    if found is None:
        message = f"The catalogue has no data set '{name}'."
        raise NotFound(message, where="data set", hint=did_you_mean(name, _sets()))
    return found
