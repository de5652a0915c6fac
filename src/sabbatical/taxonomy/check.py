"""What is ambiguous, unmapped or uncovered in a tree and the taxonomies over it, in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from sabbatical.taxonomy.attributes import rule_differences
from sabbatical.taxonomy.findings import LEVELS, Finding
from sabbatical.taxonomy.gaps import left_out, uncovered
from sabbatical.taxonomy.labels import Label, Taxonomy, mapping_problems
from sabbatical.taxonomy.names import listed, loosely, quoted
from sabbatical.taxonomy.tree import SuperTaxonomy


def check(super_: SuperTaxonomy, taxonomies: Sequence[Taxonomy]) -> list[Finding]:
    """Everything worth saying about the taxonomies together, errors first. Raises nothing.

    A taxonomy with an error is left out of what the others are judged by.
    """
    findings = list(_ambiguous_tree(super_))
    sound: list[Taxonomy] = []
    for taxonomy in taxonomies:
        errors = list(_unmapped(super_, taxonomy))
        findings += errors
        if not errors:
            sound.append(taxonomy)
            findings += [*_ambiguous_labels(super_, taxonomy), *_ambiguous_names(super_, taxonomy)]
            findings += [*left_out(super_, taxonomy), *_rules(super_, taxonomy), *_attributes(super_, taxonomy)]
    findings += uncovered(super_, sound)
    return sorted(findings, key=lambda finding: LEVELS.index(finding.level))


def _unmapped(super_: SuperTaxonomy, taxonomy: Taxonomy) -> Iterator[Finding]:
    if taxonomy.super_taxonomy != super_.name:
        message = f"{taxonomy.name} maps to '{taxonomy.super_taxonomy}', but the tree is '{super_.name}'."
        yield Finding("error", "unmapped", taxonomy.name, (), message)
    for label in taxonomy.labels:
        for problem, hint in mapping_problems(super_, label):
            classes = tuple(name for name in (label.to, *label.one_of) if name is not None)
            yield Finding("error", "unmapped", taxonomy.name, classes, f"{taxonomy.name}: {problem} {hint}")


def _ambiguous_tree(super_: SuperTaxonomy) -> Iterator[Finding]:
    owners: dict[str, dict[str, str]] = {}
    for node in super_.classes:
        for name in (node.name, *node.synonyms):
            owners.setdefault(loosely(name), {})[node.name] = name
    for called in owners.values():
        if len(called) > 1:
            name = next(iter(called.values()))
            message = f"{super_.name}: '{name}' may mean {listed(called, 'or')}. Give the name to one of them."
            yield Finding("warning", "ambiguous", None, tuple(called), message)


def _ambiguous_labels(super_: SuperTaxonomy, taxonomy: Taxonomy) -> Iterator[Finding]:
    drawn = [(label, label.to) for label in taxonomy.labels if label.to is not None]
    same: dict[tuple[str, frozenset[str]], list[str]] = {}
    for label, to in drawn:
        same.setdefault((to, frozenset(label.one_of)), []).append(label.name)
    for (to, _), names in same.items():
        if len(names) > 1:
            message = (
                f"{taxonomy.name}: {quoted(names)} are all {to}: a model cannot tell them apart. "
                f"Give them classes of their own beneath {to} if that matters."
            )
            yield Finding("warning", "ambiguous", taxonomy.name, (to,), message)
    columns = np.array([super_.index(to) for _, to in drawn], dtype=np.int64)
    for upper, above in drawn:
        beneath = [drawn[row] for row in np.flatnonzero(super_.ancestors_kk[columns, super_.index(above)])]
        finer = [(label, to) for label, to in beneath if _is_part(super_, label, upper)]
        if finer:
            classes = tuple(dict.fromkeys([above, *(to for _, to in finer)]))
            message = (
                f"{taxonomy.name}: what {quoted(label.name for label, _ in finer)} means is also part of what "
                f"'{upper.name}' ({above}) means: a box '{upper.name}' says nothing about "
                f"{listed(super_.children(above), 'or')}. Right if '{upper.name}' is for what cannot be told."
            )
            yield Finding("warning", "ambiguous", taxonomy.name, classes, message)


def _is_part(super_: SuperTaxonomy, label: Label, upper: Label) -> bool:
    """Whether what is drawn as `label` would also fit `upper`, whose class is as coarse or coarser."""
    if set(label.drawn) == set(upper.drawn):
        return False
    return any(super_.is_beneath(name, whole) for name in label.drawn for whole in upper.drawn)


def _ambiguous_names(super_: SuperTaxonomy, taxonomy: Taxonomy) -> Iterator[Finding]:
    owners = {loosely(name): node.name for node in super_.classes for name in node.synonyms}
    owners |= {loosely(node.name): node.name for node in super_.classes}
    for label in taxonomy.labels:
        owner = owners.get(loosely(label.name))
        if owner is None or owner == label.to:
            continue
        where = "is ignored" if label.to is None else f"maps to {label.to}"
        message = f"{taxonomy.name}: '{label.name}' {where}, though {owner} is a class of that name. Is that meant?"
        classes = (owner,) if label.to is None else (label.to, owner)
        yield Finding("warning", "ambiguous", taxonomy.name, classes, message)


def _rules(super_: SuperTaxonomy, taxonomy: Taxonomy) -> Iterator[Finding]:
    name, tree = taxonomy.name, super_.name
    targets = {label.to: super_.rules_of(label.to) for label in taxonomy.labels if label.to is not None}
    wanted = {rule: value for target in targets.values() for rule, value in target.items()}
    for rule, value in taxonomy.rules.items():
        if rule not in wanted:
            message = f"{name} draws with {_rule(rule, value)}, for which {tree} has no target: nothing is made of it."
            yield Finding("note", "rules", name, (), message)
    for rule, value in wanted.items():
        if rule not in taxonomy.rules:
            message = f"{name} does not state {rule}: its boxes are taken to follow the target, {_rule(rule, value)}."
            yield Finding("note", "rules", name, tuple(to for to, target in targets.items() if rule in target), message)
            continue
        differing = tuple(to for to, target in targets.items() if rule in rule_differences(target, taxonomy.rules))
        if differing:
            message = (
                f"{name} draws {listed(differing)} with {_rule(rule, taxonomy.rules[rule])}, which is not the target: "
                f"these boxes weigh less when a model learns where a box ends."
            )
            yield Finding("warning", "rules", name, differing, message)


def _rule(name: str, value: object) -> str:
    return f"{name}: {str(value).lower() if isinstance(value, bool) else value}"


def _attributes(super_: SuperTaxonomy, taxonomy: Taxonomy) -> Iterator[Finding]:
    for label in taxonomy.labels:
        known = {} if label.to is None else super_.attributes_of(label.to)
        for name, kind in label.attributes.items():
            what = f"{taxonomy.name}: the attribute {name} of '{label.name}'"
            classes = () if label.to is None else (label.to,)
            if name not in known:
                message = f"{what} is not one of {label.to or 'what is ignored'}: it is kept, but no model learns it."
                yield Finding("note", "attributes", taxonomy.name, classes, message)
            elif not _fits(kind, known[name]):
                message = f"{what} is {_kind(kind)}, but for {label.to} it is {_kind(known[name])}."
                yield Finding("warning", "attributes", taxonomy.name, classes, message)


def _fits(own: object, target: object) -> bool:
    return own == target or (isinstance(own, tuple) and isinstance(target, tuple) and set(own) <= set(target))


def _kind(kind: object) -> str:
    return f"one of {', '.join(kind)}" if isinstance(kind, tuple) else "yes or no"
