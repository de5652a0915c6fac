"""Keep what was found as issues: a place that is open already is brought up to date, another becomes a new issue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sqlalchemy.orm import Session

from sabbatical.core.ids import document_id, new_id
from sabbatical.durable.steps import Step
from sabbatical.metrics.columns import Bools
from sabbatical.stages.evaluate.actions import Part
from sabbatical.stages.mine import queries
from sabbatical.stages.mine.finding import Found
from sabbatical.stages.mine.outcomes import Details
from sabbatical.stages.mine.places import inside
from sabbatical.stages.mine.titles import title_of
from sabbatical.stages.mine.window import Window
from sabbatical.storage.tables import IssueRow

SAME = 0.5  # of the answers of the smaller of two places: then they are one


@dataclass
class Keeper:
    """The issues of one look, inside of one transaction."""

    session: Session
    step: Step
    window: Window
    places: Sequence[Part]
    drift: str | None
    _taken: set[str] = field(default_factory=set)

    def keep(self, found: Found, details: Details) -> int:
        """Make or renew the issue of a place; answers its number.

        A run that was killed after it had made an issue finds it again, whatever became of it meanwhile.
        """
        now, key = self.step.workspace.clock(), document_id([self.step.run_id, found.part.where])
        row = queries.issue_with_key(self.session, self.step.project, key) or self._open_there(found.mask_a)
        if row is not None and row.state != "open":
            return row.number
        if row is None:
            row = IssueRow(
                id=new_id("iss"),
                project_id=self.step.project,
                number=queries.next_number(self.session, self.step.project),
                key=key,
                model_id=self.window.model.id,
                state="open",
                created_at=now,
            )
        kinds = {a: _kinds(found, a) for a in np.flatnonzero(found.mask_a).tolist()}
        failing = sum(bool(kinds_of) for kinds_of in kinds.values())
        row.title, row.updated_at = title_of(found.part.where, found.symptom), now
        row.facts = {
            "run": self.step.run_id,
            "where": found.part.where,
            "symptom": found.symptom.model_dump(mode="json"),
            "also": [one.model_dump(mode="json") for one in found.also],
            "failing": failing,
            "alike": len(kinds) - failing,
            "window": self.window.summary(len(self.places)).model_dump(mode="json"),
            "drift": self.drift,
        }
        self.session.add(row)
        self.session.flush()
        rows = [self._item(row.id, a, kinds_of, details) for a, kinds_of in kinds.items()]
        queries.put_items(self.session, row.id, rows)
        self._taken.add(row.id)
        return row.number

    def _open_there(self, mask_a: Bools) -> IssueRow | None:
        """The open issue of this model that is about most of the same answers."""
        for row in queries.issues_of_model(self.session, self.step.project, self.window.model.id):
            if row.state == "open" and row.id not in self._taken:
                other_a = inside(row.facts["where"], self.places, len(self.window))
                if (mask_a & other_a).sum() > SAME * min(mask_a.sum(), other_a.sum()):
                    return row
        return None

    def _item(self, issue_id: str, a: int, kinds: Sequence[str], details: Details) -> dict[str, Any]:
        said = details.get(a, {})
        return {
            "issue_id": issue_id,
            "item_id": self.window.items[a],
            "kind": kinds[0] if kinds else "alike",
            "score": float(len(kinds)),
            "detail": {kind: said[kind] for kind in dict.fromkeys(kinds) if kind in said},
        }


def _kinds(found: Found, a: int) -> list[str]:
    """In which of the ways that are told of the place an answer failed, the worst symptom first."""
    told = {(found.symptom.kind, found.symptom.label), *((one.kind, one.label) for one in found.also)}
    return [one.kind for one in found.outcomes if (one.kind, one.label) in told and one.failed_a[a]]
