"""Failures of a model that have something in common, and the labels that are ordered for them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sabbatical.schemas import mine as schema
from sabbatical.schemas import run as run_schema
from sabbatical.schemas.mine import Closing, IssueItem, IssueState, MineRequest, Ordered, OrderRequest
from sabbatical.sdk.client import Client, place, request
from sabbatical.sdk.run import Run


class Issue:
    """An issue of one project."""

    def __init__(self, client: Client, record: schema.Issue) -> None:
        self._client = client
        self.record = record

    def __repr__(self) -> str:
        return f"<Issue {self.number} of {self.record.model}: {self.title}>"

    @property
    def number(self) -> int:
        return self.record.number

    @property
    def title(self) -> str:
        return self.record.title

    def items(self) -> Iterator[IssueItem]:
        """The worst first; then those that only stand in the same place."""
        return self._client.pages(IssueItem, self._place("items"))

    def order(self, tasks: int = 100) -> Ordered:
        """Make campaigns of it, one for each customer's taxonomy."""
        return order_labels(self._client, self.record.project, [self.number], tasks)

    def dismiss(self, why: str = "") -> schema.Issue:
        """Say that it is none; it is not made again for this model."""
        return self._close("dismiss", why)

    def resolve(self, why: str = "") -> schema.Issue:
        """Say that it is mended; should it come back, it is a new issue."""
        return self._close("resolve", why)

    def refresh(self) -> schema.Issue:
        """How far its labels are now."""
        self.record = schema.Issue.model_validate(self._client.get(self._place()))
        return self.record

    def _close(self, verb: str, why: str) -> schema.Issue:
        self.record = schema.Issue.model_validate(self._client.post(self._place(verb), request(Closing, why=why)))
        return self.record

    def _place(self, *parts: str) -> str:
        return place("projects", self.record.project, "issues", str(self.number), *parts)


def found_issue(client: Client, project: str, number: int) -> Issue:
    """The issue of this number."""
    return Issue(client, schema.Issue.model_validate(client.get(place("projects", project, "issues", str(number)))))


def issues(client: Client, project: str, state: IssueState | None) -> Iterator[Issue]:
    """Newest first."""
    for record in client.pages(schema.Issue, place("projects", project, "issues"), state=state):
        yield Issue(client, record)


def start_mine(client: Client, project: str, **asked: Any) -> Run[list[Issue]]:
    """Begin to look for failures; see `MineRequest`. The run makes the issues found, the worst first."""
    answer = client.post(place("projects", project, "issues"), request(MineRequest, **asked))

    def finish(run: run_schema.Run) -> list[Issue]:
        return [found_issue(client, project, number) for number in (run.result or {})["issues"]]

    return Run(client, run_schema.Run.model_validate(answer), finish)


def order_labels(client: Client, project: str, numbers: Sequence[int], tasks: int) -> Ordered:
    """Make campaigns of several issues together."""
    asked = request(OrderRequest, issues=list(numbers), tasks=tasks)
    return Ordered.model_validate(client.post(place("projects", project, "issues", "orders"), asked))
