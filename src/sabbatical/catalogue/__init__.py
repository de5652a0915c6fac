"""Public data sets by name: what there is, how to get it, and how it becomes ordinary sources of a project."""

from sabbatical.catalogue.adapters import prepare
from sabbatical.catalogue.fetching import get
from sabbatical.catalogue.plan import Plan, PlanSource
from sabbatical.catalogue.sets import WORLD, DataSet, describe, list_sets

__all__ = ["WORLD", "DataSet", "Plan", "PlanSource", "describe", "get", "list_sets", "prepare"]
