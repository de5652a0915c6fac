"""Intents: of one set, where one customer labels coarsely, one finely; or of all three, each a customer of one tree."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

from sabbatical.catalogue.workbench import Row, Workbench, read_csv
from sabbatical.taxonomy import parse_yaml

COARSE, FINE = "coarse", "fine"
CUSTOMERS: Mapping[str, tuple[str, Mapping[str, tuple[str, ...]]]] = {
    "banking77": ("category", {"train": ("train",), "test": ("test",)}),
    "clinc150": ("intent", {"train": ("train", "val", "oos_train_extra"), "test": ("test",)}),
    "hwu64": ("intent", {"train": ("train",), "test": ("test",)}),
}
"""The column of the label, and the files of each split."""


def prepare_bank(bench: Workbench) -> None:
    """BANKING77: one flat list of intents."""
    parts = {split: read_csv(bench.raw / f"{split}.csv") for split in ("train", "test")}
    names = sorted({row["category"] for row in parts["train"]})
    bench.super_taxonomy("bank", {name: {} for name in names})
    bench.taxonomy("bank", {name: name for name in names})
    for split, rows in parts.items():
        bench.csv(f"bank-{split}", rows, taxonomy="bank", split=split)


def prepare_assistant(bench: Workbench) -> None:
    """CLINC150: ten domains of intents, and what is out of scope."""
    learning = [row for part in ("train", "val", "oos_train_extra") for row in read_csv(bench.raw / f"{part}.csv")]
    _prepare_tree(bench, "assistant", learning, read_csv(bench.raw / "test.csv"), "domain")


def prepare_home(bench: Workbench) -> None:
    """HWU64: scenarios of intents."""
    _prepare_tree(bench, "home", read_csv(bench.raw / "train.csv"), read_csv(bench.raw / "test.csv"), "scenario")


def prepare_joined(bench: Workbench) -> None:
    """Three customers of one tree; what each label means in it, and why, stands in `catalogue/intents/links.csv`."""
    with resources.as_file(resources.files("sabbatical.catalogue") / "intents") as folder:
        tree = parse_yaml((Path(folder) / "intents.yaml").read_text("utf-8"))
        links = read_csv(Path(folder) / "links.csv")
    bench.super_taxonomy(tree["super-taxonomy"], tree["classes"])
    for customer, (column, splits) in CUSTOMERS.items():
        bench.taxonomy(customer, {row["label"]: row["class"] for row in links if row["customer"] == customer})
        for split, files in splits.items():
            rows = [row for file in files for row in read_csv(bench.raw / f"intents-{customer}" / f"{file}.csv")]
            bench.csv(f"{customer}-{split}", _labeled(rows, column), taxonomy=customer, split=split)


def _prepare_tree(bench: Workbench, name: str, learning: list[Row], judging: list[Row], coarse: str) -> None:
    """Every other text is labeled by the coarse customer; intents of a name like their parent's are that class."""
    children: defaultdict[str, set[str]] = defaultdict(set)
    for row in learning:
        children[row[coarse]].add(row["intent"])
    bench.super_taxonomy(name, {parent: _node(parent, children[parent]) for parent in sorted(children)})
    bench.taxonomy(COARSE, {parent: parent for parent in sorted(children)})
    intents = sorted(set().union(*children.values()))
    bench.taxonomy(FINE, {intent: intent for intent in intents})
    bench.csv(f"{name}-{COARSE}", _labeled(learning[::2], coarse), taxonomy=COARSE, split="train")
    bench.csv(f"{name}-{FINE}", _labeled(learning[1::2], "intent"), taxonomy=FINE, split="train")
    bench.csv(f"{name}-test", _labeled(judging, "intent"), taxonomy=FINE, split="test")


def _node(parent: str, intents: set[str]) -> dict[str, Any]:
    beneath = sorted(intents - {parent})
    return {"exhaustive": True, "children": {intent: {} for intent in beneath}} if beneath else {}


def _labeled(rows: Sequence[Row], column: str) -> list[Row]:
    return [{"text": row["text"], "label": row[column]} for row in rows]
