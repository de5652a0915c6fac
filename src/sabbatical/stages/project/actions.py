"""Make a project, give it taxonomies, and read them back as trees."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from sabbatical.core.errors import BadRequest, BadTaxonomy, Conflict, NotFound, NotReady
from sabbatical.core.ids import document_id, new_id
from sabbatical.schemas.page import Page
from sabbatical.schemas.project import Project, ProjectIn, TaxonomyVersion
from sabbatical.stages.project import queries
from sabbatical.stages.project.versions import as_read_now, changes_since_before, every_version_now, state
from sabbatical.storage.tables import ProjectRow, TaxonomyRow
from sabbatical.taxonomy import SuperTaxonomy, Taxonomy, carried, is_super_document

__all__ = [
    "add_taxonomy",
    "as_read_now",
    "by_id",
    "create",
    "customer_taxonomies",
    "every_version_now",
    "get",
    "names",
    "page",
    "state",
    "super_taxonomy",
    "super_taxonomy_by_id",
    "taxonomies",
    "taxonomies_by_id",
    "taxonomy_history",
    "taxonomy_id",
]


def create(session: Session, asked: ProjectIn, now: datetime) -> Project:
    """Make a project; the same request again answers the same project.

    Raises:
        BadRequest: its shares leave nothing to learn from.
        Conflict: a project of this name exists with another task, other shares or another salt.
    """
    if asked.validation_share + asked.test_share >= 1:
        raise BadRequest(
            f"Shares of {asked.validation_share:g} for validation and {asked.test_share:g} for test leave nothing to "
            "learn from.",
            where="field test_share",
            hint="Together they must be below 1.",
        )
    row = queries.project_named(session, asked.name)
    if row is not None:
        there = _project(row)
        had = [f"{name} {getattr(there, name)}" for name in _differing(there, asked)]
        if had:
            raise Conflict(
                f"The project '{asked.name}' exists already, with {', '.join(had)}.",
                where="field name",
                hint="Choose another name, or ask for what it has.",
            )
        return there
    salt = asked.salt or secrets.token_hex(16)
    row = ProjectRow(id=new_id("prj"), created_at=now, **asked.model_copy(update={"salt": salt}).model_dump())
    session.add(row)
    session.flush()
    return _project(row)


def get(session: Session, name: str) -> Project:
    """The project of this name.

    Raises:
        NotFound: there is none, naming those that exist.
    """
    row = queries.project_named(session, name)
    if row is None:
        others = [other.name for other in queries.projects(session, None, 5)]
        hint = f"There are: {', '.join(others)}." if others else "Make one with `sabbatical project create`."
        raise NotFound(f"There is no project '{name}'.", hint=hint)
    return _project(row)


def by_id(session: Session, project_id: str) -> Project:
    """The project of this id, which must be there."""
    return _project(session.get_one(ProjectRow, project_id))


def names(session: Session, ids: Collection[str]) -> dict[str, str]:
    """The names of projects by their ids."""
    return queries.project_names(session, ids) if ids else {}


def page(session: Session, after: str | None, limit: int) -> Page[Project]:
    rows = queries.projects(session, after, limit + 1)
    return Page(rows=[_project(row) for row in rows[:limit]], next=rows[limit - 1].name if len(rows) > limit else None)


def add_taxonomy(session: Session, project: Project, document: Mapping[str, Any], now: datetime) -> TaxonomyVersion:
    """Keep a new version of a super-taxonomy or of a customer's taxonomy. The same content again adds nothing.

    A customer's version is answered with what became of each label of the version before.

    Raises:
        BadTaxonomy: it contradicts itself or the super-taxonomy, or its version is not the next one.
        NotReady: a customer's taxonomy comes before the super-taxonomy.
    """
    is_super = is_super_document(document)
    parsed: SuperTaxonomy | Taxonomy
    if is_super:
        parsed = SuperTaxonomy.from_document(document)
        _check_super(session, project, parsed)
    else:
        parsed = Taxonomy.from_document(document)
        _check_customer(session, project, parsed)
    versions = queries.taxonomy_versions(session, project.id, parsed.name)
    newest = versions[0].version if versions else 0
    stated = "version" in document
    content = _content(parsed)
    if versions and versions[0].content == content and (not stated or parsed.version == newest):
        return _added(session, project, versions[0])
    number = parsed.version if stated and parsed.version != newest else newest + 1
    if stated and parsed.version <= newest:
        raise BadTaxonomy(
            f"Version {parsed.version} of '{parsed.name}' is kept already and says something else.",
            where=f"taxonomy '{parsed.name}', field version",
            hint=f"A version never changes; send this as version {newest + 1}, or leave the version out.",
        )
    row = TaxonomyRow(
        id=new_id("tax"),
        project_id=project.id,
        name=parsed.name,
        version=number,
        kind="super" if is_super else "customer",
        document={**parsed.to_document(), "version": number},
        content=content,
        created_at=now,
    )
    session.add(row)
    session.flush()
    return _added(session, project, row)


def super_taxonomy(session: Session, project_id: str) -> tuple[str, SuperTaxonomy]:
    """Id and tree of the newest super-taxonomy.

    Raises:
        NotReady: the project has none yet.
    """
    for row in queries.newest_taxonomies(session, project_id):
        if row.kind == "super":
            return row.id, SuperTaxonomy.from_document(row.document)
    raise NotReady(
        "Nothing is labeled in this project yet, and it has no super-taxonomy yet.",
        hint="Ingest data with labels, which makes one, or add your own: `sabbatical taxonomy add FILE`.",
    )


def customer_taxonomies(session: Session, project_id: str) -> dict[str, tuple[str, Taxonomy]]:
    """The newest version of each customer's taxonomy: name -> (id, taxonomy)."""
    rows = queries.newest_taxonomies(session, project_id)
    return {row.name: (row.id, Taxonomy.from_document(row.document)) for row in rows if row.kind == "customer"}


