"""The model card: what a model is, what it learned from, what it may be used for (after Mitchell et al., FAT* 2019)."""

from __future__ import annotations

from typing import Any

from sabbatical.schemas.train import ModelVersion

MASKING = {
    "none": "none: whatever was not labeled was taken for background (the naive super-dataset)",
    "column": "column: classes that a customer does not label were left out of its loss",
    "tree": "tree: each label taught its class and those above it; what it cannot tell was left out of the loss",
}


def card_of(model: ModelVersion) -> str:
    """The card in Markdown."""
    record = model.record
    lines = [
        f"# {model.name} of {model.project}",
        "",
        f"A {model.family} for {len(model.classes)} classes: {', '.join(model.classes)}.",
        "",
        "| | |",
        "| --- | --- |",
        f"| snapshot | {model.snapshot} |",
        f"| super-taxonomy | {model.super_taxonomy} |",
        f"| masking | {MASKING[model.masking]} |",
        f"| recipe | {_recipe(model)} |",
        f"| seed, code | {model.seed}, {model.code_version} |",
        f"| made | {model.created_at:%Y-%m-%d %H:%M} UTC in {record.get('seconds', 0):.0f} s |",
        f"| weights | `{model.weights}` (safetensors) |",
    ]
    if model.start:
        lines.append(f"| went on from | {_start(record['start'])} |")
    if record.get("parameters"):
        lines.append(f"| parameters | {record['parameters']:,} |")
    lines += ["", "## Learned from", "", *_customers(record.get("customers", {}))]
    lines += ["", "## Thresholds", "", *_thresholds(record.get("thresholds", {}))]
    lines += [
        "",
        "## Know before use",
        "",
        *[f"- {warning}" for warning in record.get("warnings") or ["Nothing to report."]],
    ]
    return "\n".join(lines) + "\n"


def _start(start: dict[str, Any]) -> str:
    if "anew" in start:
        return f"{start['model']}. {start['anew']}"
    changes = [f"{what} {', '.join(start[what])}" for what in ("new", "gone") if start[what]]
    told = f"classes that are {'; '.join(changes)}" if changes else "the same classes"
    return f"{start['model']}: {told}; {start['fresh']:,} labeled items that it had not seen"


def _recipe(model: ModelVersion) -> str:
    recipe = model.recipe
    if model.family == "text":
        return str(recipe["model"])
    height, width = recipe["canvas"]
    return f"{recipe['steps']:,} steps of {recipe['batch']:,} images on a canvas of {height} x {width}"


def _customers(customers: dict[str, Any]) -> list[str]:
    if not customers:
        return ["Not recorded."]
    rows = [
        f"| {name} | {facts['items']:,} | {', '.join(facts['covers']) or 'nothing'} |"
        for name, facts in customers.items()
    ]
    return ["| taxonomy | items | covers |", "| --- | --- | --- |", *rows]


def _thresholds(thresholds: dict[str, float]) -> list[str]:
    if not thresholds:
        return ["0.5 for every class: there was no validation data to choose them by."]
    return ["| class | score |", "| --- | --- |", *[f"| {name} | {value:.2f} |" for name, value in thresholds.items()]]
