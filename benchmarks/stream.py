"""Made With ML as a stream in its own order of time: a first model, then four turns of the loop by itself.

    SABBATICAL_DATA_MIRROR=... python -m benchmarks.stream [--home FOLDER]

Texts of February to June 2020 teach the first model. Then months arrive: each text is asked of the champion over HTTP,
its label comes when the month is over (as a revision, and as feedback on the answer), and `autopilot once` does a turn.
In August the customer goes over from four tags to six. Judged is the champion as it answered each month, against the
first model, frozen, on the same texts; intervals are of 2,000 resamples of the texts, paired.
"""

from __future__ import annotations

import csv
import sys
import tempfile
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import f1_score

from benchmarks.measuring import asked, publish
from sabbatical.catalogue import Plan
from sabbatical.catalogue.workbench import Row, read_csv
from sabbatical.demo.served import served
from sabbatical.schemas.label import Shape
from sabbatical.schemas.predict import Found
from sabbatical.schemas.serve import Served
from sabbatical.sdk.project import Project
from sabbatical.sdk.workspace import Workspace

FIRST = "2020-07"
FINER = "2020-08"  # the month from which labels are six tags
OTHER = "other"
FOUR = ("computer-vision", "mlops", "natural-language-processing", OTHER)
FILES = ("four-tags-dataset", "four-tags-holdout"), ("six-tags-dataset", "six-tags-holdout", "six-tags-earlier")
RESAMPLES = 2000
POLICY: dict[str, Any] = {
    "label": {"tasks_a_turn": 0},  # every label comes with time, none has to be ordered
    "train": {"recipe": "best"},
    "release": {
        "gates": [
            {"gate": "items", "at_least": 50},
            {"gate": "overall", "lose_at_most": 0.02},
            {"gate": "classes", "truths": 20, "lose_at_most": 0.05},
            {"gate": "size"},
        ],
        "stages": [{"stage": "full"}],
    },
}


@dataclass(frozen=True)
class Text:
    """A text with both labels that its customer gave it in time."""

    text: str
    created_on: str
    four: str
    six: str

    @property
    def month(self) -> str:
        return self.created_on[:7]

    @property
    def label(self) -> str:
        """As it was labeled when it came."""
        return self.six if self.month >= FINER else self.four


def main() -> None:
    options = asked(__doc__, items=0)
    home = options.home or Path(tempfile.mkdtemp(prefix="bench-")) / "workspace"
    with served(home) as (workspace, _):
        publish("stream", play(workspace))


def play(workspace: Workspace) -> list[dict[str, Any]]:
    """The whole stream; a row a month."""
    folder = Path(workspace.start_get("made-with-ml").wait()["ready"])
    plan = Plan.load(folder)
    texts = _texts(folder)
    project = workspace.create_project("stream", "text", test_share=0.2, validation_share=0.1, salt="stream")
    for file in (plan.super_taxonomy, "tags-1.yaml"):
        project.taxonomy_add(folder / file)
    _begin(project, [text for text in texts if text.month < FIRST])
    rows = []
    for month in sorted({text.month for text in texts if text.month >= FIRST}):
        if month == FINER:
            for file in ("projects.yaml", "tags-2.yaml"):
                project.taxonomy_add(folder / file)
        rows.append(_month(project, month, [text for text in texts if text.month == month]))
        sys.stderr.write(f"{rows[-1]}\n")
    return rows


def _texts(folder: Path) -> list[Text]:
    """Every text once, in the order of time."""
    four, six = (_by_id(folder, names) for names in FILES)
    found = [
        Text(f"{row['title']}. {row['description']}", str(row["created_on"]), str(row["tag"]), str(six[key]["tag"]))
        for key, row in four.items()
        if key in six
    ]
    return sorted({text.text: text for text in found}.values(), key=lambda text: text.created_on)


def _by_id(folder: Path, names: tuple[str, ...]) -> dict[str, Row]:
    return {str(row["id"]): row for name in names for row in read_csv(folder / f"{name}.csv")}


