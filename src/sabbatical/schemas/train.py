"""What training is asked, and the model version it makes."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Masking = Literal["none", "column", "tree"]


class TrainRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    snapshot: str | None = Field(None, description="Name or id; the newest unless given.")
    recipe: str = Field(
        "default", description="Name of a built-in recipe; with `start`, `default` is that of the model to go on from."
    )
    start: str | None = Field(None, description="Name or id of a model whose weights the training goes on from.")
    settings: dict[str, Any] = Field({}, description="Fields of the recipe to set otherwise.")
    masking: Masking | Literal["tree+completion"] | None = Field(
        None, description="none: the naive super-dataset; column; tree; and tree with labels that the model completes."
    )
    seed: int | None = None
    taxonomies: list[str] | None = Field(None, description="Learn from these customers only.")
    again: bool = Field(False, description="Train anew even if the same model is there.")


class ModelExportRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    format: Literal["onnx"] = "onnx"


class ModelVersion(BaseModel):
    id: str
    name: str = Field(description="v1, v2, ... in the order of making.")
    project: str
    snapshot: str
    family: str
    recipe: dict[str, Any]
    masking: Masking
    super_taxonomy: str
    classes: list[str]
    code_version: str
    seed: int
    start: str | None = Field(description="The model whose weights it went on from.")
    weights: str = Field(description="Content id of the weights (safetensors).")
    record: dict[str, Any] = Field(description="Curves, seconds, warnings, thresholds, environment.")
    created_at: datetime
