"""What is known of labeled items beside their labels, as small columns: what slices, cohorts and groups are made of.

Legend: i labeled items.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Hashable, Iterable, Iterator
from datetime import UTC, datetime
from math import isnan, nan
from typing import Any, Generic, Protocol, TypeVar

import numpy as np

from sabbatical.metrics.columns import Ints
from sabbatical.stages.evaluate.slices import Column, Moments

MOST_VALUES = 12  # an attribute with more words than this does not make slices; more numbers are cut at their quartiles
COUNTERS = frozenset({"frame", "frame_id", "id", "index", "number", "scene", "split"})
"""Attributes that count items rather than describe them."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LARGEST = sys.float_info.max  # JSON has whole numbers beyond it
UNKNOWN = np.iinfo(np.int64).min  # of a moment in microseconds: NumPy's NaT

Value = TypeVar("Value", bound=Hashable)
Row = TypeVar("Row", bound="Described")


class Described(Protocol):
    """What is known of an item beside its labels."""

    @property
    def group(self) -> str: ...
    @property
    def customer(self) -> str | None: ...
    @property
    def captured_at(self) -> datetime | None: ...
    @property
    def attributes(self) -> dict[str, Any]: ...


class Coded(Generic[Value]):
    """One value an item, each kept once: values in the order in which they came first, and a number for each item."""

    def __init__(self) -> None:
        self.numbers: dict[Value, int] = {}
        self.code_i = array("i")

    def add(self, value: Value, times: int = 1) -> None:
        if times:
            self.code_i.extend([self.numbers.setdefault(value, len(self.numbers))] * times)

    def column(self) -> list[Value]:
        values = list(self.numbers)
        return [values[code] for code in self.code_i]


class Attribute:
    """One attribute of every item: names while they are few, numbers however many, else nothing any more."""

    def __init__(self, before: int) -> None:
        self.names: Coded[str | None] | None = Coded()
        self.numbers: array[float] | None = array("d")
        self.add(None, before)

    def add(self, value: Any, times: int = 1) -> None:
        if self.numbers is not None:
            number = _number(value)
            if number is None:
                self.numbers = None
            else:
                self.numbers.extend([number] * times)
        if self.names is not None:
            self.names.add(value if value is None else str(value), times)
            if len(self.names.numbers) > MOST_VALUES + 1:
                self.names = None

    @property
    def given_up(self) -> bool:
        return self.names is None and self.numbers is None

    def column(self) -> Column | None:
        """One value an item, None where it has none; nothing at all where no two items differ."""
        if self.names is not None:
            return self.names.column() if len(self.names.numbers) > 1 else None
        return None if self.numbers is None else [None if isnan(number) else number for number in self.numbers]


def _number(value: Any) -> float | None:
    """A number, NaN where nothing is said, None for anything else."""
    if value is None:
        return nan
    numeric = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if numeric and abs(value) <= LARGEST else None


class Facts:
    """Gathered row by row while others read the rows; what cannot make slices is given up at once."""

    def __init__(self) -> None:
        self.rows = 0
        self._groups = Coded[str]()
        self._customers = Coded[str | None]()
        self._moments = array("q")
        self._attributes: dict[str, Attribute] = {}
        self._given_up = set(COUNTERS)

    def noting(self, rows: Iterable[Row]) -> Iterator[Row]:
        """The same rows, each noted as it passes."""
        for one in rows:
            self._groups.add(one.group)
            self._customers.add(one.customer)
            moment = one.captured_at
            self._moments.append(UNKNOWN if moment is None else round((moment - EPOCH).total_seconds() * 1e6))
            self._note_attributes(one.attributes)
            self.rows += 1
            yield one

    def _note_attributes(self, attributes: dict[str, Any]) -> None:
        for name in attributes.keys() - self._attributes.keys() - self._given_up:
            self._attributes[name] = Attribute(self.rows)
        for name, attribute in list(self._attributes.items()):
            attribute.add(attributes.get(name))
            if attribute.given_up:
                self._given_up.add(name)
                del self._attributes[name]

    @property
    def group_i(self) -> Ints:
        """The group of each item, numbered as they came first."""
        return np.array(self._groups.code_i, np.int64)

    @property
    def captured_at(self) -> Moments:
        """When each item was captured, NaT where unknown."""
        return np.array(self._moments, np.int64).view("datetime64[us]")

    def slices(self) -> dict[str, Column]:
        """Columns that make slices: the customer, and each attribute with a few values or with numbers."""
        columns: dict[str, Column] = {}
        if len(self._customers.numbers) > 1:
            columns["customer"] = self._customers.column()
        for name, attribute in sorted(self._attributes.items()):
            column = attribute.column()
            if column is not None:
                columns[name] = column
        return columns
