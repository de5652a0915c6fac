"""Find out what nobody should be asked: which taxonomy a source's labels belong to, or make one from them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches
from itertools import islice
from typing import Any

from sabbatical.core.errors import BadInput
from sabbatical.schemas.project import Task
from sabbatical.stages.ingest.actions import Entry, Record
from sabbatical.taxonomy import Taxonomy
from sabbatical.taxonomy.names import folded

LOOKED_AT = 2000
SHOWN = 8
NEAR = 0.8
"""Likeness (difflib's ratio) from which on a label may be a slip for another."""
OFTEN = 10
"""Uses of a label from which on another may be a slip for it."""
SLIPS = 100
"""Labels seen once that are looked at: a source in which more are is made like that."""


def slug(name: str) -> str:
    """A name that projects and taxonomies may have, made from any text."""
    clean = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:60]
    return clean or "data"


def task_of(entries: Iterable[Entry]) -> Task:
    """The task that a source looks made for, from its first records."""
    for record in islice((one for one in entries if isinstance(one, Record)), LOOKED_AT):
        if record.text is not None:
            return "text"
        if record.payload is not None and record.payload.masks and not record.payload.polygons:
            return "masks"
        if record.payload is not None and len(record.payload):
            return "boxes"
    return "boxes"


def fitting(taxonomies: dict[str, Taxonomy], names: list[str], wanted: str | None, customer: str | None) -> str | None:
    """Which taxonomy the label names belong to: the one asked for, or the only one that has them all.

    Answers None when the source has no labels and no taxonomy was asked for.

    Raises:
        BadInput: none fits or several do, saying which and what to do.
    """
    if wanted is not None:
        if wanted not in taxonomies:
            known = ", ".join(sorted(taxonomies)) or "none yet"
            raise BadInput(f"There is no taxonomy '{wanted}'.", where="field taxonomy", hint=f"There are: {known}.")
        return wanted
    if not names:
        return None
    fits = [key for key, taxonomy in taxonomies.items() if all(name in taxonomy for name in names)] or [
        key for key, taxonomy in taxonomies.items() if all(taxonomy.find(name) is not None for name in names)
    ]
    if customer in fits:
        return customer
    if len(fits) == 1:
        return fits[0]
    shown = ", ".join(f"'{name}'" for name in names[:SHOWN])
    if fits:
        raise BadInput(
            f"The labels {shown} fit several taxonomies: {', '.join(sorted(fits))}.",
            where="field taxonomy",
            hint="Say which with --taxonomy.",
        )
    raise BadInput(
        f"No taxonomy has all the labels of this source: {shown}.",
        where="field taxonomy",
        hint="Add the customer's taxonomy with `sabbatical taxonomy add FILE`, or choose one with --taxonomy: what it"
        " does not know is then set aside.",
    )


def spelled(names: Sequence[str], counts: Counter[str]) -> list[str]:
    """The names, one where several differ only in case or white space: the most frequent of them, else the first."""
    best: dict[str, str] = {}
    for name in names:
        known = best.setdefault(folded(name), name)
        if counts[name] > counts[known]:
            best[folded(name)] = name
    return list(best.values())


def slips(counts: Counter[str]) -> Iterator[str]:
    """A word on each label that is there once and nearly spelled as a frequent one; numbers in names make a difference.

    Spellings that differ in case or white space count together.
    """
    together: Counter[str] = Counter()
    names: dict[str, str] = {}
    for name, count in counts.most_common():
        together[folded(name)] += count
        names.setdefault(folded(name), name)
    frequent = [name for name, count in together.items() if count >= OFTEN]
    rare = [name for name, count in together.items() if count == 1]
    for name in rare[:SLIPS]:
        digits = re.findall(r"\d", name)
        near = get_close_matches(name, [other for other in frequent if re.findall(r"\d", other) == digits], 1, NEAR)
        if near:
            yield f"'{names[name]}' stands there once; is it '{names[near[0]]}' ({together[near[0]]:,})?"


def identity_documents(project: str, labels: list[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """A flat super-taxonomy and a taxonomy in which each label stands for itself: where a first data set starts."""
    super_document = {"super-taxonomy": project, "version": 1, "classes": {name: {} for name in labels}}
    own_document = {
        "taxonomy": f"{project}-labels",
        "version": 1,
        "super-taxonomy": project,
        "labels": {name: name for name in labels},
    }
    return super_document, own_document
