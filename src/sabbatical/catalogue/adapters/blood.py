"""BCCD: three laboratories, each draws one kind of cell on a third of the training images."""

from __future__ import annotations

from sabbatical.catalogue.workbench import CocoData, Workbench

CUSTOMERS = {"haema": "Platelets", "rubra": "RBC", "alba": "WBC"}
REFERENCE = "reference"


def prepare(bench: Workbench) -> None:
    data = CocoData(bench.raw)
    bench.super_taxonomy("cells", {name: {} for name in data.names.values()})
    learning = [image for image in data.images if image["split"] != "test"]
    judging = [image for image in data.images if image["split"] == "test"]
    for number, (customer, name) in enumerate(CUSTOMERS.items()):
        bench.taxonomy(customer, {name: name})
        images = learning[number :: len(CUSTOMERS)]
        annotations, categories = data.renamed(images, {name: name})
        bench.coco(customer, images, annotations, categories, taxonomy=customer, split="train")
    bench.taxonomy(REFERENCE, {name: name for name in data.names.values()})
    bench.coco(REFERENCE, judging, data.of(judging), data.categories, taxonomy=REFERENCE, split="test")
