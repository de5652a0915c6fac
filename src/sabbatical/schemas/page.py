"""One page of a list that may be long: by key, never by offset."""

from __future__ import annotations

from typing import Generic, TypeVar

from pydantic import BaseModel, Field

T = TypeVar("T")

PAGE_SIZE = 100
PAGE_LIMIT = 1000


class Page(BaseModel, Generic[T]):
    """Rows after `after`; `next` is the key to ask for the following page, None at the end."""

    rows: list[T]
    next: str | None = Field(None, description="Pass it as `after` to get the next page.")
