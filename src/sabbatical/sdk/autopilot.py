"""The loop of a project by itself: on, off, one turn, what it does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sabbatical.schemas import run as run_schema
from sabbatical.schemas.autopilot import PolicyRecord, PolicyRequest, Status, Turn, TurnRequest
from sabbatical.schemas.policy import Policy
from sabbatical.sdk import documents
from sabbatical.sdk.client import Client, place, request
from sabbatical.sdk.run import Run, Watcher

Given = Policy | Mapping[str, Any] | str | Path


class Autopilot:
    """`project.autopilot`: a policy says what the loop may do; a turn is one time around it."""

    def __init__(self, client: Client, project: str) -> None:
        self._client = client
        self._project = project

    def status(self) -> Status:
        """What it does now, what it waits for, when it comes again, how its last turns ended."""
        return Status.model_validate(self._client.get(self._place()))

    def on(self, policy: Given | None = None, *, author: str = "owner") -> PolicyRecord:
        """Turns begin by themselves from now on; the policy is a YAML file, a mapping, or the newest."""
        return self._give("on", policy, author)

    def off(self, *, author: str = "owner") -> PolicyRecord:
        """No turn begins by itself; the one under way stops at its next step."""
        return self._change("off", request(TurnRequest, author=author))

    def set_policy(self, policy: Given, *, author: str = "owner") -> PolicyRecord:
        """What the loop may do from the next turn on."""
        return self._give("policies", policy, author)

    def policies(self) -> Iterator[PolicyRecord]:
        """Every policy that there was, newest first."""
        return self._client.pages(PolicyRecord, self._place("policies"))

    def start_once(self, *, author: str = "owner") -> Run[Turn]:
        """Begin a turn; the one under way if there is one."""
        answer = self._client.post(self._place("turns"), request(TurnRequest, author=author))
        return Run(self._client, run_schema.Run.model_validate(answer), lambda run: self.turn(run.id))

    def once(self, *, author: str = "owner", progress: Watcher | None = None) -> Turn:
        """One turn, to its end; it may wait for labels and traffic as long as the policy says."""
        return self.start_once(author=author).wait(progress)

    def turns(self) -> Iterator[Turn]:
        """Newest first."""
        return self._client.pages(Turn, self._place("turns"))

    def turn(self, run: str | None = None) -> Turn:
        """A turn by its run, the newest without one."""
        return Turn.model_validate(self._client.get(self._place("turns", run or "newest")))

    def _give(self, verb: str, policy: Given | None, author: str) -> PolicyRecord:
        asked = _asked(policy, author)
        with documents.placed(_file(policy), "policy."):
            return self._change(verb, asked)

    def _change(self, verb: str, body: PolicyRequest | TurnRequest) -> PolicyRecord:
        return PolicyRecord.model_validate(self._client.post(self._place(verb), body))

    def _place(self, *parts: str) -> str:
        return place("projects", self._project, "autopilot", *parts)


def _asked(policy: Given | None, author: str) -> PolicyRequest:
    """The request; what is wrong in a policy file is said by its place there."""
    if policy is None:
        return request(PolicyRequest, author=author)
    file = _file(policy)
    if file is not None:
        policy = documents.mapping(documents.read(file), file, "`sabbatical autopilot policy` shows one.")
    with documents.placed(file, "policy."):
        return request(PolicyRequest, policy=policy, author=author)


def _file(policy: Given | None) -> Path | None:
    return Path(policy) if isinstance(policy, str | Path) else None
