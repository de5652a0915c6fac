"""What `taxonomy check` and `taxonomy tables` say."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field


class TaxonomyFinding(BaseModel):
    level: Literal["error", "warning", "note"]
    code: str
    taxonomy: str | None = Field(description="None for what concerns the tree, or all customers together.")
    classes: list[str]
    message: str


class ClassCoverage(BaseModel):
    """How one customer's taxonomy treats one class of the tree."""

    name: str
    state: str = Field(description="covered, coarse only, by its children, in part, not labeled.")
    labels: list[str] = Field(description="The labels that make it so.")


class LabelRow(BaseModel):
    """What a box or text of one label says about every class: 1 yes, 0 no, None nothing."""

    label: str
    to: str | None
    says: list[int | None]


class TaxonomyTables(BaseModel):
    """The tables with which the loss of one customer's images is masked, in the order of `classes`."""

    taxonomy: str
    version: int
    classes: list[str]
    labels: list[LabelRow]
    background: list[bool] = Field(description="Whether nothing drawn means that the class is not there.")
    box_weight: list[float]
    coverage: list[ClassCoverage]
