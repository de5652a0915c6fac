"""Who may do what. Every route names its action and passes through `allow`; accounts will change only this file."""

from __future__ import annotations

import hmac
from ipaddress import ip_address
from typing import Any, Protocol
from urllib.parse import urlsplit

from fastapi import Depends
from starlette.requests import HTTPConnection, Request

from sabbatical.api.context import Context
from sabbatical.core.errors import BadInput, Broken, NotAllowed
from sabbatical.core.settings import LOCAL_NAMES

SHORTEST_TOKEN = 20
ACTIONS = {
    "server.read": "see whether the server is well, and its contract",
    "project.read": "see projects and their taxonomies",
    "project.write": "make projects, add taxonomies",
    "upload.write": "send files to the server",
    "ingest.run": "take data into a project",
    "item.read": "see items and their media",
    "label.read": "see labels, campaigns and tasks",
    "label.write": "change labels, make campaigns",
    "snapshot.read": "see snapshots",
    "snapshot.run": "make and export snapshots",
    "model.read": "see models, their cards and weights",
    "model.run": "train and export models",
    "evaluation.read": "see reports",
    "evaluation.run": "judge models",
    "prediction.read": "see predictions",
    "prediction.run": "predict",
    "release.read": "see releases and decisions",
    "release.run": "propose, advance and revert releases",
    "serve.run": "ask the model that is released",
    "serve.read": "see what was answered",
    "feedback.read": "see feedback",
    "feedback.write": "give feedback",
    "assist.read": "see what the model suggests for a task",
    "monitor.read": "see reports of drift",
    "monitor.run": "look for drift",
    "issue.read": "see issues",
    "issue.run": "look for failures",
    "issue.write": "change issues, make campaigns of them",
    "autopilot.read": "see what the loop does by itself",
    "autopilot.run": "start and stop the loop, change its policy",
    "run.read": "see runs",
    "run.write": "cancel and resume runs",
    "catalogue.read": "see the catalogue of public data sets",
    "catalogue.run": "fetch a public data set",
    "study.read": "see studies and their reports",
    "study.run": "do trials of a study",
}


class Access(Protocol):
    """A policy: who may do what."""

    def check(self, request: HTTPConnection, action: str) -> None:
        """Let the request pass.

        Raises:
            NotAllowed: it may not.
        """


class InProcess:
    """The application is driven by the same process: whoever runs it owns the workspace folder anyway."""

    def check(self, request: HTTPConnection, action: str) -> None:
        return None


class LocalOwner:
    """Only the owner: a client on this machine, or one that shows the token.

    A page of another site in the owner's browser is a client on this machine too. It is told by its `Origin`, and,
    where it has made its own name point here (DNS rebinding), by the `Host` that it must then send.
    """

    def __init__(self, token: str) -> None:
        """Raises BadInput for a token that could be guessed, the empty one above all."""
        if len(token) < SHORTEST_TOKEN:
            raise BadInput(
                f"The owner's token has {len(token)} characters; fewer than {SHORTEST_TOKEN} can be guessed.",
                where="SABBATICAL_TOKEN",
                hint="Remove the file `token` of the workspace; the next `sabbatical up` makes a new one.",
            )
        self._token = token.encode()

    def check(self, request: HTTPConnection, action: str) -> None:
        if self._shows_token(request):
            return
        host = _name(f"//{request.headers.get('host', '')}")
        if not _is_loopback(request.client.host if request.client else ""):
            raise NotAllowed(
                f"Only the owner may {ACTIONS[action]}, from this machine or with the token.",
                hint="Set SABBATICAL_TOKEN to the token that `sabbatical up` printed.",
            )
        if host not in LOCAL_NAMES:
            raise NotAllowed(
                f"The request was sent to '{host}', which is not this machine's own name.",
                where="header Host",
                hint="Use http://127.0.0.1, or show the token that `sabbatical up` printed.",
            )
        origin = request.headers.get("origin")
        if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
            raise NotAllowed("A page of another site sent this request.", where="header Origin")

    def _shows_token(self, request: HTTPConnection) -> bool:
        scheme, _, shown = request.headers.get("authorization", "").partition(" ")
        return scheme.lower() == "bearer" and hmac.compare_digest(shown.strip().encode(), self._token)


class Allow:
    """The dependency of one route: checks its action, and answers the context that the route works with."""

    def __init__(self, action: str) -> None:
        self.action = action

    async def __call__(self, request: Request) -> Context:
        request.app.state.access.check(request, self.action)
        context: Context = request.app.state.context
        return context


def allow(action: str) -> Any:
    """What every route depends on."""
    if action not in ACTIONS:
        raise Broken(f"The action '{action}' is not in the table of actions.")
    return Depends(Allow(action))


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _name(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""