def _begin(project: Project, texts: list[Text]) -> None:
    """The first months, labeled; a first model that answers."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "first.csv"
        with file.open("w", encoding="utf-8", newline="") as opened:
            writer = csv.writer(opened)
            writer.writerow(["text", "label", "captured_at"])
            writer.writerows([text.text, text.four, text.created_on] for text in texts)
        project.ingest(file, name="first months", taxonomy="tags")
    model = project.snapshot().train("best")
    release = project.releases.propose(model.name, rules={"gates": [], "stages": [{"stage": "full"}]})
    while release.record.under_way:
        release.advance(why="It is the first.", actor="benchmark")


def _month(project: Project, month: str, texts: list[Text]) -> dict[str, Any]:
    """One month: served, then labeled, then a turn by itself."""
    champion = project.releases.standing().champion
    coarse = {OTHER} if len(project.model(champion).record.classes) > len(FOUR) else set()
    answers = [project.online.ask(text.text, captured_at=f"{text.created_on}+00:00") for text in texts]
    top = [_finest(one.found, coarse) for one in answers]
    frozen = {one.item: one.found[0].label for one in project.model("v1").predict(items=[one.item for one in answers])}
    for text, answer, said in zip(texts, answers, top, strict=True):
        project.revise(answer.item, "tags", [Shape(label=text.label)], "the customer", key=f"later {answer.item}")
        right = said == text.label
        instead = {} if right else {"label": text.label}
        project.online.judge(answer, "right" if right else "wrong", key=f"later {answer.id}", **instead)
    watch = {"window": max(len(texts), 20), "reference": 200}
    project.autopilot.set_policy(POLICY | {"watch": watch}, author="benchmark")
    turn = project.autopilot.once(author="benchmark")
    return {
        "month": month,
        "texts": len(texts),
        "tags": 6 if month >= FINER else 4,
        "champion": champion,
        **_scores(texts, answers, top, frozen),
        "unsure": round(sum(not one.sure for one in answers) / len(answers), 3),
        "drifted": [one.slice for one in project.find_drift().record.drifts],
        "turn": turn.outcome,
        "turn_seconds": round(turn.seconds, 1),
        "message": turn.message,
    }


def _finest(found: list[Found], coarse: set[str]) -> str:
    """The best class that has no children: a parent is never less likely than its children."""
    return next((one.label for one in found if one.label not in coarse), found[0].label)


def _scores(texts: list[Text], answers: list[Served], top: list[str], frozen: dict[str, str]) -> dict[str, Any]:
    """Weighted F1 of the champion as it answered and of the frozen model; right among what it was sure of."""
    old = [frozen[one.item] for one in answers]
    sure = [one.sure for one in answers]
    rows: dict[str, Any] = {}
    for name, truth in (("four", [text.four for text in texts]), ("six", [text.six for text in texts])):
        coarse = _coarser(texts) if name == "four" else {}
        ours, theirs = ([coarse.get(label, label) for label in said] for said in (top, old))
        rows[f"f1_{name}"] = round(_f1(truth, ours), 3)
        rows[f"f1_{name}_frozen"] = round(_f1(truth, theirs), 3)
        rows[f"f1_{name}_gain"] = _interval(truth, ours, theirs)
    said = [label == text.label for label, text, one in zip(top, texts, sure, strict=True) if one]
    rows["right_when_sure"] = round(sum(said) / max(len(said), 1), 3)
    return rows


def _coarser(texts: list[Text]) -> dict[str, str]:
    """What each of the six tags is among the four."""
    seen: defaultdict[str, str] = defaultdict(lambda: OTHER)
    return seen | {text.six: text.four for text in texts} | {text.four: text.four for text in texts}


def _f1(truth: list[str], said: list[str]) -> float:
    return float(f1_score(truth, said, average="weighted", zero_division=0))


def _interval(truth: list[str], ours: list[str], theirs: list[str]) -> list[float]:
    """95 % of the paired difference."""
    dice = np.random.default_rng(0)
    columns = [np.array(one) for one in (truth, ours, theirs)]
    gains: list[float] = []
    for _ in range(RESAMPLES):
        drawn: NDArray[np.int64] = dice.integers(0, len(truth), len(truth))
        true, mine, other = (one[drawn].tolist() for one in columns)
        gains.append(_f1(true, mine) - _f1(true, other))
    return [round(float(edge), 3) for edge in np.percentile(gains, [2.5, 97.5])]


if __name__ == "__main__":
    main()
