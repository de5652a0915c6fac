"""What a person reads after an ingest, and what is remembered of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sabbatical.core.progress import Quiet
from sabbatical.durable import runs
from sabbatical.durable.steps import Step
from sabbatical.schemas.ingest import IngestReport, IngestRequest
from sabbatical.stages.ingest import actions as ingest
from sabbatical.stages.label.importing import Import
from sabbatical.stages.label.sources import open_source
from sabbatical.storage.workspace import Workspace
from tests.stages.conftest import NOW

WORDS = "graph image speech vision token model data train deploy bayes kernel tree forest policy agent"


def texts(path: Path, count: int, seed: int, *more: str) -> Path:
    """A table of texts that are unlike one another, of two labels."""
    rng = np.random.default_rng(seed)
    rows = [" ".join(rng.choice(WORDS.split(), 30)) for _ in range(count)]
    lines = [f"{row},{'ab'[number % 2]}" for number, row in enumerate([*rows, *more])]
    path.write_text("\n".join(["text,tag", *lines]) + "\n")
    return path


def begin(workspace: Workspace, source: Path, **asked: Any) -> Import:
    with workspace.database.transaction() as session:
        row = runs.ask(session, project_id=None, kind="ingest", params={"source": str(source)}, now=NOW)
    return open_source(Step(workspace, row.id, None, {}, Quiet()), IngestRequest(source=str(source), **asked))


def take(workspace: Workspace, source: Path, **asked: Any) -> IngestReport:
    return begin(workspace, source, **asked).take()


def test_a_text_that_equals_one_of_the_holdout_is_named_in_the_report(workspace: Workspace, tmp_path: Path) -> None:
    twin = "An introduction to graph neural networks for molecules explained with code and pictures."
    take(workspace, texts(tmp_path / "holdout.csv", 5, 0, twin), split="test")
    report = take(workspace, texts(tmp_path / "dataset.csv", 40, 1, twin.upper()), split="train")
    assert report.by_split == {"train": 40, "test": 1}
    (warning,) = [warning for warning in report.warnings if warning.code == "near-duplicate-moved"]
    assert "1 item went to test, not to train as asked" in warning.message
    assert "'dataset.csv:42' like 'holdout.csv:7' of 'holdout'" in warning.message


def test_two_sources_of_one_customer_at_once_are_both_remembered(workspace: Workspace, tmp_path: Path) -> None:
    take(workspace, texts(tmp_path / "first.csv", 20, 0), customer="aurora")
    left = begin(workspace, texts(tmp_path / "left.csv", 30, 1), customer="aurora")
    right = begin(workspace, texts(tmp_path / "right.csv", 40, 2), customer="aurora")
    left.take()
    right.take()
    with workspace.database.reading() as session:
        seen = ingest.seen_before(session, right.intake.project, right.intake.origin)
    assert (seen.items, seen.labeled, seen.lengths.total()) == (90, 90, 90)


@pytest.mark.data("made-with-ml")
def test_the_training_text_that_equals_one_of_the_holdout_is_named(workspace: Workspace, mirror: Path) -> None:
    folder = mirror / "made-with-ml"
    take(workspace, folder / "holdout.csv", split="test", options={"text_columns": "title,description"})
    report = take(workspace, folder / "dataset.csv", split="train", options={"text_columns": "title,description"})
    assert report.by_split["test"] == 1
    (warning,) = [warning for warning in report.warnings if warning.code == "near-duplicate-moved"]
    assert "' like '" in warning.message and "of 'holdout'" in warning.message


def tickets(path: Path, *labels: str, seed: int = 0) -> Path:
    """A table of texts that are unlike one another, with these labels."""
    rng = np.random.default_rng(seed)
    rows = [f"{' '.join(rng.choice(WORDS.split(), 30))},{label}" for label in labels]
    path.write_text("\n".join(["text,tag", *rows]) + "\n")
    return path


def messages(report: IngestReport, code: str) -> list[str]:
    return [warning.message for warning in report.warnings if warning.code == code]


def test_labels_that_differ_in_case_or_white_space_are_one_label_of_the_most_frequent_spelling(
    workspace: Workspace, tmp_path: Path
) -> None:
    labels = ["Bug", *["bug"] * 5, "BUG", *["ask me"] * 3, "ask  me"]
    report = take(workspace, tickets(tmp_path / "tickets.csv", *labels))
    assert (report.labels.added, report.labels.refused) == (11, 0)
    assert messages(report, "label-spelling") == [
        "'Bug' (1) is read as 'bug' (5).",
        "'BUG' (1) is read as 'bug' (5).",
        "'ask  me' (1) is read as 'ask me' (3).",
    ]
    again = take(workspace, tickets(tmp_path / "more.csv", "BUG", "Ask Me", seed=1))
    assert (again.taxonomy, again.labels.added, again.labels.refused) == ("tickets-labels", 2, 0)
    assert messages(again, "label-spelling") == [
        "'BUG' (1) is read as 'bug' (0).",
        "'Ask Me' (1) is read as 'ask me' (0).",
    ]


def test_a_label_seen_once_that_is_near_a_frequent_one_is_asked_about(workspace: Workspace, tmp_path: Path) -> None:
    labels = ["biling", *["billing"] * 11, "Billing", "intent 2", *["intent 1"] * 12, "refund"]
    report = take(workspace, tickets(tmp_path / "tickets.csv", *labels))
    assert messages(report, "near-label") == ["'biling' stands there once; is it 'billing' (12)?"]
    assert take(workspace, tickets(tmp_path / "more.csv", "biling", *["billing"] * 11, seed=1)).warnings == []


@pytest.mark.parametrize("between", [0, 100])
def test_the_same_text_with_another_label_is_said_to_contradict_the_first(
    workspace: Workspace, tmp_path: Path, between: int
) -> None:
    """Also where they are so far apart that they are not taken in one batch."""
    path = tickets(tmp_path / "tickets.csv", *["bug", "praise"] * (between // 2 + 1))
    first = path.read_text().splitlines()[1]
    text = first.rpartition(",")[0]
    with path.open("a") as file:
        file.write(f"{text},praise\n{text},bug\n{text},Bug\n")
    report = take(workspace, path)
    assert [(one.file, one.line, one.reason) for one in report.quarantined] == [
        (
            "tickets.csv",
            between + 4,
            "It contradicts what this source says before of the item 'tickets.csv:2': bug, praise."
            " The first labels are kept, these are left out.",
        )
    ]
    assert (report.labels.added, report.labels.known, report.labels.refused) == (between + 2, 2, 1)
