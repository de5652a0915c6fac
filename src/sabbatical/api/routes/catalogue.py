"""The catalogue of public data sets."""

from __future__ import annotations

from typing import Annotated

from sabbatical import catalogue
from sabbatical.api import routing
from sabbatical.api import runs as asked_runs
from sabbatical.api.access import allow
from sabbatical.api.context import Context
from sabbatical.api.runs import Key
from sabbatical.catalogue import DataSet
from sabbatical.durable import runs
from sabbatical.schemas.run import Run

router = routing.router("/catalogue", "catalogue")
Reader = Annotated[Context, allow("catalogue.read")]
Runner = Annotated[Context, allow("catalogue.run")]


@router.get("")
def list_data_sets(context: Reader) -> list[DataSet]:
    """The built-in one first."""
    return catalogue.list_sets()


@router.get("/{name}")
def get_data_set(context: Reader, name: str) -> DataSet:
    return catalogue.describe(name)


@router.post("/{name}/get", status_code=202)
def fetch_data_set(context: Runner, name: str, key: Key = None) -> Run:
    """Fetch a data set from the mirror, every file checked; what is there already stays."""
    params = {"name": catalogue.describe(name).name}
    with context.transaction() as session:
        row = runs.ask(
            session,
            project_id=None,
            kind="get",
            params=params,
            now=context.now(),
            key=asked_runs.request_key(key),
        )
        run = asked_runs.wire(session, row, context.now())
    asked_runs.dispatch(context, row)
    return run
