"""What masking repairs, on BCCD: naive super-dataset, column and tree masking, and the oracle with full labels.

    SABBATICAL_DATA_MIRROR=... python -m benchmarks.bccd [--seeds 0 1] [--methods oracle tree none] [--home FOLDER]

Three customers draw one class each on a third of the training images; the test images are fully labeled. Every run is
kept in the workspace as it ends, so the same command goes on where it stopped. One thread a training.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

import sabbatical
from benchmarks.measuring import publish
from sabbatical.catalogue import Plan
from sabbatical.sdk.project import Project
from sabbatical.sdk.workspace import Workspace

METHODS = ("oracle", "tree", "column", "none")
ALL_DRAWN = "reference"
SETTINGS = {
    "threads": 1,
    "steps": 1200,
    "augmentation": {"flip_vertical": 0.5, "zoom": [0.7, 1.5], "colour": 0.2, "keep_visible": 0.7},
}
"""Blood under a microscope has no up, few images want strong changes, and a cell that the edge of the picture cuts is
drawn only where most of it is seen. Alone, such a training takes less than ten minutes on one core."""


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seeds", type=int, nargs="+", default=[0, 1])
    options.add_argument("--methods", nargs="+", choices=METHODS, default=["oracle", "tree", "none"])
    options.add_argument("--steps", type=int, default=None, help="of the recipe unless given")
    options.add_argument("--home", type=Path, default=Path(tempfile.gettempdir()) / "sabbatical-bccd")
    asked = options.parse_args()
    rows = []
    with sabbatical.open(home=asked.home) as workspace:
        project, customers = prepare(workspace)
        for seed in asked.seeds:
            for method in asked.methods:
                rows.append(one_run(project, customers, method, seed, asked.steps))
                publish("bccd", rows)


def prepare(workspace: Workspace) -> tuple[Project, list[str]]:
    """The project with every source taken in, and the names of the three customers."""
    got = workspace.start_get("bccd").wait()
    folder = Path(got["ready"])
    plan = Plan.load(folder)
    project = workspace.create_project("bccd", "boxes", test_share=0.0, validation_share=0.0)
    for file in (plan.super_taxonomy, *plan.taxonomies):
        project.taxonomy_add(folder / file)
    for source in sorted(plan.sources, key=lambda one: one.split != "test"):
        project.ingest(folder / source.path, name=source.source, taxonomy=source.taxonomy, split=source.split)
    project.import_labels(fully_labeled(Path(got["folder"]), folder), taxonomy=ALL_DRAWN, name="all drawn")
    project.snapshot()
    customers = [str(source.taxonomy) for source in plan.sources if source.taxonomy != ALL_DRAWN]
    return project, customers


def fully_labeled(raw: Path, ready: Path) -> Path:
    """The training images with every box, as COCO, for the oracle."""
    document = json.loads((raw / "annotations.json").read_text())
    kept = [image for image in document["images"] if image["split"] != "test"]
    ids = {image["id"] for image in kept}
    annotations = [one for one in document["annotations"] if one["image_id"] in ids]
    path = ready / "all-drawn.json"
    path.write_text(json.dumps({**document, "images": kept, "annotations": annotations}))
    return path


def one_run(project: Project, customers: list[str], method: str, seed: int, steps: int | None) -> dict[str, Any]:
    """Train and judge once; a run that was done before is answered from the workspace."""
    taxonomies = [ALL_DRAWN] if method == "oracle" else customers
    settings = SETTINGS | ({"steps": steps} if steps else {})
    masking = "tree" if method == "oracle" else method
    model = project.train("default", masking=masking, seed=seed, taxonomies=taxonomies, settings=settings)
    report = model.evaluate(taxonomies=[ALL_DRAWN], plain_threshold=True).report
    intervals = report.metrics.intervals.overall
    return {
        "method": method,
        "seed": seed,
        "steps": model.record.recipe["steps"],
        "minutes": round(model.record.record["seconds"] / 60, 2),
        "parameters": model.record.record["parameters"],
        "map50": report.metrics.overall.map50,
        "interval": intervals.get("map50"),
        "by_class": {
            name: {"ap50": scores.ap50, "recall_at_0.5": scores.recall, "precision_at_0.5": scores.precision}
            for name, scores in report.metrics.by_class.items()
        },
    }


if __name__ == "__main__":
    main()
