"""Taxonomies: the tree of a project and each customer's label set, versioned."""

from __future__ import annotations

from typing import Annotated, Any

import orjson
from anyio import to_thread
from fastapi import Request

from sabbatical.api import routing
from sabbatical.api import runs as asked_runs
from sabbatical.api.access import allow
from sabbatical.api.context import Context
from sabbatical.api.runs import Key
from sabbatical.core.errors import BadTaxonomy
from sabbatical.schemas.project import TaxonomyVersion
from sabbatical.schemas.proposal import ProposalRequest
from sabbatical.schemas.run import Run
from sabbatical.schemas.taxonomy import TaxonomyFinding, TaxonomyTables
from sabbatical.stages.assist import actions as assistance
from sabbatical.stages.project import actions as projects
from sabbatical.stages.project import explaining
from sabbatical.taxonomy import parse_yaml

router = routing.router("/projects/{project}/taxonomies", "project")
Reader = Annotated[Context, allow("project.read")]
Writer = Annotated[Context, allow("project.write")]
Runner = Annotated[Context, allow("prediction.run")]
DOCUMENT = {"requestBody": {"required": True, "content": {"application/json": {}, "application/yaml": {}}}}


@router.post("", status_code=201, openapi_extra=DOCUMENT)
async def add_taxonomy(context: Writer, project: str, request: Request) -> TaxonomyVersion:
    """Add a version of the super-taxonomy or of a customer's taxonomy, as a JSON or YAML document."""
    document = _document(await request.body(), request.headers.get("content-type", ""))
    return await to_thread.run_sync(_add, context, project, document)


def _add(context: Context, project: str, document: dict[str, Any]) -> TaxonomyVersion:
    with context.transaction() as session:
        return projects.add_taxonomy(session, projects.get(session, project), document, context.now())


def _document(body: bytes, media_type: str) -> dict[str, Any]:
    if "json" not in media_type:
        try:
            return parse_yaml(body.decode("utf-8-sig"))
        except UnicodeDecodeError as error:
            raise BadTaxonomy("The document is not UTF-8 text.", hint="Save it as UTF-8.") from error
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BadTaxonomy(f"This is not JSON: {error}.", hint="Send YAML as application/yaml.") from error
    if not isinstance(document, dict):
        raise BadTaxonomy("The document should be a mapping (name: value).")
    return document


@router.get("")
def list_taxonomies(context: Reader, project: str) -> list[TaxonomyVersion]:
    """The newest version of each, the super-taxonomy first."""
    with context.reading() as session:
        return projects.taxonomies(session, projects.get(session, project))


@router.post("/proposals", status_code=202)
def propose_taxonomy(context: Runner, project: str, asked: ProposalRequest, key: Key = None) -> Run:
    """Compare a customer's labels with the super-taxonomy, by name and by what the model finds on labeled items.

    The run's result is a `MappingProposal`, with files as `POST .../taxonomies` reads them once a person has looked.
    """
    source = context.paths.source(asked.source) if asked.source else None
    resolved = asked.model_copy(update={"source": source, "options": context.paths.options(asked.options)})
    with context.transaction() as session:
        found = projects.get(session, project)
        row = assistance.ask_proposal(session, found, resolved, context.now(), asked_runs.request_key(key))
        run = asked_runs.wire(session, row, context.now())
    asked_runs.dispatch(context, row)
    return run


@router.get("/{name}/history")
def get_taxonomy_history(context: Reader, project: str, name: str) -> list[TaxonomyVersion]:
    """Every version of one taxonomy, newest first."""
    with context.reading() as session:
        return projects.taxonomy_history(session, projects.get(session, project), name)


@router.get("/check")
def check_taxonomies(context: Reader, project: str) -> list[TaxonomyFinding]:
    """What is ambiguous, unmapped or uncovered, in words; errors first."""
    with context.reading() as session:
        return explaining.findings(session, projects.get(session, project))


@router.get("/{name}/tables")
def get_taxonomy_tables(context: Reader, project: str, name: str) -> TaxonomyTables:
    """What a customer's labels say about every class, and what nothing drawn means."""
    with context.reading() as session:
        return explaining.tables_of(session, projects.get(session, project), name)
