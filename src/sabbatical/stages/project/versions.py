"""What labels of every version of a customer's taxonomy mean in the super-taxonomy of today."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from sqlalchemy.orm import Session

from sabbatical.core.ids import document_id
from sabbatical.schemas.project import LabelChange
from sabbatical.stages.project import queries
from sabbatical.storage.tables import TaxonomyRow
from sabbatical.taxonomy import Carried, SuperTaxonomy, Taxonomy, carried, renewed


def as_read_now(session: Session, ids: Collection[str], tree: SuperTaxonomy) -> dict[str, Taxonomy]:
    """Customers' taxonomies of these ids, each label standing for what it became in the versions since.

    `tree` is the project's newest super-taxonomy, which the newest version of each taxonomy fits.
    """
    rows = queries.taxonomies_by_id(session, ids)
    read: dict[str, Taxonomy] = {}
    for project_id, name in sorted({(row.project_id, row.name) for row in rows.values()}):
        for key, taxonomy in _history(session, project_id, name, tree):
            if key in rows:
                read[key] = taxonomy
    return read


def every_version_now(session: Session, project_id: str, tree: SuperTaxonomy) -> dict[str, Taxonomy]:
    """`as_read_now` of every version of every customer's taxonomy of a project."""
    ids = [row.id for row in queries.customer_versions(session, project_id)]
    return as_read_now(session, ids, tree)


def state(session: Session, project_id: str) -> str:
    """A name for what all labels of a project mean now: another one after each new version of any taxonomy."""
    return document_id([row.id for row in queries.newest_taxonomies(session, project_id)])


def changes(session: Session, project_id: str, tree: SuperTaxonomy) -> list[tuple[Taxonomy, Carried]]:
    """What became of each label of each version before the newest, newest first, with the version it stood in."""
    found: list[tuple[Taxonomy, Carried]] = []
    for row in queries.newest_taxonomies(session, project_id):
        if row.kind == "customer":
            history = [taxonomy for _, taxonomy in _history(session, project_id, row.name, tree)]
            originals = [Taxonomy.from_document(one.document) for one in _rows(session, project_id, row.name)]
            for newer, old in zip(history, originals[1:], strict=False):
                found += [(old, one) for one in carried(old, newer, tree).values()]
    return found


def changes_since_before(session: Session, project_id: str, row: TaxonomyRow) -> list[LabelChange]:
    """What became, in a customer's newest version, of each label of the one before; nothing where none was before."""
    before = next((one for one in _rows(session, project_id, row.name) if one.version < row.version), None)
    if row.kind != "customer" or before is None:
        return []
    tree = next(one for one in queries.newest_taxonomies(session, project_id) if one.kind == "super")
    old, new = Taxonomy.from_document(before.document), Taxonomy.from_document(row.document)
    return [
        LabelChange(label=one.name, change=one.change, labels=list(one.labels), to=one.to, words=one.words)
        for one in carried(old, new, SuperTaxonomy.from_document(tree.document)).values()
    ]


def _history(session: Session, project_id: str, name: str, tree: SuperTaxonomy) -> Iterator[tuple[str, Taxonomy]]:
    """Every version as it is to be read now, newest first."""
    newer: Taxonomy | None = None
    for row in _rows(session, project_id, name):
        taxonomy = Taxonomy.from_document(row.document)
        newer = taxonomy if newer is None else renewed(taxonomy, newer, tree)
        yield row.id, newer


def _rows(session: Session, project_id: str, name: str) -> list[TaxonomyRow]:
    return [row for row in queries.taxonomy_versions(session, project_id, name) if row.kind == "customer"]
