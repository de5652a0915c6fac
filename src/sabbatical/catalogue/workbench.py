"""Where an adapter puts a project together: folders of ordinary sources, taxonomies, and the plan that names them."""

from __future__ import annotations

import csv
import json
import os
import shutil
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from sabbatical.catalogue.plan import Plan, PlanSource
from sabbatical.core.errors import BadFile
from sabbatical.schemas.item import Split
from sabbatical.schemas.project import Task

Row = dict[str, Any]


class Workbench:
    """Builds the folder of one project from the files of one data set."""

    def __init__(self, name: str, task: Task, raw: Path, into: Path) -> None:
        self.raw = raw
        self.into = into
        self.plan = Plan(project=name, task=task, super_taxonomy="", taxonomies=[], sources=[])
        into.mkdir(parents=True, exist_ok=True)

    def super_taxonomy(self, name: str, classes: Mapping[str, Any]) -> None:
        self._super = name
        document = {"super-taxonomy": name, "version": 1, "classes": dict(classes)}
        self.plan.super_taxonomy = self._yaml(f"{name}.super.yaml", document)

    def taxonomy(self, name: str, labels: Mapping[str, Any], version: int = 1) -> None:
        document = {"taxonomy": name, "version": version, "super-taxonomy": self._super, "labels": dict(labels)}
        file = f"{name}.yaml" if version == 1 else f"{name}-{version}.yaml"
        self.plan.taxonomies.append(self._yaml(file, document))

    def take(self, source: Path, name: str, is_super: bool = False) -> None:
        """A taxonomy that lies ready as a file."""
        shutil.copyfile(source, self.into / name)
        if is_super:
            self.plan.super_taxonomy = name
        else:
            self.plan.taxonomies.append(name)

    def coco(
        self,
        source: str,
        images: Sequence[Row],
        annotations: Iterable[Row],
        categories: Sequence[Row],
        *,
        taxonomy: str | None = None,
        split: Split | None = None,
    ) -> None:
        """A folder with annotations.json and the images it names. Every image counts as looked at."""
        folder = self.into / source
        for image in images:
            place(self.raw / image["file_name"], folder / image["file_name"])
        labeled = [image | {"labeled": taxonomy is not None} for image in images]
        document: Row = {"images": labeled, "annotations": list(annotations), "categories": list(categories)}
        (folder / "annotations.json").write_text(json.dumps(document), "utf-8")
        self.source(source, source, taxonomy=taxonomy, split=split)

    def csv(self, source: str, rows: Sequence[Row], **more: Any) -> None:
        """A table with one row a text."""
        path = self.into / f"{source}.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        self.source(path.name, source, **more)

    def source(self, path: str, source: str, **more: Any) -> None:
        self.plan.sources.append(PlanSource(path=path, source=source, **more))

    def done(self) -> Plan:
        self.plan.write(self.into)
        return self.plan

    def _yaml(self, name: str, document: Row) -> str:
        (self.into / name).write_text(yaml.safe_dump(document, sort_keys=False, allow_unicode=True), "utf-8")
        return name


class CocoData:
    """The COCO file of a data set, with the annotations by image."""

    def __init__(self, raw: Path) -> None:
        document = read_json(raw / "annotations.json")
        self.images: list[Row] = document["images"]
        self.categories: list[Row] = document["categories"]
        self.names: dict[int, str] = {row["id"]: row["name"] for row in self.categories}
        self._by_image: defaultdict[int, list[Row]] = defaultdict(list)
        for row in document["annotations"]:
            self._by_image[row["image_id"]].append(row)

    def of(self, images: Iterable[Row], names: Iterable[str] | None = None) -> list[Row]:
        """The annotations of some images, of some classes only."""
        wanted = set(self.names.values()) if names is None else set(names)
        return [
            row for image in images for row in self._by_image[image["id"]] if self.names[row["category_id"]] in wanted
        ]

    def renamed(self, images: Iterable[Row], names: Mapping[str, str]) -> tuple[list[Row], list[Row]]:
        """Annotations and categories of a customer who draws the classes in `names`, under other names."""
        labels = {label: number for number, label in enumerate(dict.fromkeys(names.values()), 1)}
        rows = [row | {"category_id": labels[names[self.names[row["category_id"]]]]} for row in self.of(images, names)]
        return rows, [{"id": number, "name": label} for label, number in labels.items()]


def place(source: Path, target: Path) -> None:
    """The same file at another place: a hard link where the disk allows it, else a copy."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists():
        return
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def read_json(path: Path) -> Any:
    """Raises BadFile where the file of a data set is missing or damaged."""
    try:
        return json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise BadFile(f"A file of the data set cannot be read: {error}.", where=str(path), hint=_AGAIN) from error


def read_csv(path: Path) -> list[Row]:
    """Rows by column. Raises BadFile where the file of a data set is missing."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))
    except OSError as error:
        raise BadFile(f"A file of the data set cannot be read: {error}.", where=str(path), hint=_AGAIN) from error


_AGAIN = "Get the data set again."
