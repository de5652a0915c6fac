"""What validation finds wrong in a document, in words for a person: what is not there, and what was meant."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from sabbatical.schemas.project import NAME
from sabbatical.taxonomy.names import nearest, there_are

Node = Mapping[str, Any]
Path = Sequence[str | int]
NAME_HINT = "A name has lower-case letters, digits, dots, dashes and underscores, and begins with a letter or a digit."
BOUNDS = {"le": "at most", "lt": "less than", "ge": "at least", "gt": "more than"}


def told(error: Mapping[str, Any], kind: type[BaseModel] | None, path: Path) -> tuple[str, str | None]:
    """The sentence of one of pydantic's errors, and what to do; `path` is its place in a document of this kind."""
    context = error.get("ctx", {})
    match error["type"]:
        case "extra_forbidden":
            name = str(path[-1])
            return f"There is no field '{name[:60]}'.", _choice(name, fields(kind, path[:-1]) if kind else [])
        case "union_tag_invalid":
            return f"There is no {_bare(context['discriminator'])} '{context['tag'][:60]}'.", _choice(
                context["tag"], _words(context["expected_tags"])
            )
        case "union_tag_not_found":
            return f"It does not say which {_bare(context['discriminator'])} it is.", None
        case "literal_error" if isinstance(error.get("input"), str):
            return f"{error['msg']}, not '{error['input'][:60]}'.", nearest(
                error["input"], _words(context["expected"])
            ) or None
        case "model_type" | "model_attributes_type" | "dict_type":
            return "It should hold fields (name: value).", there_are(fields(kind, path)) if kind else None
    return _of_value(error, context)


def _of_value(error: Mapping[str, Any], context: Mapping[str, Any]) -> tuple[str, str | None]:
    """What is wrong with a value, whatever its place."""
    given = f"'{str(error.get('input'))[:60]}'"
    match error["type"]:
        case "string_pattern_mismatch" if context["pattern"] == NAME:
            return f"{given} is no name.", NAME_HINT
        case "int_parsing" | "int_type":
            return f"{given} is no whole number.", None
        case "float_parsing" | "float_type":
            return f"{given} is no number.", None
        case "less_than_equal" | "less_than" | "greater_than_equal" | "greater_than":
            ((word, limit),) = context.items()
            return f"{error['input']} is out of bounds: it should be {BOUNDS[word]} {limit}.", None
        case "too_short" if context.get("min_length") == 1:
            return "It holds nothing; at least one is needed.", None
    message = str(error["msg"]).removeprefix("Value error, ").rstrip(".")
    return f"{message[:1].upper()}{message[1:]}.", None


def fields(kind: type[BaseModel], path: Path) -> list[str]:
    """The fields that may stand at a place of a document of this kind."""
    schema = kind.model_json_schema()
    nodes = [*_objects(schema, schema)]
    for part in path:
        nodes = [found for node in nodes for child in _beneath(node, part) for found in _objects(child, schema)]
    return list(dict.fromkeys(name for node in nodes for name in node.get("properties", {})))


def _beneath(node: Node, part: str | int) -> Iterator[Node]:
    """What stands under a name or number; under the tag of a union, what is of that tag."""
    if part in node.get("discriminator", {}).get("mapping", {}):
        yield {"$ref": node["discriminator"]["mapping"][part]}
    elif isinstance(part, int):
        yield node.get("items", {})
    elif part in node.get("properties", {}):
        yield node["properties"][part]


def _objects(node: Node, schema: Node) -> Iterator[Node]:
    """A part of a schema without references and choices between parts; a union with tags stays whole."""
    if "$ref" in node:
        yield from _objects(schema["$defs"][node["$ref"].rpartition("/")[2]], schema)
    elif "discriminator" in node or not (choices := [*node.get("anyOf", ()), *node.get("oneOf", ())]):
        yield node
    else:
        for choice in choices:
            yield from _objects(choice, schema)


def _choice(name: str, known: Sequence[str]) -> str | None:
    return f"{nearest(name, known)} {there_are(known)}".strip() if known else None


def _words(expected: str) -> list[str]:
    return re.findall(r"'([^']*)'", expected)


def _bare(discriminator: str) -> str:
    return discriminator.strip("'")
