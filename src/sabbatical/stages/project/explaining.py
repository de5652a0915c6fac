"""What the taxonomies of a project say, cover and leave open, for people and machines."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
from sqlalchemy.orm import Session

from sabbatical.core.errors import BadInput
from sabbatical.schemas.project import Project
from sabbatical.schemas.taxonomy import ClassCoverage, LabelRow, TaxonomyFinding, TaxonomyTables
from sabbatical.stages.project import actions, versions
from sabbatical.taxonomy import SuperTaxonomy, Taxonomy, check, coverage_words, tables


def findings(session: Session, project: Project) -> list[TaxonomyFinding]:
    """Everything worth saying about the newest taxonomies together, errors first; then what became of old labels.

    Raises:
        NotReady: there is no super-taxonomy yet.
    """
    tree = actions.super_taxonomy(session, project.id)[1]
    customers = [taxonomy for _, taxonomy in actions.customer_taxonomies(session, project.id).values()]
    found = [TaxonomyFinding.model_validate(asdict(one)) for one in check(tree, customers)]
    if any(one.level == "error" for one in found):
        return found
    return found + [
        TaxonomyFinding(
            level="note" if one.to else "warning",
            code="carried",
            taxonomy=old.name,
            classes=[one.to] if one.to else [],
            message=f"{old.name}, version {old.version}: {one.words}",
        )
        for old, one in versions.changes(session, project.id, tree)
        if one.change != "kept"
    ]


def tables_of(session: Session, project: Project, name: str) -> TaxonomyTables:
    """The tables of the newest version of a customer's taxonomy.

    Raises:
        NotFound: there is no taxonomy of this name.
        BadInput: it is the tree itself, which has none.
    """
    tree = actions.super_taxonomy(session, project.id)[1]
    if name == tree.name:
        raise BadInput(f"'{name}' is the super-taxonomy; customers' taxonomies have tables.", where="path name")
    taxonomy_id = actions.taxonomy_id(session, project, name)
    return explained(tree, actions.taxonomies_by_id(session, [taxonomy_id])[taxonomy_id])


def explained(tree: SuperTaxonomy, taxonomy: Taxonomy) -> TaxonomyTables:
    """The tables of one taxonomy with the names of their rows and columns."""
    found = tables(tree, taxonomy)
    says_lk = np.where(found.known_lk > 0, found.target_lk, np.nan)
    rows = [
        LabelRow(label=label.name, to=label.to, says=[None if np.isnan(said) else int(said) for said in says_k])
        for label, says_k in zip(taxonomy.labels, says_lk, strict=True)
    ]
    return TaxonomyTables(
        taxonomy=taxonomy.name,
        version=taxonomy.version,
        classes=list(tree.names),
        labels=rows,
        background=(found.covered_k > 0).tolist(),
        box_weight=found.box_weight_k.tolist(),
        coverage=[ClassCoverage.model_validate(state._asdict()) for state in coverage_words(tree, taxonomy)],
    )
