"""Importing this registers the step of every kind of long work."""

from sabbatical.stages.assist import steps as assist
from sabbatical.stages.dataset import steps as dataset
from sabbatical.stages.evaluate import steps as evaluate
from sabbatical.stages.ingest import steps as ingest
from sabbatical.stages.label import steps as label
from sabbatical.stages.mine import steps as mine
from sabbatical.stages.monitor import steps as monitor
from sabbatical.stages.predict import steps as predict
from sabbatical.stages.release import steps as release
from sabbatical.stages.train import exporting as export_model
from sabbatical.stages.train import steps as train

__all__ = [
    "assist",
    "dataset",
    "evaluate",
    "export_model",
    "ingest",
    "label",
    "mine",
    "monitor",
    "predict",
    "release",
    "train",
]