def taxonomies_by_id(session: Session, ids: Iterable[str]) -> dict[str, Taxonomy]:
    """Customers' taxonomies of exactly these versions as they were kept, by their ids."""
    return {key: Taxonomy.from_document(row.document) for key, row in queries.taxonomies_by_id(session, ids).items()}


def super_taxonomy_by_id(session: Session, taxonomy_id: str) -> SuperTaxonomy:
    return SuperTaxonomy.from_document(queries.taxonomies_by_id(session, [taxonomy_id])[taxonomy_id].document)


def taxonomy_id(session: Session, project: Project, name: str, version: int | None = None) -> str:
    """The id of a customer's taxonomy version, the newest unless `version` is given.

    Raises:
        NotFound: there is none, naming those that exist.
    """
    for row in queries.taxonomy_versions(session, project.id, name):
        if row.kind == "customer" and version in (None, row.version):
            return row.id
    names = ", ".join(sorted(customer_taxonomies(session, project.id))) or "none yet"
    wanted = name if version is None else f"{name} version {version}"
    raise NotFound(f"The project '{project.name}' has no taxonomy '{wanted}'.", hint=f"It has: {names}.")


def taxonomies(session: Session, project: Project) -> list[TaxonomyVersion]:
    """The newest version of every taxonomy, the super-taxonomy first."""
    return [_taxonomy(row, project) for row in queries.newest_taxonomies(session, project.id)]


def taxonomy_history(session: Session, project: Project, name: str) -> list[TaxonomyVersion]:
    """Every version of one taxonomy, newest first.

    Raises:
        NotFound: there is none of this name.
    """
    rows = queries.taxonomy_versions(session, project.id, name)
    if not rows:
        there = ", ".join(row.name for row in queries.newest_taxonomies(session, project.id)) or "none yet"
        raise NotFound(f"The project '{project.name}' has no taxonomy '{name}'.", hint=f"There are: {there}.")
    return [_taxonomy(row, project) for row in rows]


def _check_super(session: Session, project: Project, tree: SuperTaxonomy) -> None:
    """A project has one super-taxonomy, and every customer's newest mapping must still fit a new version of it."""
    for row in queries.newest_taxonomies(session, project.id):
        if row.kind == "super" and row.name != tree.name:
            raise BadTaxonomy(
                f"The project '{project.name}' already has the super-taxonomy '{row.name}'.",
                where=f"super-taxonomy '{tree.name}'",
                hint=f"A project has one; send a new version of '{row.name}', or make another project.",
            )
        if row.kind == "customer":
            Taxonomy.from_document(row.document).require_classes(tree)


def _check_customer(session: Session, project: Project, taxonomy: Taxonomy) -> None:
    """It is of the project's tree and fits it, and what it replaces was there in the version before."""
    tree = super_taxonomy(session, project.id)[1]
    if taxonomy.super_taxonomy != tree.name:
        raise BadTaxonomy(
            f"It belongs to the super-taxonomy '{taxonomy.super_taxonomy}', but that of the project '{project.name}' "
            f"is '{tree.name}'.",
            where=f"taxonomy '{taxonomy.name}', field super-taxonomy",
            hint=f"Write `super-taxonomy: {tree.name}`, or choose another project.",
        )
    taxonomy.require_classes(tree)
    before = next(iter(queries.taxonomy_versions(session, project.id, taxonomy.name)), None)
    if before is not None and before.content != _content(taxonomy):
        carried(Taxonomy.from_document(before.document), taxonomy, tree)


def _content(parsed: SuperTaxonomy | Taxonomy) -> str:
    return document_id({key: value for key, value in parsed.to_document().items() if key != "version"})


def _differing(there: Project, asked: ProjectIn) -> list[str]:
    names = [name for name in ProjectIn.model_fields if name != "salt" or asked.salt is not None]
    return [name for name in names if getattr(there, name) != getattr(asked, name)]


def _project(row: ProjectRow) -> Project:
    return Project.model_validate(row, from_attributes=True)


def _added(session: Session, project: Project, row: TaxonomyRow) -> TaxonomyVersion:
    return _taxonomy(row, project).model_copy(update={"changes": changes_since_before(session, project.id, row)})


def _taxonomy(row: TaxonomyRow, project: Project) -> TaxonomyVersion:
    return TaxonomyVersion(
        id=row.id,
        project=project.name,
        name=row.name,
        version=row.version,
        kind="super" if row.kind == "super" else "customer",
        document=row.document,
        created_at=row.created_at,
    )
