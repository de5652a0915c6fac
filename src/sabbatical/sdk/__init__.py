"""The typed client: the same objects over HTTP, or in process on a workspace folder when no server runs."""

from sabbatical.sdk.evaluation import Evaluation
from sabbatical.sdk.model import Model
from sabbatical.sdk.predictions import Predictions
from sabbatical.sdk.project import Project
from sabbatical.sdk.run import Run
from sabbatical.sdk.snapshot import Snapshot
from sabbatical.sdk.workspace import Workspace, open  # noqa: A004 - `sb.open()` reads best

__all__ = ["Evaluation", "Model", "Predictions", "Project", "Run", "Snapshot", "Workspace", "open"]
