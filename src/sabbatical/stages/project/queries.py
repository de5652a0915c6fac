"""Projects and their taxonomies in SQL."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from sabbatical.storage.tables import ProjectRow, TaxonomyRow


def project_named(session: Session, name: str) -> ProjectRow | None:
    return session.scalar(select(ProjectRow).where(ProjectRow.name == name))


def projects(session: Session, after: str | None, limit: int) -> list[ProjectRow]:
    query = select(ProjectRow).order_by(ProjectRow.name).limit(limit)
    return list(session.scalars(query.where(ProjectRow.name > after) if after else query))


def project_names(session: Session, ids: Iterable[str]) -> dict[str, str]:
    query = select(ProjectRow.id, ProjectRow.name).where(ProjectRow.id.in_(list(ids)))
    return {row[0]: row[1] for row in session.execute(query)}


def newest_taxonomies(session: Session, project_id: str) -> list[TaxonomyRow]:
    """The newest version of every taxonomy of a project, the super-taxonomy first."""
    newest = (
        select(TaxonomyRow.name, func.max(TaxonomyRow.version).label("version"))
        .where(TaxonomyRow.project_id == project_id)
        .group_by(TaxonomyRow.name)
        .subquery()
    )
    query = (
        select(TaxonomyRow)
        .join(newest, (TaxonomyRow.name == newest.c.name) & (TaxonomyRow.version == newest.c.version))
        .where(TaxonomyRow.project_id == project_id)
        .order_by(TaxonomyRow.kind.desc(), TaxonomyRow.name)
    )
    return list(session.scalars(query))


def taxonomy_versions(session: Session, project_id: str, name: str) -> list[TaxonomyRow]:
    """All versions of one taxonomy, newest first."""
    query = select(TaxonomyRow).where(TaxonomyRow.project_id == project_id, TaxonomyRow.name == name)
    return list(session.scalars(query.order_by(TaxonomyRow.version.desc())))


def taxonomies_by_id(session: Session, ids: Iterable[str]) -> dict[str, TaxonomyRow]:
    rows = session.scalars(select(TaxonomyRow).where(TaxonomyRow.id.in_(list(ids))))
    return {row.id: row for row in rows}


def customer_versions(session: Session, project_id: str) -> list[TaxonomyRow]:
    """Every version of every customer's taxonomy."""
    query = select(TaxonomyRow).where(TaxonomyRow.project_id == project_id, TaxonomyRow.kind == "customer")
    return list(session.scalars(query))
