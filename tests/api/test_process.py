"""The web process as it is started: light, and honest when it cannot."""

from __future__ import annotations

import subprocess
import sys

HEAVY = ("torch", "dbos", "duckdb", "alembic", "sklearn", "onnxruntime", "matplotlib")


def loaded(code: str) -> set[str]:
    """The modules that a fresh interpreter has loaded after some code."""
    script = f"{code}\nimport sys\nprint(*sys.modules)"
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(answer.stdout.split())


def test_the_web_process_loads_nothing_heavy() -> None:
    modules = loaded("import sabbatical.api.__main__")
    assert "fastapi" in modules
    assert modules.isdisjoint(HEAVY)


def test_importing_the_package_loads_neither_web_nor_database() -> None:
    modules = loaded("import sabbatical")
    assert modules.isdisjoint({*HEAVY, "fastapi", "sqlalchemy", "numpy", "pydantic", "httpx"})


def test_a_client_of_a_server_loads_neither_web_nor_database() -> None:
    modules = loaded("import sabbatical as sb\nsb.open(url='http://127.0.0.1:1').close()")
    assert modules.isdisjoint({*HEAVY, "fastapi", "sqlalchemy"})
