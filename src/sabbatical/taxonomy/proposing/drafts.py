"""A customer's labels as a document gives them, mapped or not: what is decided, and what is to be proposed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sabbatical.core.errors import BadTaxonomy
from sabbatical.taxonomy.classes import IGNORE
from sabbatical.taxonomy.documents import mapping, text, version
from sabbatical.taxonomy.labels import UNDECIDED
from sabbatical.taxonomy.names import folded, same_named
from sabbatical.taxonomy.proposing.writing import Draft
from sabbatical.taxonomy.tree import SuperTaxonomy

_FIELDS = ("taxonomy", "version", "super-taxonomy", "labels", "rules")


def draft_of(document: Mapping[str, Any], tree: SuperTaxonomy, name: str | None = None) -> tuple[Draft, list[str]]:
    """A label set, and those of its labels that have no class of the tree yet.

    `labels` may be a list of names, or a mapping in which a label has a class, nothing, or `undecided`; a class that
    the tree does not have is taken as nothing. `name` goes before the document's own.

    Raises BadTaxonomy: no labels or no name, two labels of one name, or it is of another tree.
    """
    fields = mapping(document, "a taxonomy", _FIELDS)
    called = name or text(fields.get("taxonomy"), "'taxonomy', the name of the label set,")
    above = fields.get("super-taxonomy")
    if above is not None and above != tree.name:
        message = f"It belongs to the super-taxonomy '{above}', not to '{tree.name}'."
        raise BadTaxonomy(message, where=f"taxonomy '{called}'")
    entries = _entries(fields.get("labels"))
    check_names(entries, called)
    decided = {label: body for label, body in entries.items() if _is_decided(body, tree)}
    draft = Draft(called, version(fields.get("version", 1)), decided, mapping(fields.get("rules") or {}, "the rules"))
    return draft, [label for label in entries if label not in decided]


def check_names(labels: Iterable[str], name: str) -> None:
    """Raises BadTaxonomy where there is no label, or two are one but for case and white space."""
    labels = list(labels)
    if not labels:
        raise BadTaxonomy("There are no labels.", where=f"taxonomy '{name}'", hint="Name at least one under 'labels'.")
    for group in same_named(labels):
        message = f"{len(group)} labels have one name: {', '.join(group)}."
        raise BadTaxonomy(message, where=f"taxonomy '{name}'", hint="Rename or remove one of them.")


def _entries(labels: object) -> dict[str, Any]:
    if not isinstance(labels, list):
        return mapping({} if labels is None else labels, "'labels'")
    found: dict[str, Any] = {}
    for place, entry in enumerate(labels, start=1):
        fields = {"name": entry} if isinstance(entry, str) else mapping(entry, f"label {place}")
        label = text(fields.pop("name", None), f"the name of label {place}")
        if label in found:
            raise BadTaxonomy(f"The label '{label}' stands twice.", where=f"label {place}")
        found[label] = fields or None
    return found


def _is_decided(body: object, tree: SuperTaxonomy) -> bool:
    if isinstance(body, Mapping):
        return UNDECIDED not in body and _is_decided(body.get("class"), tree)
    return isinstance(body, str) and (body in tree or folded(body) == IGNORE)
