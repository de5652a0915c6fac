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
    from sabbatical.sdk import Evaluation, Model, Predictions, Project, Run, Snapshot, Workspace, open  # noqa: A004

__version__ = "0.1.0"

_SDK = ("Evaluation", "Model", "Predictions", "Project", "Run", "Snapshot", "Workspace", "open")
_HOMES = dict.fromkeys(_SDK, "sabbatical.sdk") | {"Shape": "sabbatical.schemas.label"}
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
    if name == "errors":
        return import_module("sabbatical.core.errors")
    if name not in _HOMES:
        raise AttributeError(f"module 'sabbatical' has no attribute '{name}'")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value
