"""Reports with the numbers that a gate is to judge, and nothing else."""

from __future__ import annotations

from sabbatical.schemas.evaluate import (
    Behaved,
    Change,
    ClassScores,
    Comparison,
    Metrics,
    Overall,
    Report,
    Slice,
    SliceScores,
)
from sabbatical.stages.release.latency import Latency
from sabbatical.stages.release.measured import Measured


def change(kind: str, name: str, difference: float, reach: float, *, n: int = 100, p_value: float = 0.5) -> Change:
    """A change of `difference` with an interval of `reach` to both sides."""
    low, high = difference - reach, difference + reach
    document = {
        "kind": kind,
        "name": name,
        "class_name": name if kind == "class" else None,
        "slice_name": name if kind == "slice" else None,
        "metric": "ap50",
        "before": 0.6,
        "after": 0.6 + difference,
        "difference": difference,
        "interval": (low, high),
        "p_value": p_value,
        "n": n,
        "verdict": "better" if low > 0 else "worse" if high < 0 else "same",
    }
    return Change.model_validate(document)


def part(name: str, images: int, *, note: str | None = None) -> Slice:
    column, _, value = name.partition("=")
    scores = SliceScores(n=images, images=images, note=note)
    return Slice(name=name, kind="metadata", where={column: value}, scores=scores)


def report(
    *changes: Change,
    items: int = 100,
    slices: list[Slice] | None = None,
    classes: tuple[str, ...] = ("car", "person"),
    whole: tuple[float, float] | None = (0.01, 0.02),
    behaviour: list[Behaved] | None = None,
    task: str = "boxes",
) -> Report:
    """A report on v2, against v1 unless `whole` (difference and reach on all data) is None."""
    comparison = None
    if whole is not None:
        base = change("class", "all", *whole)
        comparison = Comparison(
            model="v1",
            metric="map50",
            before=base.before,
            after=base.after,
            difference=base.difference,
            interval=base.interval,
            verdict=base.verdict,
            changes=list(changes),
        )
    metrics = Metrics(overall=Overall(map50=0.61), by_class={name: ClassScores(n=12) for name in classes})
    metrics.intervals.overall["map50"] = (0.55, 0.66)
    document = {
        "task": task,
        "model": "v2",
        "snapshot": "s1",
        "items": items,
        "units": items,
        "classes": list(classes),
        "judged": {},
        "sentences": [],
        "metrics": metrics,
        "slices": slices or [],
        "comparison": comparison,
        "behaviour": behaviour or [],
    }
    return Report.model_validate(document)


def measured(
    found: Report | None,
    *,
    champion: str | None = "v1",
    missing: str = "",
    latency: Latency | None = None,
    size: int = 5_000_000,
) -> Measured:
    return Measured("v2", champion, found, missing, latency, size)
