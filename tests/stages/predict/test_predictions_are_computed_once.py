"""Asked again, killed or stopped between: what a model has said of an item is kept, and never computed twice."""

from __future__ import annotations

import errno
import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from sabbatical.core.errors import Interrupted, StorageFull
from sabbatical.core.progress import Quiet
from sabbatical.durable import runs
from sabbatical.durable.steps import Step, body_of
from sabbatical.stages.predict import actions as predictions
from sabbatical.stages.predict import answers, listing
from sabbatical.stages.train import runtime
from tests.stages.conftest import NOW
from tests.stages.predict.conftest import NOTES
from tests.stages.train.shapes import TINY, Shapes

KILLED = """
import os, signal, sys
from sabbatical.core.progress import Quiet
from sabbatical.core.settings import load
from sabbatical.durable.steps import Step, body_of
from sabbatical.stages import all_steps
from sabbatical.stages.predict import answers
from sabbatical.storage.workspace import open_workspace

class Killing(Quiet):
    batches = 0

    def tell(self, fraction, message, **numbers):
        self.batches += "answered" in message
        if self.batches == 2:
            os.kill(os.getpid(), signal.SIGKILL)

home, run_id, project_id = sys.argv[1:]
answers.AT_ONCE = 10
body_of("predict")(Step(open_workspace(load(home=home)), run_id, project_id, {"snapshot": "s1"}, Killing()))
"""


def lines(done: dict[str, Any]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in Path(done["output"]).read_text().splitlines()]


def said(line: dict[str, Any]) -> tuple[Any, ...]:
    """What a line says of its item, apart from when and how fast."""
    return line["item"], line["name"], line["model"], json.dumps(line["found"])


def kept(project: Shapes) -> int:
    with project.workspace.database.reading() as session:
        return len(listing.page(session, project.project, model="v1", item=None, after=None, limit=1000).rows)


def test_texts_are_answered_from_the_store_when_asked_again(notes: Shapes, questions: list[str]) -> None:
    first = notes.run("predict", snapshot="s1")
    again = notes.run("predict", snapshot="s1")
    assert (first["items"], first["computed"], first["stored"]) == (NOTES, NOTES, 0)
    assert (again["items"], again["computed"], again["stored"]) == (NOTES, 0, NOTES)
    assert len(questions) == len(set(questions)) == NOTES
    assert [said(line) for line in lines(first)] == [said(line) for line in lines(again)]
    assert first["found"] == again["found"] == {"sea": NOTES // 2, "sky": NOTES // 2}


def test_pictures_are_answered_from_the_store_when_asked_again(
    shapes: Shapes, questions: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(predictions, "LEAST_SHOWN", 0.0)  # so short a training is sure of nothing
    monkeypatch.setattr(runtime, "LEAST_SCORE", 0.0)
    shapes.run("train", settings=TINY)
    questions.clear()
    first = shapes.run("predict", snapshot="s1")
    again = shapes.run("predict", snapshot="s1")
    assert (first["computed"], again["computed"], again["stored"]) == (40 - first["stored"], 0, 40)
    assert len(questions) == len(set(questions))
    assert [said(line) for line in lines(first)] == [said(line) for line in lines(again)]
    assert any(found["box"] for line in lines(first) for found in line["found"])


def test_a_process_killed_between_batches_loses_nothing_and_nothing_is_computed_twice(
    notes: Shapes, questions: list[str]
) -> None:
    with notes.workspace.database.transaction() as session:
        params = {"snapshot": "s1"}
        run_id = runs.ask(session, project_id=notes.project.id, kind="predict", params=params, now=NOW).id
    command = [sys.executable, "-c", KILLED, str(notes.workspace.home), run_id, notes.project.id]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    assert kept(notes) == 20
    done = body_of("predict")(Step(notes.workspace, run_id, notes.project.id, params, Quiet()))
    assert (done["computed"], done["stored"], len(questions), kept(notes)) == (20, 20, 20, NOTES)
    assert len({line["item"] for line in lines(done)}) == NOTES


def test_what_was_answered_before_a_stop_is_kept(
    notes: Shapes, questions: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class StopsAfterOneBatch(Quiet):
        told = False

        def tell(self, fraction: float, message: str, **numbers: Any) -> None:
            self.told |= "answered" in message

        def stopping(self) -> bool:
            return self.told

    monkeypatch.setattr(answers, "AT_ONCE", 10)
    with pytest.raises(Interrupted):
        notes.run("predict", StopsAfterOneBatch(), snapshot="s1")
    assert kept(notes) == 10
    assert notes.run("predict", snapshot="s1")["computed"] == NOTES - 10
    assert len(questions) == len(set(questions)) == NOTES


def test_an_item_named_twice_is_answered_once(notes: Shapes, questions: list[str]) -> None:
    [item, other] = [line["item"] for line in lines(notes.run("predict", snapshot="s1"))][:2]
    done = notes.run("predict", items=[item, other, item])
    assert done["items"] == 2
    assert [line["item"] for line in lines(done)] == [item, other]


def test_answers_are_written_a_batch_at_a_time(notes: Shapes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A million answers need no more memory than one batch: the first are on disk before the last are asked for."""
    sizes: list[int] = []
    real = answers._compute

    def noting(*given: Any) -> Any:
        sizes.append(sum(path.stat().st_size for path in (tmp_path / "out").iterdir()))
        return real(*given)

    (tmp_path / "out").mkdir()
    monkeypatch.setattr(answers, "AT_ONCE", 10)
    monkeypatch.setattr(answers, "_compute", noting)
    monkeypatch.setattr(Path, "open", lambda path, mode: open(path, mode, buffering=0))  # noqa: PTH123, SIM115
    notes.run("predict", snapshot="s1", output=str(tmp_path / "out" / "a.jsonl"))
    assert len(sizes) == 4 and sizes == sorted(set(sizes)) and sizes[0] == 0


def test_a_full_disk_is_said_and_leaves_no_half_file(
    notes: Shapes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_path: Path, _target: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    (tmp_path / "out").mkdir()
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", full)
        with pytest.raises(StorageFull, match="Free some space"):
            notes.run("predict", snapshot="s1", output=str(tmp_path / "out" / "a.jsonl"))
    assert list((tmp_path / "out").iterdir()) == []
    assert notes.run("predict", snapshot="s1", output=str(tmp_path / "out" / "a.jsonl"))["stored"] == NOTES
