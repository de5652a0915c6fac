"""Documents that a person wrote into a file: read as YAML, and what is wrong in them said by its place in the file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from sabbatical.core.errors import BadFile, BadRequest


def read(file: Path) -> Any:
    """What a YAML file holds.

    Raises:
        BadFile: it cannot be read, or is no YAML; with the line.
    """
    try:
        return yaml.safe_load(file.read_text("utf-8"))
    except OSError as error:
        raise BadFile(f"The file cannot be read: {error.strerror}.", where=str(file)) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        raise BadFile(f"It is no YAML: {getattr(error, 'problem', error)}.", where=f"{file}{line}") from error


def mapping(document: Any, file: Path, hint: str) -> dict[str, Any]:
    """A document that holds fields.

    Raises:
        BadFile: it holds something else, or nothing.
    """
    if not isinstance(document, dict):
        raise BadFile("It should hold fields (name: value).", where=str(file), hint=hint)
    return {str(name): value for name, value in document.items()}


@contextmanager
def placed(file: Path | None, asked: str = "", written: str = "") -> Iterator[None]:
    """Let errors name a field of the file: what stands under `asked` in the request stands under `written` in it."""
    try:
        yield
    except BadRequest as error:
        field = (error.where or "").removeprefix("field ")
        if file is None or not f"{field}.".startswith(asked):
            raise
        place = f"{written}{field.removeprefix(asked.rstrip('.')).lstrip('.')}".strip(".")
        where = f"{file}, field {place}" if place else str(file)
        raise BadRequest(error.message, where=where, hint=error.hint) from error
