"""Make records ready: read and probe their bytes, keep them as media, take their fingerprints; several at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from sabbatical.core.batches import batched
from sabbatical.core.errors import BadFile, BadInput
from sabbatical.core.ids import content_id
from sabbatical.stages.ingest.fingerprints import image_fingerprint, text_fingerprint
from sabbatical.stages.ingest.images import probe
from sabbatical.stages.ingest.intake import Prepared
from sabbatical.stages.ingest.records import Classes, Entry, Record, Refusal
from sabbatical.stages.ingest.shapes import fit_record
from sabbatical.storage.media import Media

AT_ONCE = 64  # records in memory with their bytes
LONGEST_TEXT = 100_000  # characters


@dataclass(frozen=True)
class Preparer:
    """Reads records with several threads; each has at most one file of `max_item_bytes` in memory."""

    media: Media
    max_pixels: int
    threads: int

    def batches(self, entries: Iterable[Entry]) -> Iterator[tuple[list[Prepared], list[Refusal]]]:
        """Batches in the order of the source: what is ready, and what was refused."""
        with ThreadPoolExecutor(self.threads) as pool:
            for batch in batched(entries, AT_ONCE):
                ready: list[Prepared] = []
                refused: list[Refusal] = []
                for one, refusals in pool.map(self._prepare, batch):
                    if one is not None:
                        ready.append(one)
                    refused.extend(refusals)
                yield ready, refused

    def _prepare(self, entry: Entry) -> tuple[Prepared | None, list[Refusal]]:
        if isinstance(entry, Classes):
            return None, []
        if isinstance(entry, Refusal):
            return None, [entry]
        try:
            return self.one(entry)
        except (BadFile, BadInput) as error:
            return None, [_refused(entry, f"{error.message} {error.hint or ''}".rstrip())]

    def one(self, record: Record) -> tuple[Prepared, list[Refusal]]:
        """A record made ready, an image kept as media; and what of its labels was refused.

        Raises:
            BadFile: it is no image, a damaged one, or one of too many pixels.
            BadInput: a text that is empty or too long.
            StorageFull: the disk is full.
        """
        return (self._text(record), []) if record.text is not None else self._image(record)

    def _text(self, record: Record) -> Prepared:
        text = record.text or ""
        check_text(text)
        data = text.encode()
        return Prepared(
            id=content_id(data),
            kind="text",
            name=record.name,
            file=record.file,
            line=record.line,
            media_type="text/plain",
            bytes=len(data),
            text=text,
            fingerprint=text_fingerprint(text),
            group=record.group,
            captured_at=record.captured_at,
            attributes=record.attributes,
            payload=record.payload,
        )

    def _image(self, record: Record) -> tuple[Prepared, list[Refusal]]:
        if record.read is None:
            raise BadInput("It has neither an image nor a text.")
        data = record.read()
        facts = probe(data, self.max_pixels)
        refusals = list(fit_record(record, facts.width, facts.height))
        prepared = Prepared(
            id=self.media.put(data),
            kind="image",
            name=record.name,
            file=record.file,
            line=record.line,
            media_type=facts.media_type,
            bytes=len(data),
            width=facts.width,
            height=facts.height,
            fingerprint=image_fingerprint(facts.small_hw),
            brightness=facts.brightness,
            group=record.group,
            captured_at=record.captured_at or facts.captured_at,
            attributes=record.attributes,
            payload=record.payload,
        )
        return prepared, refusals


def check_text(text: str) -> None:
    """Raises BadInput for one that is empty or too long."""
    if not text.strip():
        raise BadInput("The text is empty.")
    if len(text) > LONGEST_TEXT:
        raise BadInput(f"The text has {len(text):,} characters; at most {LONGEST_TEXT:,} are allowed.")


def _refused(record: Record, reason: str) -> Refusal:
    """An image is refused under its own name; the file that names it, where it is another, stands in the reason."""
    if record.text is not None or record.name == record.file:
        return Refusal(record.file, record.line, None, reason)
    line = f", line {record.line}" if record.line is not None else ""
    return Refusal(record.name, None, None, f"{reason} It is named in {record.file}{line}.")
