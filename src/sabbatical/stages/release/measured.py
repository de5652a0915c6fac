"""What was measured of a model, and the words that verdicts on it share. Points are hundredths."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sabbatical.schemas.evaluate import Report
from sabbatical.schemas.release import GateVerdict, Verdict
from sabbatical.stages.release.latency import Latency

NAMES = {
    "map50": "mAP at IoU 0.5",
    "map": "mAP",
    "recall": "Recall",
    "precision": "Precision",
    "f1": "F1",
    "accuracy": "Accuracy",
    "f1_micro": "Micro F1",
    "f1_weighted": "Weighted F1",
}
MOST_NAMES = 8


@dataclass(frozen=True)
class Measured:
    """What is known of a model. `report` is None where nothing could judge it, with the reason in `missing`, which also
    says why a report has no comparison with a champion that could not be asked.

    `champion` is the name of the model that it was compared with; `latency` is None where there is no item to answer;
    `splits` are those whose items judge.
    """

    model: str
    champion: str | None
    report: Report | None
    missing: str
    latency: Latency | None
    bytes: int
    splits: tuple[str, ...] = ("test",)

    @property
    def split(self) -> str:
        """The split that more items should go to: the one that nothing is learned from, if it judges."""
        return "test" if "test" in self.splits else self.splits[-1]


def said_of(verdict: Verdict, reason: str, **facts: Any) -> GateVerdict:
    """A verdict; `facts` are the other fields of it."""
    return GateVerdict.model_validate({"verdict": verdict, "reason": reason, **facts})


def count(measured: Measured, many: int) -> str:
    """So many items in words, such as `1 image`."""
    noun = {"boxes": "image", "text": "text"}[measured.report.task] if measured.report else "item"
    return f"{many:,} {noun}{'' if many == 1 else 's'}"


def more(measured: Measured, field: str | None, gate: str) -> str:
    """What to do where too few items judge; `field` is the minimum of the gate, if that can be lowered."""
    lower = f"lower `{field}` of the gate {gate}" if field else f"take the gate {gate} out"
    return (
        f"ingest more labeled items with `--split {measured.split}` and take a snapshot (`sabbatical snapshot "
        f"create`), or {lower}, in the policy or the --gates file."
    )


def metric_name(metric: str) -> str:
    return NAMES.get(metric, metric)


def listed(names: Sequence[str]) -> str:
    """The first eight, and how many more there are."""
    return ", ".join(names[:MOST_NAMES]) + (f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else "")


def points(difference: float) -> str:
    """A difference of shares in points, with its sign."""
    return f"{difference * 100:+.1f}".replace("-", "−")


def spread(interval: tuple[float, float]) -> str:
    return f"{points(interval[0])} to {points(interval[1])}"
