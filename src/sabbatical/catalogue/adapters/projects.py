"""Made With ML: projects to four tags, and in the second turn to six, on the same texts."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from sabbatical.catalogue.workbench import Row, Workbench, read_csv

TAXONOMY = "tags"
_OLDER = "versions/2023-04-30_"
_SPLITS = {"dataset": "train", "holdout": "test"}


def prepare(bench: Workbench) -> None:
    with resources.as_file(resources.files("sabbatical.catalogue") / "made-with-ml") as folder:
        bench.take(Path(folder) / "projects.yaml", "projects.yaml", is_super=True)
        for version in (1, 2):
            bench.take(Path(folder) / f"tags-{version}.yaml", f"tags-{version}.yaml")
    for part, split in _SPLITS.items():
        rows = read_csv(bench.raw / f"{part}.csv")
        bench.csv(f"four-tags-{part}", rows, taxonomy=TAXONOMY, version=1, split=split)
    for part, split in _SPLITS.items():
        rows = _with_tags_of(read_csv(bench.raw / f"{part}.csv"), read_csv(bench.raw / f"{_OLDER}{part}.csv"))
        bench.csv(f"six-tags-{part}", rows, taxonomy=TAXONOMY, version=2, split=split, turn=2)


def _with_tags_of(rows: list[Row], others: list[Row]) -> list[Row]:
    """The same texts (two differ by a word between the files) with the tags of the other file."""
    tags = {row["id"]: row["tag"] for row in others}
    return [row | {"tag": tags[row["id"]]} for row in rows if row["id"] in tags]
