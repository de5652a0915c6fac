"""A request that comes again with its Idempotency-Key: answered from the record, whatever model answers by now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy.orm import Session

from sabbatical.core.errors import Conflict
from sabbatical.core.ids import content_id
from sabbatical.schemas.project import Project
from sabbatical.schemas.serve import SEEN, Arm, Served
from sabbatical.stages.serve import listing, queries
from sabbatical.stages.serve.inputs import Ready
from sabbatical.storage.tables import ServedRow


def prediction_id(project_id: str, key: str, number: int, arm: Arm) -> str:
    """The id of the answer to the input at a place of a request that has a key: the same when it comes again."""
    return f"prd_{content_id(f'{project_id} {key} {number} {arm}'.encode())}"


def names(project_id: str, key: str, many: int) -> dict[str, int]:
    """The ids that answers to the first `many` inputs of a request with this key may have, with their places."""
    return {prediction_id(project_id, key, number, arm): number for number in range(many) for arm in SEEN}


def recorded(session: Session, project: Project, key: str, inputs: Sequence[Ready]) -> dict[int, Served]:
    """What was answered under a key, by the place of each input that is recorded; empty at the first time.

    Raises:
        Conflict: the key was used for other inputs.
    """
    rows = _rows(session, project.id, key, len(inputs))
    if not rows:
        return {}
    wanted = {n: (one.question.item_id, one.unit) for n, one in enumerate(inputs) if one.about.record}
    if {n: (row.item_id, row.unit) for n, row in rows.items()} != wanted:
        raise Conflict(
            "This Idempotency-Key was used for a request with another input.",
            where="header Idempotency-Key",
            hint="Take a fresh key for each request; send the same key only with the same request.",
        )
    return dict(zip(rows, listing.answers(session, project, list(rows.values())), strict=True))


def _rows(session: Session, project_id: str, key: str, many: int) -> Mapping[int, ServedRow]:
    """The first answer to each input; one place more is looked at, so that a longer request is noticed."""
    places = names(project_id, key, many + 1)
    found: dict[int, ServedRow] = {}
    for row in queries.with_ids(session, places):
        found.setdefault(places[row.id], row)
    return found
