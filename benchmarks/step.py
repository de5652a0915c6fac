"""One training step with tree masking against the same step without, by turns on the same batch.

    python -m benchmarks.step [--pairs 60] [--runs 3]

The network and batch are the default recipe's: 8 images of 240 x 320, from three customers who each draw a part of a
tree of eight classes, one of them coarsely. A pair is a masked and a plain step, each first in half of the pairs, one
thread; a run's ratio is the median of its pairs'. Seconds are of the processor. Memory is of a process that makes one
kind of step alone.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from dataclasses import replace

import numpy as np
import torch

from benchmarks.measuring import child, measured, publish, row
from sabbatical.learning.detector import Detector
from sabbatical.learning.loader import Batch, collate
from sabbatical.learning.masking import MaskTables, mask_tables
from sabbatical.learning.optimizer import Muon
from sabbatical.learning.recipe import DetectorRecipe
from sabbatical.learning.samples import Sample
from sabbatical.learning.training import learn
from sabbatical.taxonomy import Masking, SuperTaxonomy, TableBank, Taxonomy, bank, masked_tables

GOOD = 1.02
WARM = 3
OBJECTS = 8  # drawn on an image
RECIPE = DetectorRecipe(threads=1, device="cpu")
SUPER = SuperTaxonomy.from_yaml("""
super-taxonomy: street
classes:
  person: {children: {adult: {}, child: {}}}
  vehicle: {children: {car: {}, truck: {}, bus: {}}}
  light: {}
""")
CUSTOMERS = (
    {"Human": "person"},
    {"Pedestrian_adult": "adult", "Pedestrian_child": "child", "Car": "car", "Truck": "truck"},
    {"Vehicle": "vehicle", "Traffic light": "light"},
)
KINDS: tuple[Masking, ...] = ("tree", "none")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--pairs", type=int, default=60)
    options.add_argument("--runs", type=int, default=3)
    options.add_argument("--child", choices=("pairs", *KINDS), help=argparse.SUPPRESS)
    asked = options.parse_args()
    if asked.child:
        print(json.dumps(pairs(asked.pairs) if asked.child == "pairs" else alone(asked.child)))
        return
    runs = [child("benchmarks.step", "--child", "pairs", "--pairs", str(asked.pairs)) for _ in range(asked.runs)]
    facts = {"pairs": asked.pairs, "classes": len(SUPER), "batch": RECIPE.batch, "canvas": list(RECIPE.canvas)}
    figures = [row(f"{kind}.cpu", "s", [run[kind] for run in runs], **facts) for kind in KINDS]
    figures.append(row("tree / none", "x", [run["ratio"] for run in runs], good=GOOD))
    figures.append(row("tree / none, one pair, 5th percentile", "x", [run["low"] for run in runs]))
    figures.append(row("tree / none, one pair, 95th percentile", "x", [run["high"] for run in runs]))
    for kind in KINDS:
        found = [child("benchmarks.step", "--child", kind)["peak_mb"] for _ in range(asked.runs)]
        figures.append(row(f"{kind}.peak_mb", "MB", found))
    publish("step", figures)


class Stepper:
    """A detector on its way, with one kind of masking."""

    def __init__(self, masking: Masking) -> None:
        torch.manual_seed(0)
        config = RECIPE.detector(SUPER.names, [int(parent) for parent in SUPER.parent_k])
        self.model = Detector(config).train()
        self.optimizer = Muon(self.model, RECIPE.learning_rate, RECIPE.weight_decay, orthogonal=True)
        self.tables: MaskTables = mask_tables(bank_of(masking), config.group_k)
        self.recipe = replace(RECIPE, masking=masking)

    def step(self, batch: Batch, number: int) -> float:
        """Processor seconds of one step."""
        began = time.process_time()
        learn(self.model, self.optimizer, batch, self.tables, self.recipe, number)
        return time.process_time() - began


def pairs(count: int) -> dict[str, float]:
    torch.set_num_threads(1)
    batches = [batch_of(number) for number in range(4)]
    steppers = {kind: Stepper(kind) for kind in KINDS}
    seconds: dict[Masking, list[float]] = {kind: [] for kind in KINDS}
    for number in range(WARM + count):
        for kind in KINDS if number % 2 else reversed(KINDS):
            seconds[kind].append(steppers[kind].step(batches[number % len(batches)], number))
    tree, none = (seconds[kind][WARM:] for kind in KINDS)
    ratios = np.divide(tree, none)
    low, middle, high = np.percentile(ratios, (5, 50, 95)).tolist()
    medians = {"tree": statistics.median(tree), "none": statistics.median(none)}
    return {**medians, "ratio": middle, "low": low, "high": high}


def alone(kind: Masking) -> dict[str, float]:
    torch.set_num_threads(1)
    stepper = Stepper(kind)
    with measured() as found:
        for number in range(WARM):
            stepper.step(batch_of(number), number)
    return found


def bank_of(masking: Masking) -> TableBank:
    return bank([masked_tables(SUPER, taxonomy(number), masking) for number in range(len(CUSTOMERS))])


def taxonomy(number: int) -> Taxonomy:
    labels = CUSTOMERS[number]
    return Taxonomy.from_document({"taxonomy": f"customer {number}", "super-taxonomy": "street", "labels": labels})


def batch_of(seed: int) -> Batch:
    """Images of noise with boxes of any size, the customers by turns."""
    random = np.random.default_rng(seed)
    height, width = RECIPE.canvas
    samples = []
    for number in range(RECIPE.batch):
        customer = number % len(CUSTOMERS)
        sides_n2 = random.uniform(8, 100, (OBJECTS, 2))
        corner_n2 = random.uniform(0, 1, (OBJECTS, 2)) * ([width, height] - sides_n2)
        boxes_n4 = np.concatenate([corner_n2, corner_n2 + sides_n2], axis=1).astype(np.float32)
        labels_n = random.integers(0, len(CUSTOMERS[customer]), OBJECTS)
        image_hwc = random.integers(0, 256, (height, width, 3)).astype(np.uint8)
        samples.append(Sample(image_hwc, boxes_n4, labels_n, customer, f"noise {number}"))
    return collate(samples)


if __name__ == "__main__":
    main()
