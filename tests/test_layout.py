"""The rules of the house that no other tool checks."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = sorted((ROOT / "src").rglob("*.py")) + sorted((ROOT / "benchmarks").glob("*.py"))
LONGEST_FILE = 500
LONGEST_FUNCTION = 60


def test_no_file_is_longer_than_500_lines() -> None:
    tests = sorted((ROOT / "tests").rglob("*.py"))
    long = {
        str(path.relative_to(ROOT)): n
        for path in [*SOURCES, *tests]
        if (n := len(path.read_text().splitlines())) > LONGEST_FILE
    }
    assert long == {}


def test_no_function_is_longer_than_60_lines() -> None:
    long = []
    for path in SOURCES:
        if "migrations" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > LONGEST_FUNCTION:
                    long.append(f"{path.relative_to(ROOT)}:{node.lineno} {node.name} {lines}")
    assert long == []


def test_no_drawer_is_named_utils() -> None:
    names = {"utils", "util", "helpers", "common", "misc"}
    assert [path for path in SOURCES if path.stem in names or names & set(path.parts)] == []


def loaded_after(statement: str) -> set[str]:
    code = f"{statement}\nimport sys\nprint(' '.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return {name.split(".")[0] for name in done.stdout.split()}


def test_importing_the_package_loads_nothing_heavy() -> None:
    heavy = {"torch", "fastapi", "sqlalchemy", "duckdb", "numpy", "pydantic", "httpx", "PIL"}
    assert heavy & loaded_after("import sabbatical") == set()


def test_the_web_process_loads_no_torch() -> None:
    statement = "import sabbatical.api.app, sabbatical.stages.evaluate.actions, sabbatical.stages.predict.actions"
    assert {"torch", "sklearn", "scipy", "onnx", "onnxruntime"} & loaded_after(statement) == set()


@pytest.mark.parametrize(
    "path", sorted((ROOT / "src" / "sabbatical" / "stages").glob("*/")), ids=lambda path: path.name
)
def test_sql_lives_in_queries_only(path: Path) -> None:
    """A stage says `select`, `insert` or `update` only in files of queries."""
    verbs = {"select", "insert", "update", "delete"}
    found = []
    for file in sorted(path.rglob("*.py")):
        if file.stem.endswith("queries"):
            continue
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sqlalchemy"):
                found += [f"{file.name}: {name.name}" for name in node.names if name.name in verbs]
    assert found == []
