"""Attributes of a shape (`parked`, `weather`) and labeling rules (`box_includes_mirrors`), as documents write them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from sabbatical.core.errors import BadTaxonomy
from sabbatical.taxonomy.documents import mapping, text, texts

AttributeKind = Literal["bool"] | tuple[str, ...]
"""Either yes or no, or one of several values."""

Rule = bool | int | float | str
Attributes = Mapping[str, AttributeKind]
Rules = Mapping[str, Rule]


def read_attributes(value: object, what: str) -> dict[str, AttributeKind]:
    """Attributes of a document: each `bool`, or a list of two or more values. Raises BadTaxonomy."""
    if value is None:
        return {}
    return {text(name, f"an attribute of {what}"): _kind_of(kind, name, what) for name, kind in _items(value, what)}


def write_attributes(attributes: Attributes) -> dict[str, str | list[str]]:
    return {name: kind if isinstance(kind, str) else list(kind) for name, kind in attributes.items()}


def read_rules(value: object, what: str) -> dict[str, Rule]:
    """Labeling rules of a document: a name and a plain value each. Raises BadTaxonomy."""
    if value is None:
        return {}
    rules = mapping(value, f"the rules of {what}")
    for name, rule in rules.items():
        if not isinstance(rule, bool | int | float | str):
            raise BadTaxonomy(f"The rule '{name}' of {what} should be true, false, a number or a text, not {rule!r}.")
    return rules


def rule_differences(target: Rules, own: Rules) -> dict[str, tuple[Rule, Rule]]:
    """Rules that both sides state, but differently: name -> (target, own)."""
    return {name: (target[name], own[name]) for name in target if name in own and target[name] != own[name]}


def _items(value: object, what: str) -> list[tuple[str, Any]]:
    return list(mapping(value, f"the attributes of {what}").items())


def _kind_of(kind: object, name: str, what: str) -> AttributeKind:
    if kind == "bool":
        return "bool"
    if isinstance(kind, list | tuple) and len(kind) > 1:
        return texts(kind, f"the attribute '{name}' of {what}")
    message = f"The attribute '{name}' of {what} is neither bool nor a list of two or more values, but {kind!r}."
    raise BadTaxonomy(message, hint="Write for example 'parked: bool' or 'colour: [red, green]'.")
