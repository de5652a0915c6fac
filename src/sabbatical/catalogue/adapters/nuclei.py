"""Nuclei: three laboratories with one class and very different pictures; splits are drawn by the project."""

from __future__ import annotations

from sabbatical.catalogue.workbench import CocoData, Workbench


def prepare(bench: Workbench) -> None:
    data = CocoData(bench.raw)
    bench.super_taxonomy("nuclei", {"nucleus": {}})
    for domain in dict.fromkeys(image["domain"] for image in data.images):
        images = [image for image in data.images if image["domain"] == domain]
        bench.taxonomy(domain, {"nucleus": "nucleus"})
        bench.coco(domain, images, data.of(images), data.categories, taxonomy=domain)
