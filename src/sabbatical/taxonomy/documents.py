"""YAML documents of taxonomies: read strictly, so that nothing is silently dropped, overwritten or misread."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from sabbatical.core.errors import BadFile, BadTaxonomy
from sabbatical.taxonomy.names import did_you_mean, quoted

Document = dict[str, Any]


class _StrictLoader(yaml.SafeLoader):
    """Refuses a key that stands twice in one mapping (PyYAML keeps the last one), and keys that are not text."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        lines: dict[str, int] = {}
        for key_node, _ in node.value:
            if key_node.tag == "tag:yaml.org,2002:merge":
                continue
            line = key_node.start_mark.line + 1
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, str):
                raise BadTaxonomy(f"The name {key!r} is not text.", where=f"line {line}", hint="Put it in quotes.")
            if key in lines:
                message = f"'{key}' stands twice, first in line {lines[key]}."
                raise BadTaxonomy(message, where=f"line {line}", hint="Rename or remove one of them.")
            lines[key] = line
        return super().construct_mapping(node, deep)


@contextmanager
def located(where: str | None) -> Iterator[None]:
    """Puts the file in front of what a `BadTaxonomy` raised inside says about the place."""
    try:
        yield
    except BadTaxonomy as error:
        error.where = ", ".join(part for part in (where, error.where) if part) or None
        raise


def parse_yaml(text: str, where: str | None = None) -> Document:
    """The mapping that a YAML text holds.

    Raises BadTaxonomy (with file and line) for a text that is not YAML, not a mapping, or in which a key stands twice.
    """
    with located(where):
        try:
            document = yaml.load(text, _StrictLoader)  # noqa: S506  a SafeLoader underneath
        except yaml.MarkedYAMLError as error:
            line = f"line {error.problem_mark.line + 1}" if error.problem_mark else None
            raise BadTaxonomy(f"This is not YAML: {error.problem}.", where=line) from error
        except (yaml.YAMLError, ValueError) as error:  # ValueError: a date or number that cannot be
            raise BadTaxonomy(f"This is not YAML: {error}.") from error
        except RecursionError as error:
            raise BadTaxonomy("This is nested too deeply.", hint="Use the flat form, a list of classes.") from error
        return mapping(document, "the document")


def read_text(path: Path) -> str:
    """The text of a YAML file. Raises BadFile when it cannot be read, or is not UTF-8."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise BadFile(f"This file cannot be read: {error.strerror}.", where=str(path)) from error
    except UnicodeDecodeError as error:
        raise BadFile("This file is not UTF-8 text.", where=str(path), hint="Save it as UTF-8.") from error


def dump_yaml(document: Document, *, short: bool = False) -> str:
    """The YAML text of a document, keys in their order; `short`, with lists on one line."""
    nested = any(isinstance(value, Mapping | list) for value in document.values())
    return yaml.safe_dump(
        document, sort_keys=False, allow_unicode=True, default_flow_style=None if short and nested else False
    )


def is_super_document(document: Mapping[str, Any]) -> bool:
    """Whether a document describes a super-taxonomy (else it should describe a customer's taxonomy)."""
    return "classes" in document or ("super-taxonomy" in document and "taxonomy" not in document)


def mapping(value: object, what: str, allowed: Collection[str] = ()) -> Document:
    """`value` as a mapping with text keys, all of them in `allowed` unless that is empty."""
    if not isinstance(value, Mapping):
        raise _bad(f"{what} should be a mapping (name: value), not {_kind(value)}.")
    for key in value:
        if not isinstance(key, str):
            raise BadTaxonomy(f"The name {key!r} in {what} is not text.", hint="Put it in quotes.")
        if allowed and key not in allowed:
            raise _bad(f"{what} does not have a field '{key}'.", hint=did_you_mean(key, allowed))
    return dict(value)


def text(value: object, what: str) -> str:
    """`value` as a name: text that is not empty, white space at its ends removed."""
    if not isinstance(value, str):
        raise _bad(f"{what} should be text, not {_kind(value)}.", hint="Put it in quotes.")
    if not value.strip():
        raise _bad(f"{what} is empty.")
    return value.strip()


def texts(value: object, what: str) -> tuple[str, ...]:
    """`value` (one name or a list of them, or nothing) as distinct names."""
    if value is None:
        return ()
    if isinstance(value, str):
        value = [value]
    if not isinstance(value, list | tuple):
        raise _bad(f"{what} should be a list of names, not {_kind(value)}.")
    names = tuple(text(each, f"a name in {what}") for each in value)
    twice = [name for index, name in enumerate(names) if name in names[:index]]
    if twice:
        raise _bad(f"{what} names {quoted(dict.fromkeys(twice))} twice.")
    return names


def flag(value: object, what: str) -> bool:
    if not isinstance(value, bool):
        raise _bad(f"{what} should be true or false, not {_kind(value)}.")
    return value


def version(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise BadTaxonomy(f"'version' should be a whole number from 1, not {value!r}.")
    return value


def _bad(sentence: str, *, hint: str | None = None) -> BadTaxonomy:
    return BadTaxonomy(sentence[0].upper() + sentence[1:], hint=hint)


def _kind(value: object) -> str:
    names = {dict: "a mapping", list: "a list", str: "a text", type(None): "nothing"}
    return names.get(type(value), repr(value))
