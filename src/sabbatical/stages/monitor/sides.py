"""What is compared with what: the newest answers of a model with its first, or with items of its snapshot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sabbatical.core.errors import NotFound
from sabbatical.core.progress import Part, Progress
from sabbatical.durable.steps import Step
from sabbatical.schemas.item import Split
from sabbatical.schemas.monitor import MonitorRequest, Side, Source
from sabbatical.schemas.policy import Watching
from sabbatical.schemas.project import Project
from sabbatical.schemas.train import ModelVersion
from sabbatical.stages.dataset import actions as datasets
from sabbatical.stages.monitor import queries
from sabbatical.stages.monitor.columns import Seen
from sabbatical.stages.monitor.facts import Facts, facts_of
from sabbatical.stages.predict import actions as predictions
from sabbatical.stages.train.actions import Answer
from sabbatical.storage.tables import ItemRow, ServedRow
from sabbatical.storage.workspace import Workspace

LEAST = 20
"""Items of a window; fewer are not looked at."""
MOST_LATER = 2000
"""Newest answers that are told by month, where the window is no larger."""
UNSEEN: tuple[Split, ...] = ("validation", "test")
LEARNED: tuple[Split, ...] = ("train",)


@dataclass(frozen=True)
class Asked:
    """An item to look at: its answer where one was served, and when it came.

    The model's answer to what it `learned` from is not asked for: it is too sure there.
    """

    item_id: str
    answer: Answer | None = None
    at: datetime | None = None
    learned: bool = False


@dataclass(frozen=True)
class Sides:
    """`later` are the answers between reference and window; they are told by month only."""

    source: Source
    reference: list[Asked]
    later: list[Asked]
    window: list[Asked]


@dataclass(frozen=True)
class Choosing:
    """Everything that the choice of sides depends on."""

    workspace: Workspace
    project: Project
    model: ModelVersion
    asked: MonitorRequest

    def sides(self) -> Sides:
        """The reference is what is given, else the model's first answers, else items of its snapshot.

        Its first answers are a reference as soon as a whole window came after them, and stay it.
        """
        first, after = ([], []) if self.asked.items is not None else self._answers()
        if self.asked.against is not None:
            window, later = self._window([*first, *after])
            return Sides("items", [Asked(item) for item in dict.fromkeys(self.asked.against)], later, window)
        if len(after) >= self._size:
            window, later = self._window(after)
            return Sides("served", first, later, window)
        window, later = self._window([*first, *after])
        taken = {one.item_id for one in (*window, *later)}
        return Sides("snapshot", self._from_snapshot(self._many, taken), later, window)

    @property
    def _size(self) -> int:
        return self.asked.window or Watching().window

    @property
    def _many(self) -> int:
        return self.asked.reference or Watching().reference

    def _window(self, answers: list[Asked]) -> tuple[list[Asked], list[Asked]]:
        """What is looked at, and the answers before it."""
        if self.asked.items is not None:
            return [Asked(item) for item in dict.fromkeys(self.asked.items)], []
        return answers[-self._size :], answers[: -self._size]

    def _answers(self) -> tuple[list[Asked], list[Asked]]:
        """The first answers of the model, and the newest after them: each item once, in the order they came.

        The first are the same in every look: no item or answer comes before them any more once they are all there.
        """
        project, model = self.project.id, self.model.id
        with self.workspace.database.reading() as session:
            first = queries.answers(session, project, model, self._many)
            if len(first) < self._many:
                return [_asked(row) for row in first], []
            after = queries.answers(
                session,
                project,
                model,
                max(self._size, MOST_LATER),
                after_seq=first[-1].seq,
                without={row.item_id for row in first},
                newest=True,
            )
            return [_asked(row) for row in first], [_asked(row) for row in after]

    def _from_snapshot(self, many: int, taken: set[str]) -> list[Asked]:
        """Items of the snapshot that the model came from: those that it did not learn from, then the others."""
        found: dict[str, Asked] = {}
        parts: tuple[tuple[Split, ...], ...] = (UNSEEN, LEARNED)
        for splits in parts:
            for one in datasets.labels(self.workspace, self.project, self.model.snapshot, splits):
                if len(found) >= many:
                    break
                if one.item_id not in taken:
                    found.setdefault(one.item_id, Asked(one.item_id, learned=splits == LEARNED))
        return list(found.values())


def _asked(row: ServedRow) -> Asked:
    return Asked(row.item_id, Answer.from_bytes(row.payload), row.captured_at or row.created_at)


def seen_of(step: Step, choosing: Choosing, asked: Sequence[Asked], progress: Progress) -> list[Seen]:
    """Each item with its facts and its answer, in order; one that was not answered before is answered now.

    An item that the project does not have any more is left out.
    """
    workspace, project, model = choosing.workspace, choosing.project, choosing.model
    with workspace.database.reading() as session:
        rows = queries.items(session, project.id, [one.item_id for one in asked])
    facts = facts_of(workspace, list(rows.values()), Part(progress, 0.0, 0.4))
    lacking = [one.item_id for one in asked if one.answer is None and not one.learned and one.item_id in rows]
    parts = predictions.stream(workspace, step.project, model, lacking, len(lacking), Part(progress, 0.4, 1.0))
    answers = {one.item_id: one.answer for part in parts for one in part}
    return [
        _seen(rows[one.item_id], one, facts.get(one.item_id, Facts()), one.answer or answers.get(one.item_id))
        for one in asked
        if one.item_id in rows
    ]


def side(source: Source, seen: Sequence[Seen]) -> Side:
    """A side in numbers."""
    moments = sorted(one.at for one in seen if one.at is not None)
    first, last = (moments[0], moments[-1]) if moments else (None, None)
    return Side(source=source, items=len(seen), groups=len({one.group for one in seen}), first=first, last=last)


def require_items(choosing: Choosing) -> None:
    """Refuse items that the project does not have.

    Raises:
        NotFound: naming one.
    """
    for field, ids in (("items", choosing.asked.items), ("against", choosing.asked.against)):
        with choosing.workspace.database.reading() as session:
            there = queries.items(session, choosing.project.id, ids or [])
        lacking = [item for item in ids or [] if item not in there]
        if lacking:
            raise NotFound(
                f"{len(lacking):,} of {len(ids or []):,} items are not in the project '{choosing.project.name}', such "
                f"as '{lacking[0][:60]}'.",
                where=f"field {field}",
            )


def _seen(row: ItemRow, asked: Asked, facts: Facts, answer: Answer | None) -> Seen:
    return Seen(
        item_id=row.id,
        group=row.group,
        at=asked.at or row.captured_at,
        customer=row.customer,
        attributes=row.attributes,
        facts=facts,
        text=row.text,
        answer=answer,
    )
