"""A plan: which taxonomies and sources make a data set into a project, as a file that a person can read and change."""

from __future__ import annotations

from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sabbatical.core.errors import BadInput
from sabbatical.schemas.item import Split
from sabbatical.schemas.project import Task

FILE = "plan.yaml"


class PlanSource(BaseModel):
    """One thing to ingest."""

    model_config = ConfigDict(extra="forbid")

    path: str = Field(description="Relative to the plan.")
    source: str = Field(description="What to call it.")
    taxonomy: str | None = Field(None, description="Whose labels it holds; null where it holds none.")
    customer: str | None = Field(None, description="Who sent it; null: whose taxonomy it is.")
    version: int = Field(1, ge=1, description="Of the taxonomy.")
    split: Split | None = Field(
        None, description="null: as the project draws; test: all of it; train: none of it judges in the end."
    )
    turn: int = Field(1, ge=1, description="The turn of the loop in which it arrives.")


class Plan(BaseModel):
    """What `prepare` writes. Sources of a turn come in their order, taxonomies before them."""

    model_config = ConfigDict(extra="forbid")

    project: str
    task: Task
    super_taxonomy: str = Field(description="File of the super-taxonomy, relative to the plan.")
    taxonomies: list[str] = Field(description="Files of the taxonomies, older versions first.")
    sources: list[PlanSource]

    def write(self, folder: Path) -> Path:
        """Writes `plan.yaml` into a folder; answers where."""
        path = folder / FILE
        path.write_text(yaml.safe_dump(self.model_dump(), sort_keys=False, allow_unicode=True), "utf-8")
        return path

    @classmethod
    def load(cls, path: Path) -> Plan:
        """The plan of a file, or of the folder it lies in. Raises BadInput."""
        path = path / FILE if path.is_dir() else path
        try:
            return cls.model_validate(yaml.safe_load(path.read_text("utf-8")))
        except (OSError, yaml.YAMLError, ValidationError) as error:
            raise BadInput(f"This is no plan: {error}", where=str(path)) from error
