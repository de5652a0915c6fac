"""Made With ML: projects under four tags; from some day on six tags are used, by a finer tree, on the same texts."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Any

import yaml

from sabbatical.catalogue.workbench import Row, Workbench, read_csv

TAXONOMY = "tags"
_OLDER = "versions/2023-04-30_"
_SPLITS = {"dataset": "train", "holdout": "test"}


def prepare(bench: Workbench) -> None:
    """Turn 1: four tags of every text. Turn 2: six tags of the last fifth of `dataset`, and of the whole holdout.
    Turn 3: six tags of the rest.
    """
    with resources.as_file(resources.files("sabbatical.catalogue") / "made-with-ml") as folder:
        tree = yaml.safe_load((Path(folder) / "projects.yaml").read_text("utf-8"))
        bench.super_taxonomy(tree["super-taxonomy"], {name: _flat(body) for name, body in tree["classes"].items()})
        bench.take(Path(folder) / "tags-1.yaml", "tags-1.yaml")
        for file in ("projects.yaml", "tags-2.yaml"):
            bench.take(Path(folder) / file, file)
    for part, split in _SPLITS.items():
        rows = read_csv(bench.raw / f"{part}.csv")
        bench.csv(f"four-tags-{part}", rows, taxonomy=TAXONOMY, version=1, split=split)
    fine = {
        part: _with_tags_of(read_csv(bench.raw / f"{part}.csv"), read_csv(bench.raw / f"{_OLDER}{part}.csv"))
        for part in _SPLITS
    }
    rows = sorted(fine["dataset"], key=lambda row: str(row["created_on"]))
    day = len(rows) - len(rows) // 5
    bench.csv("six-tags-dataset", rows[day:], taxonomy=TAXONOMY, version=2, split="train", turn=2)
    bench.csv("six-tags-holdout", fine["holdout"], taxonomy=TAXONOMY, version=2, split="test", turn=2)
    bench.csv("six-tags-earlier", rows[:day], taxonomy=TAXONOMY, version=2, split="train", turn=3)


def _flat(body: Row) -> dict[str, Any]:
    """A class as it was before it had children: their names and synonyms were its own."""
    synonyms = list(body.get("synonyms", []))
    for name, child in body.get("children", {}).items():
        synonyms += [name, *child.get("synonyms", [])]
    return {"synonyms": synonyms}


def _with_tags_of(rows: list[Row], others: list[Row]) -> list[Row]:
    """The same texts (two differ by a word between the files) with the tags of the other file."""
    tags = {row["id"]: row["tag"] for row in others}
    return [row | {"tag": tags[row["id"]]} for row in rows if row["id"] in tags]
