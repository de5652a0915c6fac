"""Predictions: made by a run, kept, and read from the store."""

from __future__ import annotations

from typing import Annotated

from sabbatical.api import routing
from sabbatical.api import runs as asked_runs
from sabbatical.api.access import allow
from sabbatical.api.context import Context
from sabbatical.api.paging import After, Limit
from sabbatical.api.runs import Key
from sabbatical.schemas.page import PAGE_SIZE, Page
from sabbatical.schemas.predict import Prediction, PredictRequest
from sabbatical.schemas.run import Run
from sabbatical.stages.predict import asking, listing
from sabbatical.stages.project import actions as projects

router = routing.router("/projects/{project}/predictions", "predict")
Reader = Annotated[Context, allow("prediction.read")]
Runner = Annotated[Context, allow("prediction.run")]


@router.post("", status_code=202)
def predict(context: Runner, project: str, asked: PredictRequest, key: Key = None) -> Run:
    """Predict items, a snapshot or a source; what was asked before is answered from the store.

    The run writes one line of JSON an item to `output`, or to a file that `/runs/{run}/files` answers.
    """
    resolved = asked.model_copy(
        update={
            "source": asked.source and context.paths.source(asked.source),
            "output": context.paths.target(asked.output),
        }
    )
    with context.transaction() as session:
        found = projects.get(session, project)
        row = asking.ask(session, found, resolved, context.now(), asked_runs.request_key(key))
        run = asked_runs.wire(session, row, context.now())
    asked_runs.dispatch(context, row)
    return run


@router.get("")
def list_predictions(
    context: Reader,
    project: str,
    model: str | None = None,
    item: str | None = None,
    after: After = None,
    limit: Limit = PAGE_SIZE,
) -> Page[Prediction]:
    """What one model has said, or what the models have said of one item; nothing is computed."""
    with context.reading() as session:
        found = projects.get(session, project)
        return listing.page(session, found, model=model, item=item, after=after, limit=limit)
