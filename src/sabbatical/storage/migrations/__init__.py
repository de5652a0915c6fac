"""Changes of the schema, one numbered file each, which says what changed."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent


def newest() -> str:
    """The revision that this version of the code writes: the number of the last file, without loading Alembic."""
    return max(path.name.split("_")[0] for path in (FOLDER / "versions").glob("[0-9]*.py"))
