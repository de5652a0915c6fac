"""What a source says about an item besides its labels: group, time, and free attributes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sabbatical.stages.ingest.formats.moments import moment
from sabbatical.stages.ingest.options import ReadOptions
from sabbatical.stages.ingest.records import Record, Refusal

GROUP_KEYS = ("group", "group_id", "scene", "scene_id", "video", "video_id", "sequence")
TIME_KEYS = ("captured_at", "date_captured", "created_on", "created_at", "timestamp", "datetime", "date", "time")


@dataclass(slots=True)
class Metadata:
    """Fills records from the extra keys or columns of one file; a fault that repeats is said once."""

    options: ReadOptions
    _said: set[str] = field(default_factory=set)

    def fill(self, record: Record, extras: dict[str, Any]) -> Iterator[Refusal]:
        """Takes group and time from `extras`; what is left becomes the record's attributes.

        A time that is not understood stays an attribute, and is said. `group` and a time that was understood are no
        longer attributes; other keys that name the group (`scene`, or what the options say) stay.
        """
        key = self._group_key(extras)
        if key is not None:
            record.group = str(extras.pop(key) if key == "group" else extras[key])
        yield from self._time(record, extras)
        for name, value in extras.items():
            if value is not None and value != "":
                record.attributes[name] = value

    def _group_key(self, extras: dict[str, Any]) -> str | None:
        keys = (self.options.group_key,) if self.options.group_key else GROUP_KEYS
        if extras.keys().isdisjoint(keys):
            return None
        return next((key for key in keys if extras.get(key) not in (None, "")), None)

    def _time(self, record: Record, extras: dict[str, Any]) -> Iterator[Refusal]:
        keys = (self.options.time_column,) if self.options.time_column else TIME_KEYS
        for key in keys:
            value = extras.get(key)
            if value in (None, ""):
                continue
            found = moment(value)
            if found is not None:
                record.captured_at = found
                del extras[key]
                return
            if key not in self._said:
                self._said.add(key)
                reason = f"The time {value!r} is not understood (ISO 8601 is); it stays an attribute, here and below."
                yield Refusal(record.file, record.line, key, reason, kept=True)
