"""The world draws with NumPy and Pillow, and of ours it needs nothing but the errors."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

from sabbatical.sim import world


def test_it_imports_numpy_pillow_and_our_errors_only() -> None:
    allowed = {"numpy", "PIL", *sys.stdlib_module_names}
    files = list(Path(world.__file__).parent.glob("*.py"))
    assert len(files) > 10
    for path in files:
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                assert node.level == 0 and node.module
                names = [node.module]
            for name in names:
                if name.split(".")[0] == "sabbatical":
                    assert name == "sabbatical.core.errors" or name.startswith("sabbatical.sim.world"), (path, name)
                else:
                    assert name.split(".")[0] in allowed, (path, name)
