"""The two parameters of every list that may be long."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from sabbatical.schemas.page import PAGE_LIMIT

After = Annotated[str | None, Query(description="The `next` of the page before.", max_length=200)]
Limit = Annotated[int, Query(ge=1, le=PAGE_LIMIT)]
