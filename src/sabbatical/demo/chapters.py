"""Chapters that every demo tells: the customers and what each covers, and what one item teaches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sabbatical.demo.play import Taken
from sabbatical.report.picture import Picture, picture_of
from sabbatical.report.story import (
    Cell,
    Customer,
    Customers,
    Drawn,
    Finding,
    Node,
    Place,
    Shot,
    Tagged,
    Teacher,
    Teaching,
)
from sabbatical.schemas.item import Item
from sabbatical.schemas.label import Revision, Shape
from sabbatical.schemas.taxonomy import LabelRow, TaxonomyTables

SHOTS = 4
LARGE = 640
MOST_PLACES = 4
LOOKED_AT = 40


def parents_of(taken: Taken) -> dict[str, str | None]:
    """The parent of each class of the super-taxonomy, depth first."""
    document = next(one.document for one in taken.project.taxonomies() if one.kind == "super")
    found: dict[str, str | None] = {}
    _walk(document["classes"], None, found)
    return found


def _walk(classes: object, parent: str | None, found: dict[str, str | None]) -> None:
    if not isinstance(classes, Mapping):
        return
    for name, body in classes.items():
        found[name] = parent
        if isinstance(body, Mapping):
            _walk(body.get("children"), name, found)


def customers_chapter(taken: Taken, pictures: dict[str, Picture], texts: dict[str, str]) -> Customers:
    """Who sends what, what each covers, some of their items, and what follows."""
    parents = parents_of(taken)
    tables = {name: taken.project.taxonomy_tables(name) for name in taken.ready.learners}
    by_label = taken.snapshot.counts["by_label"]
    counts: dict[str, int] = {}
    for name, table in tables.items():
        for row in table.labels:
            if row.to is not None:
                counts[row.to] = counts.get(row.to, 0) + by_label.get(name, {}).get(row.label, 0)
    is_text = taken.ready.plan.task == "text"
    return Customers(
        customers=tuple(_customer(taken, name, tables[name], pictures, texts) for name in tables),
        nodes=tuple(Node(name, parent, counts.get(name, 0)) for name, parent in parents.items()),
        findings=tuple(Finding(finding.message, finding.code, finding.level != "note") for finding in taken.findings),
        snapshot=taken.snapshot.name,
        noun="text" if is_text else "box",
    )


def _customer(
    taken: Taken, name: str, table: TaxonomyTables, pictures: dict[str, Picture], texts: dict[str, str]
) -> Customer:
    counts = taken.snapshot.counts
    splits = dict(counts["by_taxonomy"].get(name, {}))
    shots: list[Shot] = []
    tagged: list[Tagged] = []
    for item, revision in samples(taken, name, SHOTS):
        if item.kind == "text":
            texts[item.id] = item.text or ""
            tagged.append(Tagged(item.id, true=revision.shapes[0].label if revision.shapes else None))
        else:
            pictures.setdefault(item.id, picture_of(taken.project.media(item.id)))
            shots.append(shot_of(item, revision, table))
    return Customer(
        name=name,
        items=sum(splits.values()),
        splits=splits,
        cells={one.name: Cell(one.state, ", ".join(one.labels)) for one in table.coverage},  # type: ignore[arg-type]
        version=f"v{table.version}",
        marks=sum(counts["by_label"].get(name, {}).values()),
        shots=tuple(shots),
        texts=tuple(tagged),
    )


def samples(taken: Taken, taxonomy: str, count: int) -> list[tuple[Item, Revision]]:
    """A few labeled training items of a customer, from different groups, those with most drawn first."""
    seen: dict[str, tuple[Item, Revision]] = {}
    for number, item in enumerate(taken.project.items(customer=taxonomy, split="train", labeled=True)):
        if number >= LOOKED_AT or len(seen) >= 4 * count:
            break
        revision = next(iter(taken.project.labels(item.id)), None)
        if revision is not None and item.group not in seen:
            seen[item.group] = (item, revision)
    return sorted(seen.values(), key=lambda pair: -len(pair[1].shapes))[:count]


def shot_of(item: Item, revision: Revision, table: TaxonomyTables) -> Shot:
    """A picture with what its customer drew, in the colours of the classes meant."""
    meant = {row.label: row.to for row in table.labels}
    drawn = tuple(
        Drawn(shape.box, shape.label, colour=meant.get(shape.label) or "") for shape in revision.shapes if shape.box
    )
    return Shot(item.id, drawn, frame=(item.width or 1, item.height or 1))


def teaching_chapter(taken: Taken, pictures: dict[str, Picture], texts: dict[str, str]) -> Teaching | None:
    """What one item of the customer with the most to be masked teaches, place by place."""
    tables = {name: taken.project.taxonomy_tables(name) for name in taken.ready.learners}
    name = max(tables, key=lambda key: _silent(tables[key]))
    table = tables[name]
    found = samples(taken, name, 1)
    if not found:
        return None
    item, revision = found[0]
    parents = parents_of(taken)
    rows = {row.label: row for row in table.labels}
    if item.kind == "text":
        places = [
            Place(f"labeled {row.label}", _cells(row.says), _note(row, parents), text=f"“{row.label}”")
            for row in table.labels
        ]
        return Teaching(name, _nodes(parents), tuple(places), teachers=_teachers(taken, tables))
    shot = shot_of(item, revision, table)
    pictures[item.id] = picture_of(taken.project.media(item.id), side=LARGE)
    places = [
        Place(
            f"{rows[shape.label].to}, drawn as “{shape.label}”",
            _cells(rows[shape.label].says),
            _note(rows[shape.label], parents),
            shape.box,
        )
        for shape in _different(revision)
        if shape.box and rows[shape.label].to
    ]
    background: Sequence[int | None] = [0 if covered else None for covered in table.background]
    silent = [cls for cls, covered in zip(table.classes, table.background, strict=True) if not covered]
    note = f"{name} is silent on {', '.join(silent)}" if silent else "all classes learn"
    places.append(Place("empty road" if taken.ready.name == "world" else "nothing drawn", _cells(background), note))
    return Teaching(name, _nodes(parents), tuple(places), shot, _teachers(taken, tables))


def _different(revision: Revision) -> list[Shape]:
    """One shape of each label, then more, up to a few."""
    first = {shape.label: shape for shape in reversed(revision.shapes)}
    rest = [shape for shape in revision.shapes if first[shape.label] is not shape]
    return [*first.values(), *rest][:MOST_PLACES]


def _nodes(parents: Mapping[str, str | None]) -> tuple[Node, ...]:
    return tuple(Node(name, parent) for name, parent in parents.items())


def _cells(says: Sequence[int | None]) -> tuple[float | None, ...]:
    return tuple(None if value is None else float(value) for value in says)


def _note(row: LabelRow, parents: Mapping[str, str | None]) -> str:
    silent = [name for name, value in zip(parents, row.says, strict=True) if value is None]
    return f"{' or '.join(silent[:3])} stays open" if silent else "all classes learn"


def _silent(table: TaxonomyTables) -> int:
    return sum(not covered for covered in table.background) + sum(row.says.count(None) for row in table.labels)


def _teachers(taken: Taken, tables: Mapping[str, TaxonomyTables]) -> tuple[Teacher, ...]:
    """How many entries of the loss each customer fills, counted over its labels and one background an item."""
    found = []
    for name, table in tables.items():
        counts = taken.snapshot.counts
        items = sum(counts["by_taxonomy"].get(name, {}).values())
        shapes = counts["by_label"].get(name, {})
        is_text = taken.ready.plan.task == "text"
        rows = [([0 if covered else None for covered in table.background], 0 if is_text else items)]
        rows += [(row.says, shapes.get(row.label, 0)) for row in table.labels]
        silent = sum(says.count(None) * count for says, count in rows)
        total = sum(len(says) * count for says, count in rows)
        found.append(Teacher(name, items, taught=total - silent, silent=silent))
    return tuple(found)
