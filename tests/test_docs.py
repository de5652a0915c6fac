"""What the documents say is so."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import APIRoute
from typer.main import get_command

from sabbatical.api.app import ROUTERS
from sabbatical.cli.app import application
from sabbatical.core.settings import Settings

ROOT = Path(__file__).parent.parent
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def commands(group: Any, before: str = "sabbatical") -> dict[str, Any]:
    """Every command by its full name."""
    found: dict[str, Any] = {}
    for name, one in group.commands.items():
        full = f"{before} {name}"
        found |= commands(one, full) if hasattr(one, "commands") else {full: one}
    return found


COMMANDS = commands(get_command(application()))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_file_that_a_document_names_is_there(document: Path) -> None:
    named = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", document.read_text())
    missing = [name for name in named if not (document.parent / name).exists()]
    assert missing == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_command_that_a_document_names_exists(document: Path) -> None:
    unknown = []
    for line in re.findall(r"(?:^|`)\$?\s*(sabbatical [a-z][^`\n]*)", document.read_text(), re.MULTILINE):
        words = line.split()
        names = [" ".join(words[:n]) for n in (3, 2)]
        if not any(name in COMMANDS for name in names):
            unknown.append(line)
    assert unknown == []


def test_every_address_that_the_readme_names_is_answered() -> None:
    routes = {route.path for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)}
    named = set(re.findall(r"`(/[^`\s]*)`", (ROOT / "README.md").read_text()))
    assert "/v1/openapi.json" in named
    assert named - routes == set()


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_has_help_with_an_example(name: str) -> None:
    assert "Example" in (COMMANDS[name].help or "")
    for parameter in COMMANDS[name].params:
        assert getattr(parameter, "help", None) or parameter.name in {"help"}, f"{name}: {parameter.name} has no help"


def test_every_make_target_that_the_readme_names_exists() -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    for document in DOCUMENTS:
        for target in re.findall(r"`make ([a-z]+)", document.read_text()):
            assert target in targets, f"{document.name} names make {target}"


def test_the_rooms_that_the_architecture_names_are_there() -> None:
    tree = (ROOT / "docs" / "architecture.md").read_text().split("```")[1]
    package = ROOT / "src" / "sabbatical"
    named = {name for line in tree.splitlines()[2:] for name in re.findall(r"\b([a-z]+)/", line.split("   ")[0] + " ")}
    named |= set(re.findall(r"^  +([a-z]+)/", tree, re.MULTILINE))
    assert named
    assert [n for n in named if not any((at / n).is_dir() for at in (package, package / "stages", ROOT))] == []
    rooms = {path.name for path in package.iterdir() if (path / "__init__.py").exists()}
    assert rooms - set(re.findall(r"([a-z]+)/", tree)) - set(re.findall(r"\b(api|sdk|cli)/", tree)) == set()


def test_no_document_names_a_machines_path() -> None:
    for document in DOCUMENTS:
        assert not re.search(r"(/root/|/home/\w|/work/)", document.read_text()), document


def test_every_setting_is_described() -> None:
    assert all(field.description for name, field in Settings.model_fields.items() if name != "model_config")
