"""Sabbatical: one system for the whole life of an ML model.

import sabbatical as sb

ws = sb.open()
project = ws.project("street")
model = project.snapshot().train()
print(model.evaluate().report.sentences[0])
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sabbatical.core import errors
    from sabbatical.schemas.label import Shape
    from sabbatical.sdk.evaluation import Evaluation
    from sabbatical.sdk.model import Model
    from sabbatical.sdk.predictions import Predictions
    from sabbatical.sdk.project import Project
    from sabbatical.sdk.run import Run
    from sabbatical.sdk.snapshot import Snapshot
    from sabbatical.sdk.workspace import Workspace, open  # noqa: A004 - `sb.open()` reads best

__version__ = "0.1.0"

_PLACES = {
    "Evaluation": "sdk.evaluation",
    "Model": "sdk.model",
    "Predictions": "sdk.predictions",
    "Project": "sdk.project",
    "Run": "sdk.run",
    "Shape": "schemas.label",
    "Snapshot": "sdk.snapshot",
    "Workspace": "sdk.workspace",
    "errors": "core.errors",
    "open": "sdk.workspace",
}
__all__ = [
    "Evaluation",
    "Model",
    "Predictions",
    "Project",
    "Run",
    "Shape",
    "Snapshot",
    "Workspace",
    "__version__",
    "errors",
    "open",
]


def __getattr__(name: str) -> Any:
    """Public names are loaded when they are first used, so that importing the package costs nothing."""
    if name not in _PLACES:
        raise AttributeError(f"module 'sabbatical' has no attribute '{name}'")
    module = import_module(f"sabbatical.{_PLACES[name]}")
    value = module if name == "errors" else getattr(module, name)
    globals()[name] = value
    return value
