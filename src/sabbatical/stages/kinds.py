"""Which module does which kind of long work, so that a process that does one run loads only what that needs."""

from __future__ import annotations

from importlib import import_module

MODULES = {
    "get": "ingest.steps",
    "ingest": "label.steps",
    "snapshot": "dataset.steps",
    "export": "dataset.steps",
    "train": "train.steps",
    "export-model": "train.exporting",
    "evaluate": "evaluate.steps",
    "predict": "predict.steps",
    "propose": "release.steps",
    "prelabel": "assist.steps",
    "propose-taxonomy": "assist.steps",
    "monitor": "monitor.steps",
    "mine": "mine.steps",
}
ABOVE = {"trial": "study.steps", "study": "study.steps"}
"""Kinds of work that stands above the stages: names, which a process that does such a run follows."""


LARGE = {"train": "torch", "trial": "torch"}
"""What takes seconds to load, by the first kind of work that shows that it will be needed again."""


def register(kind: str) -> None:
    """Load what does this kind of run. Of a kind that is none of ours, whoever has it has registered it."""
    if kind in MODULES:
        import_module(f"sabbatical.stages.{MODULES[kind]}")
    if kind in ABOVE:
        import_module(f"sabbatical.{ABOVE[kind]}")


def prepare(kind: str) -> None:
    """Load all that a run of this kind needs, in a process that others are forked from."""
    register(kind)
    if kind in LARGE:
        import_module(LARGE[kind])
