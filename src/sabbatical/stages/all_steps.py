"""Importing this registers the step of every kind of long work."""

from sabbatical.stages.dataset import steps as dataset

__all__ = ["dataset"]
