"""Values on a command line: `--set steps=200`."""

from __future__ import annotations

from typing import Any

import typer
import yaml


def pairs(given: list[str] | None, option: str) -> dict[str, Any]:
    """`name=value` pairs; a value is read as YAML, so that numbers, lists and true are what they look like.

    Raises:
        BadParameter: something is no such pair.
    """
    found: dict[str, Any] = {}
    for text in given or []:
        name, sign, value = text.partition("=")
        if not sign or not name:
            raise typer.BadParameter(f"'{text}' is not NAME=VALUE.", param_hint=option)
        try:
            found[name.strip()] = yaml.safe_load(value)
        except yaml.YAMLError as error:
            raise typer.BadParameter(f"the value of '{text}' cannot be read.", param_hint=option) from error
    return found
