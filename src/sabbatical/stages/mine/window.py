"""The answers that are looked at: what a model said of each item, what is known of the item, and what was said of it.

Legend: a answers (each item once, the newest answer), k classes of the model's tree.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from sabbatical.metrics.columns import Bools, Detections, Ints
from sabbatical.schemas.label import Payload
from sabbatical.schemas.mine import IssueWindow
from sabbatical.schemas.project import Project
from sabbatical.schemas.serve import Arm
from sabbatical.schemas.train import ModelVersion
from sabbatical.stages.dataset import actions as datasets
from sabbatical.stages.dataset.actions import LabelColumns, Labeled, Truth
from sabbatical.stages.evaluate.actions import Facts
from sabbatical.stages.mine import queries
from sabbatical.stages.project import actions as projects
from sabbatical.stages.serve import actions as serving
from sabbatical.stages.train import actions as models
from sabbatical.stages.train.actions import Answer
from sabbatical.storage.tables import ItemRow, RevisionRow, TaxonomyRow
from sabbatical.storage.workspace import Workspace
from sabbatical.taxonomy import SuperTaxonomy

ARMS: tuple[Arm, ...] = ("champion", "shadow", "canary", "ab")


@dataclass(frozen=True)
class Later:
    """What people say of the items: `answer_i` is the place of each labeled item among the answers."""

    labels: LabelColumns
    truth: Truth
    answer_i: Ints


@dataclass(frozen=True)
class Window:
    """The newest answers of a model, in the order in which its items came first.

    `facts` are those of the items. `sure_a`: whether the model was. `verdict_a`: 1 right, -1 wrong, 0 nobody said.
    """

    model: ModelVersion
    tree: SuperTaxonomy
    items: list[str]
    answers: list[Answer]
    facts: Facts
    sure_a: Bools
    verdict_a: NDArray[np.int8]
    later: Later

    def __len__(self) -> int:
        return len(self.items)

    @cached_property
    def threshold_k(self) -> NDArray[np.float64]:
        chosen = self.model.record.get("thresholds", {})
        return np.array([chosen.get(name, 0.5) for name in self.tree.names], np.float64)

    def detections(self, answers: Iterable[int]) -> Detections:
        """What was found in these answers; images are their places in the order given."""
        chosen = [self.answers[a] for a in answers]
        return Detections.of(
            np.concatenate([np.zeros((0, 4)), *(one.boxes_n4.astype(np.float64) for one in chosen)]),
            np.repeat(np.arange(len(chosen)), [len(one.scores_n) for one in chosen]),
            np.concatenate([np.zeros(0, np.int64), *(one.classes_n for one in chosen)]),
            np.concatenate([np.zeros(0), *(one.scores_n for one in chosen)]),
        )

    def scores(self) -> NDArray[np.float64]:
        """How sure the model is of each class of each text; a x k."""
        scores_ak = np.zeros((len(self), len(self.tree)))
        for scores_k, answer in zip(scores_ak, self.answers, strict=True):
            scores_k[answer.classes_n] = answer.scores_n
        return scores_ak

    def summary(self, places: int) -> IssueWindow:
        moments = self.facts.captured_at
        known = moments[~np.isnat(moments)].astype("datetime64[us]")
        return IssueWindow(
            answers=len(self),
            groups=len(np.unique(self.facts.group_i)),
            labeled=len(np.unique(self.later.answer_i)),
            feedback=int((self.verdict_a != 0).sum()),
            first=known.min().item().replace(tzinfo=UTC) if len(known) else None,
            last=known.max().item().replace(tzinfo=UTC) if len(known) else None,
            places=places,
        )


def read_window(workspace: Workspace, project: Project, model: ModelVersion, most: int) -> Window:
    """The newest answers of a model with all that is known of them."""
    with workspace.database.reading() as session:
        tree = projects.super_taxonomy_by_id(session, models.super_taxonomy_id(session, project, model.name))
        given = serving.window(session, project.id, model_id=model.id, arms=ARMS, limit=most, newest=True, kept=True)
        there = queries.items(session, project.id, [one.item_id for one in given])
        newest = {one.item_id: one for one in given if one.item_id in there}
        items = list(newest)
        said = queries.verdicts(session, project.id, items, model.id)
        later = list(_labeled(queries.labels(session, project.id, items)))
        now = projects.super_taxonomy(session, project.id)[1]
        taxonomies = projects.as_read_now(session, {one.taxonomy_id for one in later}, now)
    facts = Facts()
    for _ in facts.noting(there[item] for item in items):
        pass
    labels = datasets.label_columns(later)
    place = {item: a for a, item in enumerate(items)}
    return Window(
        model=model,
        tree=tree,
        items=items,
        answers=[one.answer for one in newest.values()],
        facts=facts,
        sure_a=np.array([one.sure for one in newest.values()], np.bool_),
        verdict_a=np.array([{"right": 1, "wrong": -1}.get(said.get(item, ""), 0) for item in items], np.int8),
        later=Later(
            labels=labels,
            truth=datasets.truth_of(labels, now, taxonomies).told_in(now, tree),
            answer_i=np.array([place[item] for item in labels.items], np.int64),
        ),
    )


def _labeled(rows: Iterable[tuple[ItemRow, RevisionRow, TaxonomyRow]]) -> Iterator[Labeled]:
    for item, revision, taxonomy in rows:
        of_item = {name: getattr(item, name) for name in Labeled.__dataclass_fields__ if hasattr(ItemRow, name)}
        yield Labeled(
            **of_item,
            item_id=item.id,
            revision_id=revision.id,
            taxonomy=taxonomy.name,
            taxonomy_id=taxonomy.id,
            payload=Payload.from_bytes(revision.payload),
        )
