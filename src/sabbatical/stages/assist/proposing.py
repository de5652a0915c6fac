"""Propose what a customer's labels are to the super-taxonomy: the whole way from what is asked to what is answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from sabbatical.core.errors import BadInput
from sabbatical.core.progress import Part
from sabbatical.durable.steps import Step
from sabbatical.schemas.project import Project
from sabbatical.schemas.proposal import (
    NAMES_ALONE,
    Example,
    LabelProposal,
    MappingProposal,
    NameEvidence,
    ProposalRequest,
    ProposedFiles,
    ThingEvidence,
    Way,
)
from sabbatical.schemas.train import ModelVersion
from sabbatical.stages.assist import material
from sabbatical.stages.assist.material import Material
from sabbatical.stages.assist.sighting import Sight, Sighting
from sabbatical.stages.ingest import actions as ingest
from sabbatical.stages.predict import actions as predictions
from sabbatical.stages.project import actions as projects
from sabbatical.stages.train import actions as models
from sabbatical.taxonomy import SuperTaxonomy
from sabbatical.taxonomy.names import folded
from sabbatical.taxonomy.proposing import Draft, Proposal, check_names, draft_of, evidence, propose, write

FITTING, OTHERS = 3, 2
"""Examples of each label, at most: of what fits its proposal, and of what does not."""


@dataclass(frozen=True)
class Case:
    """What is asked, with all its names found."""

    asked: ProposalRequest
    project: Project
    tree: SuperTaxonomy
    draft: Draft
    open: list[str]
    known: bool
    model: ModelVersion | None


@dataclass(frozen=True)
class Looked:
    """What was seen of the sample, and how many items the model had to be asked about now."""

    sighting: Sighting | None
    computed: int


def make(step: Step, asked: ProposalRequest) -> MappingProposal:
    """A proposal; a run that was killed and goes on finds what the model has answered in the store.

    Raises:
        NotReady: there is no super-taxonomy to compare with.
        NotFound: no such model.
        BadTaxonomy: the labels contradict themselves, or belong to another tree.
        BadInput: the source cannot be read, or holds no labels.
    """
    case = _case(step, asked)
    found = _material(step, case)
    if not case.open and not found.names:
        raise BadInput("There are no labels to compare.", hint="Name a file or a source that holds labels.")
    draft, wanted = case.draft, case.open or [name for name in found.names if name not in case.draft.decided]
    names = list(dict.fromkeys([*wanted, *draft.decided]))
    check_names(names, draft.name)
    looked = _look(step, case, found, names)
    seen = looked.sighting.counted() if looked.sighting else None
    proposals = [one for one in propose(names, case.tree, seen) if one.label not in draft.decided]
    notes = _notes(case, found, looked)
    files = write(draft, case.tree, proposals, [f"Proposed for {draft.name}. {' '.join(notes)}"])
    made = MappingProposal(
        taxonomy=draft.name,
        version=draft.version,
        super_taxonomy=case.tree.name,
        super_version=case.tree.version,
        model=case.model.name if case.model and found.sample else None,
        items=len(found.sample),
        of=found.items,
        computed=looked.computed,
        labels=[_wire(one, found, looked.sighting, names.index(one.label), case.tree) for one in proposals],
        decided=list(draft.decided),
        undecided=list(files.undecided),
        added=list(files.added),
        notes=notes,
        files=ProposedFiles(taxonomy=files.taxonomy, tree=files.tree),
    )
    _called(step, case.project, made)
    return made


def _called(step: Step, project: Project, made: MappingProposal) -> None:
    """Give the examples the names of their items, and the beginnings of texts."""
    examples = [example for one in made.labels for example in one.examples]
    with step.workspace.database.reading() as session:
        known = ingest.glimpses(session, project, {example.item for example in examples})
    for example in examples:
        glimpse = known.get(example.item)
        if glimpse is not None:
            example.name, example.text = glimpse.name, glimpse.text


def _case(step: Step, asked: ProposalRequest) -> Case:
    with step.workspace.database.reading() as session:
        project = projects.by_id(session, step.project)
        tree = projects.super_taxonomy(session, project.id)[1]
        customers = projects.customer_taxonomies(session, project.id)
        model = None if asked.model in (None, NAMES_ALONE) else models.get(session, project, asked.model)
    if asked.document is not None:
        draft, wanted = draft_of(asked.document, tree, asked.taxonomy)
    else:
        name = str(asked.taxonomy)
        there = customers[name][1] if name in customers else None
        rules = dict(there.rules) if there else {}
        draft, wanted = Draft(name, 1, {}, rules), list(there.names) if there else []
    known = draft.name in customers
    if known:
        draft = replace(draft, version=customers[draft.name][1].version + 1)
    return Case(asked, project, tree, draft, wanted, known, model)


def _material(step: Step, case: Case) -> Material:
    """The labels, and a sample of what was labeled with them, as far as there is any."""
    names = [*case.open, *case.draft.decided]
    if case.asked.source is not None:
        wanted = names if case.asked.document is not None else None
        return material.of_source(step, case.asked, wanted, stored=case.model is not None)
    if case.known:
        return material.of_project(step, case.draft.name, names, case.asked.things)
    return Material(names)


def _look(step: Step, case: Case, found: Material, names: list[str]) -> Looked:
    """Ask the model about the sample; nothing is seen without one."""
    model = case.model
    if model is None or not found.sample:
        return Looked(None, 0)
    taught = [name for name, many in model.record.get("taught", {}).items() if many > 0]
    texts = case.project.task == "text"
    sighting = Sighting(case.tree, names, taught, model.record.get("thresholds", {}), texts)
    place_k = np.array([case.tree.index(name) if name in case.tree else -1 for name in model.classes])
    computed = 0
    part = Part(step.progress, 0.3, 0.95)
    for answered in predictions.stream(
        step.workspace, step.project, model, sorted(found.sample), len(found.sample), part
    ):
        for one in answered:
            computed += not one.stored
            sighting.look(one.item_id, found.sample[one.item_id], one.answer.renumbered(place_k))
    return Looked(sighting, computed)


def _notes(case: Case, found: Material, looked: Looked) -> list[str]:
    """What a person should know of the whole."""
    model = case.model
    if looked.sighting is None or model is None:
        if case.asked.model == NAMES_ALONE:
            return ["Names alone were compared."]
        if model is None:
            return ["Names alone were compared: the project has no model yet."]
        return ["Names alone were compared: there are no labeled items to look at."]
    notes = [
        f"{model.name} was asked about {len(found.sample):,} of {found.items:,} labeled items, up to "
        f"{case.asked.things:,} things of each label."
    ]
    taught = {name.rpartition(" ")[0] for name in model.record.get("customers", {})}
    if case.draft.name in taught:
        notes.append(f"{model.name} learned from labels of {case.draft.name}: it finds what that mapping taught it.")
    return notes


def _wire(one: Proposal, found: Material, sighting: Sighting | None, row: int, tree: SuperTaxonomy) -> LabelProposal:
    return LabelProposal(
        label=one.label,
        relation=one.relation,
        classes=list(one.classes),
        chance=round(one.chance, 4),
        said=one.said,
        ways=[Way(relation=way.relation, classes=list(way.classes), chance=round(way.chance, 4)) for way in one.ways],
        drawn=found.drawn[folded(one.label)] if found.items else None,
        looked_at=one.looked_at,
        nothing=one.nothing,
        names=[NameEvidence.model_validate(asdict(name)) for name in one.names],
        things=[ThingEvidence.model_validate(_rounded(asdict(seen))) for seen in one.seen],
        evidence=evidence(one),
        examples=_examples(one, sighting, row, tree) if sighting else [],
    )


def _rounded(seen: Mapping[str, Any]) -> dict[str, Any]:
    low, high = seen["interval"]
    figures = {key: float(f"{seen[key]:.4g}") for key in ("chance", "p_value", "hold")}
    return {**seen, **figures, "interval": (round(low, 4), round(high, 4))}


def _examples(one: Proposal, sighting: Sighting, row: int, tree: SuperTaxonomy) -> list[Example]:
    """Things whose finding fits the likeliest way, then others; the surest first."""
    best = one.ways[0]
    sights = sorted((each for each in sighting.sights if each.label == row), key=lambda each: (-each.score, each.item))
    fits = [each for each in sights if _fits(each, best.classes, tree)]
    others = [each for each in sights if not _fits(each, best.classes, tree)]
    return [_example(each, tree, True) for each in fits[:FITTING]] + [
        _example(each, tree, False) for each in others[:OTHERS]
    ]


def _fits(sight: Sight, classes: tuple[str, ...], tree: SuperTaxonomy) -> bool:
    if not classes:
        return sight.found < 0
    return sight.found >= 0 and any(tree.is_beneath(tree.names[sight.found], name) for name in classes)


def _example(sight: Sight, tree: SuperTaxonomy, fits: bool) -> Example:
    found = tree.names[sight.found] if sight.found >= 0 else None
    box = tuple(round(side, 2) for side in sight.box) if sight.box else None
    return Example.model_validate(
        {"item": sight.item, "box": box, "found": found, "score": sight.score if found else None, "fits": fits}
    )
