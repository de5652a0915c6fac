"""What a model said of many items."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from sabbatical.schemas import run as run_schema
from sabbatical.schemas.predict import Prediction
from sabbatical.sdk.client import Client, place


class Predictions:
    """Iterate over them; they are fetched as they are read. `counts` says what was found, computed and stored."""

    def __init__(self, client: Client, run: run_schema.Run) -> None:
        self._client = client
        self._run_id = run.id
        self.counts: dict[str, Any] = run.result or {}

    def __repr__(self) -> str:
        return f"<Predictions of {self.counts['model']}: {self.counts['items']} items>"

    def __len__(self) -> int:
        return int(self.counts["items"])

    def __iter__(self) -> Iterator[Prediction]:
        with self._client.stream(self._place()) as chunks:
            for line in _lines(chunks):
                yield Prediction.model_validate_json(line)

    def save(self, file: str | Path) -> Path:
        """Write them to a file, one JSON object a line, an item each."""
        return self._client.download(self._place(), Path(file))

    def _place(self) -> str:
        return place("runs", self._run_id, "files")


def _lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    waiting = b""
    for chunk in chunks:
        *whole, waiting = (waiting + chunk).split(b"\n")
        yield from whole
    if waiting:
        yield waiting
