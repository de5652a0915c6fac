"""Intents: one customer labels coarsely, one finely, on the same tree."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sabbatical.catalogue.workbench import Row, Workbench, read_csv

COARSE, FINE = "coarse", "fine"


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
