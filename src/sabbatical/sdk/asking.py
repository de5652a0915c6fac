"""Ask about everything in a source, a batch a request; what cannot be asked is named with its place, the rest goes on.

The files are read on this machine, as `ingest` would read them.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field

from sabbatical.core.errors import BadInput
from sabbatical.schemas.item import Glimpse
from sabbatical.schemas.predict import in_words
from sabbatical.schemas.serve import MOST_INPUTS, Input, Served
from sabbatical.sdk.client import request

if TYPE_CHECKING:
    from sabbatical.stages.ingest.actions import Record

BATCH_BYTES = 16 << 20
"""Of images in one request; with base64 and what stands around them, within what a server takes."""

Ask = Callable[[list[Input]], list[Served]]
Asked = tuple["Row", Input | None]


class Row(Glimpse):
    """One text or image of a source: where it stands, and the answer, or why there is none."""

    file: str
    line: int | None = None
    said: str | None = Field(None, description="The answer in words.")
    answer: Served | None = None
    refused: str | None = Field(None, description="Why there is no answer.")

    @property
    def where(self) -> str:
        return self.file if self.line is None else f"{self.file}, line {self.line}"


def ask_all(ask: Ask, source: str | Path, column: str | None, about: Mapping[str, Any]) -> Iterator[Row]:
    """Every row of a source in its order, answered as it is read.

    Raises:
        BadInput: the source is not there, or nothing that can be asked is found in it.
    """
    held: list[Asked] = []
    size = 0
    for row, asked in _rows(Path(source).expanduser(), column, about):
        weight = len(asked.image or "") if asked is not None else 0
        if held and (len(held) == MOST_INPUTS or size + weight > BATCH_BYTES):
            yield from _batch(ask, held)
            held, size = [], 0
        held.append((row, asked))
        size += weight
    yield from _batch(ask, held)


def _batch(ask: Ask, held: Sequence[Asked]) -> Iterator[Row]:
    outcomes = iter(_answers(ask, [asked for _, asked in held if asked is not None]))
    for row, asked in held:
        yield row if asked is None else row.model_copy(update=_told(next(outcomes)))


def _told(outcome: Served | BadInput) -> dict[str, Any]:
    if isinstance(outcome, Served):
        return {"answer": outcome, "said": in_words(outcome.found)}
    return {"refused": outcome.message}


def _answers(ask: Ask, inputs: list[Input]) -> list[Served | BadInput]:
    """What is answered; a request that is refused for one of its inputs is sent again in halves."""
    if not inputs:
        return []
    try:
        return [*ask(inputs)]
    except BadInput as error:
        if len(inputs) == 1:
            return [error]
    half = len(inputs) // 2
    return _answers(ask, inputs[:half]) + _answers(ask, inputs[half:])


def _rows(source: Path, column: str | None, about: Mapping[str, Any]) -> Iterator[Asked]:
    """What the source holds, ready to be asked, and what cannot be."""
    # Who asks about one thing needs no readers, and they are slow to load.
    from sabbatical.stages.ingest.actions import ReadOptions, Record, Refusal, recognise  # noqa: PLC0415

    options = ReadOptions.of({} if column is None else {"text_columns": [column]})
    try:
        for entry in recognise(source, options).reader.read(source):
            if isinstance(entry, Record):
                yield _row(entry, about)
            elif isinstance(entry, Refusal) and not entry.kept:
                yield Row(file=entry.file, line=entry.line, name=None, text=None, refused=entry.reason), None
    except BadInput as error:
        if error.hint and "text_columns" in error.hint:
            hint = "Say which column holds the texts: --column NAME, or column= in Python."
            raise type(error)(error.message, where=error.where, hint=hint) from error
        raise


def _row(record: Record, about: Mapping[str, Any]) -> Asked:
    """A record as an input; what it says of itself counts unless `about` says otherwise."""
    row = Row(file=record.file, line=record.line, name=record.name, text=record.text)
    try:
        image = None if record.read is None else base64.b64encode(record.read()).decode()
        own = {"name": record.name, "group": record.group, "captured_at": record.captured_at}
        said: dict[str, Any] = {**own, **about, "text": record.text, "image": image}
        said["attributes"] = {**record.attributes, **about.get("attributes", {})}
        return row, request(Input, **{name: value for name, value in said.items() if value is not None})
    except BadInput as error:
        return row.model_copy(update={"refused": error.message}), None
