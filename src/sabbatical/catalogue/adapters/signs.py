"""Road signs: a coarse customer, a fine one, and one that draws lights only; a fifth of the images judges."""

from __future__ import annotations

from sabbatical.catalogue.workbench import CocoData, Workbench

SIGNS = ("stop", "speedlimit", "crosswalk")
CUSTOMERS = {
    "kerb": dict.fromkeys(SIGNS, "Sign"),
    "crossing": {name: name for name in SIGNS},
    "signal": {"trafficlight": "Traffic light"},
}
CLASSES = {"Sign": "sign", "Traffic light": "light", **{name: name for name in SIGNS}}
REFERENCE = "reference"
_JUDGING = 5


def prepare(bench: Workbench) -> None:
    data = CocoData(bench.raw)
    bench.super_taxonomy("road", {"sign": {"exhaustive": True, "children": {name: {} for name in SIGNS}}, "light": {}})
    learning = [image for number, image in enumerate(data.images) if number % _JUDGING]
    judging = data.images[::_JUDGING]
    for number, (customer, names) in enumerate(CUSTOMERS.items()):
        images = learning[number :: len(CUSTOMERS)]
        annotations, categories = data.renamed(images, names)
        bench.taxonomy(customer, {label: CLASSES[label] for label in dict.fromkeys(names.values())})
        bench.coco(customer, images, annotations, categories, taxonomy=customer, split="train")
    full = {**{name: name for name in SIGNS}, "trafficlight": "Traffic light"}
    annotations, categories = data.renamed(judging, full)
    bench.taxonomy(REFERENCE, {label: CLASSES[label] for label in full.values()})
    bench.coco(REFERENCE, judging, annotations, categories, taxonomy=REFERENCE, split="test")
