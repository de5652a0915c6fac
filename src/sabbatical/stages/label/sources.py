"""Open a source: find out what it is, where it belongs and whose labels it speaks, without asking."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from sqlalchemy.orm import Session

from sabbatical.core.errors import BadInput, BadRequest
from sabbatical.durable.steps import Step
from sabbatical.schemas.ingest import HistoryWarning, IngestReport, IngestRequest
from sabbatical.schemas.project import Project, ProjectIn
from sabbatical.stages.ingest import actions as ingest
from sabbatical.stages.ingest.actions import Classes, Entry, Recognition, Record
from sabbatical.stages.label import naming
from sabbatical.stages.label.importing import Import
from sabbatical.stages.label.keeping import Author
from sabbatical.stages.project import actions as projects
from sabbatical.taxonomy import Taxonomy

OTHERS = 1000  # projects looked at for one of the right task


@dataclass(frozen=True)
class Glance:
    """What a first look at a source, without its bytes, tells."""

    entries: int | None
    labels: Counter[str]
    """How often each is used."""
    declared: list[str]
    first: list[Entry]
    reading: Iterator[Entry] | None = None
    """All entries, those looked at and those still to come, where nothing has to be read again for them."""


def open_source(step: Step, asked: IngestRequest, *, labels: bool = True) -> Import:
    """Find out what a source is, where it goes and whose labels it speaks; nothing is taken yet.

    Without `labels` the labels in the source are left alone.

    Raises:
        BadRequest: there is no such option of reading.
        BadInput: nothing can be read there, it is of another task, or it fits no or several projects or taxonomies.
        BadFile: a file that is damaged as a whole.
    """
    source = Path(asked.source)
    try:
        options = ingest.reading_options(step.workspace, source, asked.options, labels_only=asked.labels_only)
    except BadInput as error:
        raise BadRequest(error.message, where=error.where, hint=error.hint) from error
    step.progress.tell(0.0, "Looking at what it is")
    recognition = ingest.recognise(source, options)
    glance = _glance(recognition, source, whole=not asked.labels_only or (labels and asked.taxonomy is None))
    name = asked.name or naming.slug(source.stem)
    with step.workspace.database.transaction() as session:
        project = _project(session, step, asked, name, glance)
        _require_task(session, project, source, glance)
        step.belongs_to(session, project.id)
        first = labels and not projects.taxonomies(session, project)
        chosen = _taxonomy(session, step, project, asked, glance) if labels else None
        customer = asked.customer or (chosen[1].name if chosen else None)
        intake = ingest.intake(session, project, name, customer, asked.split, step.run_id)
        before = ingest.seen_before(session, project, intake.origin)
    report = IngestReport(
        project=project.name,
        format=recognition.format,
        why=recognition.why,
        taxonomy=chosen[1].name if chosen else None,
    )
    if first:
        report.warnings = [HistoryWarning(code="near-label", message=words) for words in naming.slips(glance.labels)]
    return Import(
        workspace=step.workspace,
        run_id=step.run_id,
        source=source,
        recognition=recognition,
        intake=intake,
        taxonomy=chosen,
        author=Author(asked.author or name, "import"),
        report=report,
        progress=step.progress,
        expected=glance.entries,
        before=before,
        reading=glance.reading,
    )


def _glance(recognition: Recognition, source: Path, *, whole: bool) -> Glance:
    """Count the entries and gather their label names; of the first part only where the `whole` need not be known.

    A taxonomy that is made or chosen must know of every label, the last one too.

    Raises:
        BadInput: there is nothing in it.
    """
    first: list[Entry] = []
    declared: list[str] = []
    count, labels = 0, Counter[str]()
    reading = recognition.reader.read(source)
    for entry in reading:
        if isinstance(entry, Classes):
            declared += entry.names
            continue
        count += 1
        if isinstance(entry, Record) and entry.payload is not None:
            labels.update(entry.payload.labels)
        if len(first) < naming.LOOKED_AT:
            first.append(entry)
        elif not whole:
            return Glance(None, labels, declared, first, chain(first, [entry], reading))
    if count == 0:
        raise BadInput("There is nothing in it.", where=str(source), hint=recognition.why)
    return Glance(count, labels, declared, first)


def _project(session: Session, step: Step, asked: IngestRequest, name: str, glance: Glance) -> Project:
    """The project asked for, the only one, or a first one made from the data."""
    if step.project_id is not None:
        return projects.by_id(session, step.project_id)
    if asked.project is not None:
        return projects.get(session, asked.project)
    there = projects.page(session, None, 2).rows
    if len(there) == 1:
        return there[0]
    if there:
        raise BadInput("There are several projects.", where="field project", hint="Say which with --project.")
    return projects.create(session, ProjectIn(name=name, task=naming.task_of(glance.first)), step.workspace.clock())


def _require_task(session: Session, project: Project, source: Path, glance: Glance) -> None:
    """A project is for texts or for images; the first item of the other kind ends it before anything is stored."""
    texts = project.task == "text"
    first = next((one for one in glance.first if isinstance(one, Record) and _is_other(one, texts=texts)), None)
    if first is None:
        return
    holds = "texts" if first.text is not None else "images with boxes" if first.payload else "images"
    others = [one.name for one in projects.page(session, None, OTHERS).rows if (one.task == "text") != texts]
    fitting = f"--project {' or '.join(others[:5])}" if others else None
    new = f"sabbatical project create NAME --task {'boxes' if texts else 'text'}"
    raise BadInput(
        f"'{project.name}' is a project of the task '{project.task}', for {'texts' if texts else 'images'}, but this "
        f"source holds {holds}, such as {first.name}.",
        where=str(source),
        hint=f"Nothing was stored. Name a project for it: {fitting}."
        if fitting
        else f"Nothing was stored. Make a project for it with `{new}`, and name it with --project.",
    )


def _is_other(record: Record, *, texts: bool) -> bool:
    """Whether it is surely no item of such a project; labels alone, which name their item, may be of either."""
    drawn = record.payload is not None and len(record.payload.boxes_n4) > 0
    return record.text is None and (drawn or record.read is not None) if texts else record.text is not None


def _taxonomy(
    session: Session, step: Step, project: Project, asked: IngestRequest, glance: Glance
) -> tuple[str, Taxonomy] | None:
    """The taxonomy of the source's labels; in a project without any, a flat one is made from them."""
    taxonomies = projects.customer_taxonomies(session, project.id)
    names = naming.spelled((*glance.declared, *glance.labels), glance.labels)
    if not taxonomies and asked.taxonomy is None and names:
        if projects.taxonomies(session, project):
            raise BadInput(
                "The project has a super-taxonomy, but no customer's taxonomy yet.",
                hint="Add the one that this source's labels belong to: `sabbatical taxonomy add FILE`.",
            )
        for document in naming.identity_documents(project.name, names):
            projects.add_taxonomy(session, project, document, step.workspace.clock())
        taxonomies = projects.customer_taxonomies(session, project.id)
    named = {name: taxonomy for name, (_, taxonomy) in taxonomies.items()}
    found = naming.fitting(named, list(glance.labels) or glance.declared, asked.taxonomy, asked.customer)
    return None if found is None else taxonomies[found]
