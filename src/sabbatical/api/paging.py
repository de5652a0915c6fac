"""The parameters of every list that may be long, and numbers in paths."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query
from pydantic import AfterValidator

from sabbatical.core.numbers import BIGGEST, place_of
from sabbatical.schemas.page import PAGE_LIMIT

_NEXT = Query(description="The `next` of the page before.", max_length=200)
After = Annotated[str | None, _NEXT]
Place = Annotated[str | None, _NEXT, AfterValidator(place_of)]
"""`After` of a list whose pages are told by numbers. Raises BadRequest for anything else."""
Limit = Annotated[int, Query(ge=1, le=PAGE_LIMIT)]
Number = Annotated[int, Path(ge=0, le=BIGGEST)]
