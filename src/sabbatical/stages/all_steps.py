"""Importing this registers the step of every kind of long work."""

from sabbatical.stages.dataset import steps as dataset
from sabbatical.stages.label import steps as label

__all__ = ["dataset", "label"]
