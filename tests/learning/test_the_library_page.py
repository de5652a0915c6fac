"""`docs/library.md` runs as it stands, and so does the loop that it shows."""

from __future__ import annotations

import ast
import re
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "library.md").read_text(encoding="utf-8")
RECIPE = ROOT / "recipes" / "a_loop_of_your_own.py"
RESULT = re.compile(r"(none|tree): (\d+) of (\d+) (disc|square)s found, (\d+) wrong")


def test_every_block_of_the_page_runs_in_turn(capsys: pytest.CaptureFixture[str]) -> None:
    there: dict[str, Any] = {}
    blocks = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)
    for number, block in enumerate(blocks):
        exec(compile(block, f"docs/library.md, block {number + 1}", "exec"), there)
    assert len(blocks) >= 7
    printed = re.sub(r"[\[\].]", "", capsys.readouterr().out).splitlines()
    said = [
        re.findall(r"[01](?: [01]){3}", line) for line in PAGE.splitlines() if line.startswith("print(") and "#" in line
    ]
    rows = [" ".join(line.split()) for line in printed]
    assert len(said) == 5 and all(row in rows for line in said for row in line), "the tables on the page are others"


def test_the_recipe_finds_with_masks_what_the_naive_way_misses(capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(RECIPE))
    found = {(way, name): (int(right) / int(there), int(wrong)) for way, right, there, name, wrong in lines(capsys)}
    for name in ("disc", "square"):
        (naive, _), (masked, wrong) = found["none", name], found["tree", name]
        assert naive < 0.25 and masked > 0.8 and wrong < 40
    assert len(RESULT.findall(PAGE)) == len(found)


def lines(capsys: pytest.CaptureFixture[str]) -> list[tuple[str, str, str, str, str]]:
    return RESULT.findall(capsys.readouterr().out)


def test_the_recipe_needs_nothing_else_of_sabbatical_and_forty_lines() -> None:
    tree = ast.parse(RECIPE.read_text())
    modules = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name for name in modules if name and name.startswith("sabbatical")} == {
        "sabbatical.learning",
        "sabbatical.taxonomy",
    }
    rooms = {path.relative_to(ROOT / "src" / "sabbatical").parts[0] for path in reached(RECIPE)}
    assert rooms == {"core", "learning", "taxonomy"}
    coded = [line for line in RECIPE.read_text().split('"""', 2)[2].splitlines() if line and "import" not in line]
    assert len(coded) <= 40


def reached(file: Path) -> set[Path]:
    """Every file of the package that it imports, and those that these import; nothing is loaded."""
    package, found, todo = ROOT / "src" / "sabbatical", set[Path](), [file]
    while todo:
        nodes = [node for node in ast.walk(ast.parse(todo.pop().read_text())) if isinstance(node, ast.ImportFrom)]
        for name in {node.module for node in nodes if node.module and node.module.startswith("sabbatical.")}:
            place = package.joinpath(*name.split(".")[1:])
            path = place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
            todo += {path} - found
            found.add(path)
    return found


def test_naming_the_library_loads_no_torch() -> None:
    code = "import sys, sabbatical.learning, sabbatical.taxonomy; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
