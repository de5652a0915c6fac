"""Public data sets by name: what there is, how to get it, and how it becomes ordinary sources of a project."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from sabbatical.catalogue.sets import WORLD, DataSet, describe, list_sets

if TYPE_CHECKING:
    from sabbatical.catalogue.adapters import prepare
    from sabbatical.catalogue.fetching import get
    from sabbatical.catalogue.plan import Plan, PlanSource

_PLACES = {"Plan": "plan", "PlanSource": "plan", "get": "fetching", "prepare": "adapters"}
__all__ = ["WORLD", "DataSet", "Plan", "PlanSource", "describe", "get", "list_sets", "prepare"]


def __getattr__(name: str) -> Any:
    """What fetches and prepares is loaded when it is used: a web process only describes."""
    if name not in _PLACES:
        raise AttributeError(f"module 'sabbatical.catalogue' has no attribute '{name}'")
    return getattr(import_module(f"sabbatical.catalogue.{_PLACES[name]}"), name)
