"""Long work in child processes, driven by the SDK without a server."""

from __future__ import annotations

from pathlib import Path

import pytest

import sabbatical as sb
from sabbatical.core.errors import BadInput, EmptyDataset, Interrupted
from sabbatical.schemas.run import Run
from sabbatical.sdk.workspace import Workspace
from tests.durable.conftest import until
from tests.sdk import street

ENDLESS = street.TINY | {"steps": 1_000_000, "save_every": 0}
LONG = street.TINY | {"steps": 60, "save_every": 0}


def test_ingest_tells_its_progress_and_adds_only_what_is_new(workspace: Workspace, tmp_path: Path) -> None:
    more = street.draw(tmp_path / "more", 4, seed=1)
    seen: list[Run] = []
    report = workspace.project().ingest(more, taxonomy="a", progress=seen.append)
    assert (report.added, report.labels.added) == (4, 4)
    assert [seen[0].state, seen[-1].state] == ["queued", "done"]
    assert [one.fraction for one in seen] == sorted(one.fraction for one in seen)
    again = workspace.project().ingest(more, taxonomy="a")
    assert (again.added, again.known, again.labels.added) == (0, 4, 0)


def test_a_first_project_is_made_from_the_data(tmp_path: Path, data: Path) -> None:
    with sb.open(home=tmp_path / "fresh") as workspace:
        report = workspace.ingest(data)
        assert report.added == street.ITEMS
        project = workspace.project()
        assert (project.name, project.record.task) == (report.project, "boxes")
        assert [run.record.kind for run in project.runs()] == ["ingest"]


def test_labels_are_attached_to_what_is_here(workspace: Workspace, tmp_path: Path, data: Path) -> None:
    project = workspace.project()
    project.taxonomy_add({"taxonomy": "b", "super-taxonomy": "road", "labels": {"Human": "adult", "Car": "vehicle"}})
    report = project.import_labels(data / "annotations.json", taxonomy="b")
    assert (report.added, report.labels.added) == (0, street.ITEMS)


def test_a_run_that_fails_raises_what_it_failed_with(workspace: Workspace, tmp_path: Path) -> None:
    with pytest.raises(EmptyDataset, match="No label fits") as caught:
        workspace.project().snapshot(customers=["nobody"])
    assert "customers" in str(caught.value.hint)
    (tmp_path / "odd.bin").write_bytes(b"\x00\x01")
    with pytest.raises(BadInput):
        workspace.ingest(tmp_path / "odd.bin")


def test_two_trainings_go_on_side_by_side_and_a_cancelled_one_raises(workspace: Workspace) -> None:
    snapshot = workspace.project().find_snapshot()
    first = snapshot.start_train(settings=ENDLESS, seed=1)
    second = snapshot.start_train(settings=ENDLESS, seed=2)

    def both_learn() -> bool:
        return all("step" in run.refresh().message for run in (first, second))

    until(both_learn, "steps of both trainings", 120)
    for run in (first, second):
        run.cancel(why="it takes too long", actor="anna")
    for run in (first, second):
        with pytest.raises(Interrupted, match=r"The train was cancelled: anna stopped it \(it takes too long\)\."):
            run.wait()
    assert [run.state for run in (first, second)] == ["cancelled", "cancelled"]


def test_work_that_was_left_waits_and_the_next_session_goes_on(home: Path) -> None:
    with sb.open(home=home) as workspace:
        run = workspace.project().start_train(settings=LONG, seed=3)
        until(lambda: "step" in run.refresh().message, "a step", 120)
    with sb.open(home=home) as workspace:
        again = workspace.project().start_train(settings=LONG, seed=3)
        assert again.id == run.id
        assert again.wait().record.seed == 3


def test_an_export_is_written_where_it_was_asked(workspace: Workspace, tmp_path: Path) -> None:
    export = workspace.project().find_snapshot().export(tmp_path / "out", "coco")
    assert export.folder == tmp_path / "out"
    assert (export.report["items"], export.report["shapes"]) == (street.ITEMS, street.ITEMS)
    assert any(path.suffix == ".json" for path in export.folder.rglob("*"))


def test_predictions_come_from_the_store_the_second_time(workspace: Workspace, tmp_path: Path) -> None:
    model = workspace.project().model()
    fresh = street.draw(tmp_path / "fresh", 3, seed=2)
    first = model.predict(fresh)
    assert (len(first), first.counts["computed"], first.counts["stored"]) == (3, 3, 0)
    second = model.predict(items=[one.item for one in first])
    assert (second.counts["computed"], second.counts["stored"]) == (0, 3)
    assert [one.found for one in second] == [one.found for one in first]
    assert len(second.save(tmp_path / "p.jsonl").read_text().splitlines()) == 3
