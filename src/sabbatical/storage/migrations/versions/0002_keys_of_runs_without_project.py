"""The key of a run that has no project names one run too."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    without = sa.text("project_id IS NULL")
    op.create_index(
        "uq_run_key_without_project", "run", ["key"], unique=True, sqlite_where=without, postgresql_where=without
    )
