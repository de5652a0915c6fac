"""Points of a flow where a test lets the process be killed, as a power cut would, once a workspace."""

from __future__ import annotations

import os
import signal

from sabbatical.storage.workspace import Workspace


def fault(workspace: Workspace, point: str) -> None:
    """Kill this process with signal 9 if the setting `fault` names this point, and it has not happened here before."""
    if workspace.settings.fault != point:
        return
    try:
        (workspace.folder("faults") / point).touch(exist_ok=False)
    except FileExistsError:
        return
    os.kill(os.getpid(), signal.SIGKILL)
