"""What a new customer's labels are to the tree, proposed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sabbatical.core.errors import BadRequest
from sabbatical.schemas import run as run_schema
from sabbatical.schemas.proposal import MappingProposal, ProposalRequest
from sabbatical.sdk import sources
from sabbatical.sdk.client import Client, place, request
from sabbatical.sdk.run import Run

DOCUMENTS = (".yaml", ".yml")


def start_proposal(
    client: Client,
    project: str,
    labels: str | Path | Mapping[str, Any],
    *,
    data: str | Path | None = None,
    tell: sources.Tell | None = None,
    **asked: Any,
) -> Run[MappingProposal]:
    """Begin to compare labels with the tree; see `ProposalRequest` for what else can be said.

    `labels`: the name of a taxonomy of the project, a YAML file or document of labels, or data that holds labels.
    `data`: labeled items beside a document or a taxonomy. `tell` hears what is sent to a server.

    Raises:
        BadRequest: there are two sources.
        BadTaxonomy: the file is no YAML.
    """
    given = _given(labels)
    if data is not None and "source" in given:
        raise BadRequest("Both name data; of a file with labels alone, the items may lie elsewhere.", where=str(data))
    source = given.pop("source", data)
    if source is not None:
        asked["taxonomy"] = asked.get("taxonomy") or given.get("taxonomy") or (None if given else Path(source).stem)
        options = asked.get("options") or {}
        given["source"] = sources.named(client, source, options=options, tell=tell)
    asking = request(ProposalRequest, **(asked | given))
    answer = client.post(place("projects", project, "taxonomies", "proposals"), asking)
    return Run(client, run_schema.Run.model_validate(answer), _proposal)


def _given(labels: str | Path | Mapping[str, Any]) -> dict[str, Any]:
    """What the labels are: a document, data, or the name of a taxonomy."""
    if isinstance(labels, Mapping):
        return {"document": dict(labels)}
    path = Path(labels).expanduser()
    if path.suffix.lower() in DOCUMENTS:
        from sabbatical.taxonomy.documents import parse_yaml, read_text  # noqa: PLC0415 - few ask with a file

        return {"document": parse_yaml(read_text(path), where=str(path))}
    if path.exists() or str(labels).startswith((sources.UPLOAD, sources.DATA)):
        return {"source": labels}
    return {"taxonomy": str(labels)}


def _proposal(run: run_schema.Run) -> MappingProposal:
    return MappingProposal.model_validate({key: value for key, value in (run.result or {}).items() if key != "schema"})
