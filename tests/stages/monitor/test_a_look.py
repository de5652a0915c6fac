"""A look at traffic that was really served: what it is compared with, what it tells, and that it is made once."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
from PIL import Image

from sabbatical.core.errors import NotFound
from sabbatical.core.progress import Quiet
from sabbatical.durable.steps import Step, body_of
from sabbatical.report import drift_page
from sabbatical.schemas.monitor import DriftColumn, DriftReport, MonitorRequest, Share, Side
from sabbatical.stages.monitor import actions as monitor
from sabbatical.stages.monitor import telling
from sabbatical.stages.monitor.sides import LEAST
from sabbatical.storage.tables import DriftRow, FactsRow, ItemRow, RunRow
from tests.report.reading import read
from tests.stages.conftest import NOW
from tests.stages.predict.conftest import babble
from tests.stages.serve.conftest import Served
from tests.stages.train.shapes import TINY, Shapes

DICE = random.Random(1)


def ask_texts(served: Served, count: int, form: str, at: str = "2026-01-05T00:00:00Z") -> list[str]:
    inputs = [{"text": form.format(babble(DICE)), "captured_at": at} for _ in range(count)]
    answers = [served.post("predict/batch", {"inputs": inputs[i : i + 50]}).json() for i in range(0, count, 50)]
    return [one["item"] for answer in answers for one in answer["answers"]]


def look(served: Served, **asked: Any) -> dict[str, Any]:
    return served.made.run("monitor", model="v1", **asked)


def report_of(served: Served) -> DriftReport:
    return DriftReport.model_validate_json(monitor.report(served.made.workspace, served.made.project))


def test_newest_answers_are_compared_with_the_first_ones(texts: Served) -> None:
    ask_texts(texts, 40, "the sea and the {}")
    ask_texts(texts, 40, "nothing that it knows of, only many more words of another kind: {}", "2026-02-05T00:00:00Z")
    result = look(texts, reference=40, window=40)
    assert (result["drift"], result["drifted"]) == ("d1", True)
    found = report_of(texts)
    assert (found.reference.source, found.reference.items, found.window.items) == ("served", 40, 40)
    drifted = {column.name for column in found.columns if column.drifted}
    assert drifted >= {"characters", "words", "vocabulary", "top score"}
    assert {one.slice for one in found.drifts()} == drifted
    assert all(one.window == "d1" and one.p_value < found.sure for one in found.drifts())
    assert found.sentences[0] == result["message"]


def test_the_same_kind_of_answers_is_silent(texts: Served) -> None:
    ask_texts(texts, 80, "the sea and the {}")
    assert look(texts, reference=40, window=40)["drifted"] is False
    assert report_of(texts).drifts() == []


def test_first_answers_are_compared_with_items_of_the_snapshot(texts: Served) -> None:
    ask_texts(texts, 30, "the sky is {}")
    look(texts, window=30)
    found = report_of(texts)
    assert (found.reference.source, found.reference.items) == ("snapshot", 40)
    columns = {column.name: column for column in found.columns}
    assert columns["words"].groups[0] == 40
    with texts.made.workspace.database.reading() as session:
        unseen = session.query(ItemRow).filter_by(split="validation").filter(ItemRow.source != "traffic").count()
    answered = columns["top score"].groups[0] if "top score" in columns else 0  # the split may have left nothing unseen
    assert answered == unseen < 40  # of what it learned from, a model is too sure


def test_too_few_answers_make_no_look_and_say_so_and_what_to_do(texts: Served) -> None:
    items = ask_texts(texts, 5, "the sky is {}")
    result = look(texts)
    assert (result["drift"], result["drifted"]) == (None, False)
    assert result["message"] == "v1 has answered 5 new items; a look takes at least 20."
    assert result["hint"].startswith("It takes 15 more answers to inputs that are kept")
    assert look(texts, items=items)["hint"] == "Name 15 more items at least."
    with texts.made.workspace.database.reading() as session:
        assert monitor.latest(session, texts.made.project) is None


@pytest.mark.parametrize(
    ("answers", "expected"),
    [(40, "Compare with its own first answers: `"), (25, "Wait until it has answered 40 inputs (25 so far)")],
)
def test_too_few_items_to_compare_with_name_windows_that_are_possible(answers: int, expected: str) -> None:
    hint = telling.what_to_do(12, LEAST, "reference", answers, named=False)
    assert hint.startswith(expected) and "--reference 20 --window 20`" in hint
    assert MonitorRequest(reference=20, window=20)


def test_how_many_answers_ask_a_person_is_told_as_that() -> None:
    shares = [Share(value="sure", before=0.9, after=0.5), Share(value="unsure", before=0.1, after=0.5)]
    unsure = DriftColumn(
        name="unsure",
        kind="category",
        about="answer",
        test="chi2",
        effect=0.8,
        p_value=0.001,
        drifted=True,
        shares=shares,
    )
    side = Side(source="served", items=40, groups=40)
    told = telling.sentences(
        DriftReport(
            name="d1",
            project="p",
            model="v1",
            task="text",
            created_at=NOW,
            drifted=True,
            sentences=[],
            reference=side,
            window=side,
            sure=0.01,
            effect=0.2,
            columns=[unsure],
        )
    )
    assert told[1] == "answers that ask a person: from 10% to 50% (effect 0.80)."


def test_items_are_compared_with_items(texts: Served) -> None:
    same, other = ask_texts(texts, 30, "the sea and the {}"), ask_texts(texts, 30, "a quite different opening: {}")
    look(texts, items=other, against=same)
    found = report_of(texts)
    assert (found.reference.source, found.window.source, found.drifted) == ("items", "items", True)
    with pytest.raises(NotFound, match="1 of 2 items are not in the project"):
        look(texts, items=[same[0], "0" * 32])


def test_a_run_that_was_killed_after_its_look_finds_it(texts: Served) -> None:
    ask_texts(texts, 60, "the sea and the {}")
    workspace, project = texts.made.workspace, texts.made.project
    step = Step(workspace, "run_1", project.id, {"model": "v1", "reference": 30, "window": 30}, Quiet())
    assert body_of("monitor")(step) == body_of("monitor")(step)
    with workspace.database.reading() as session:
        assert session.query(DriftRow).count() == 1


def test_pictures_are_measured_once_and_the_dark_ones_noticed(shapes: Shapes) -> None:
    shapes.run("train", settings=TINY)
    workspace, project = shapes.workspace, shapes.project
    known, dark = (take(shapes, name, seed, light) for name, seed, light in (("known", 7, 1.0), ("dark", 8, 0.25)))
    assert shapes.run("monitor", model="v1", items=known[:30], against=known[30:])["drifted"] is False
    assert shapes.run("monitor", model="v1", items=dark[:30], against=known[30:])["drifted"] is True
    with workspace.database.reading() as session:
        assert session.query(FactsRow).count() == 90
    found = DriftReport.model_validate_json(monitor.report(workspace, project))
    (brightness,) = [column for column in found.columns if column.name == "brightness"]
    assert brightness.drifted
    assert brightness.before is not None
    assert brightness.after == pytest.approx(brightness.before / 4, rel=0.2)
    page = monitor.html(workspace, project).decode()
    assert "brightness" in page
    assert page.count("data:image/") >= 6


def take(shapes: Shapes, name: str, seed: int, light: float) -> list[str]:
    """Sixty pictures, stored without labels."""
    file = shapes.write(name, "Box", 60, seed)
    for path in (file.parent / "images").iterdir():
        with Image.open(path) as image:
            dimmed_hwc = (np.asarray(image) * light).astype(np.uint8)
        Image.fromarray(dimmed_hwc).save(path)
    shapes.run("predict", model="v1", source=str(file))
    with shapes.workspace.database.reading() as session:
        return [item for item, of in session.query(ItemRow.id, ItemRow.name) if of.startswith(f"images/{name}")]


def test_looks_are_read_over_http(texts: Served) -> None:
    ask_texts(texts, 60, "the sea and the {}")
    look(texts, reference=30, window=30)
    look(texts, reference=20, window=30)
    (newest, first), record = texts.get("drift")["rows"], texts.get("drift/d1")
    assert (newest["name"], first) == ("d2", record)
    assert texts.get("drift", limit=1)["next"] == "2"
    assert texts.get("drift/newest")["name"] == "d2"
    assert DriftReport.model_validate(texts.get("drift/d1/report")).name == "d1"
    page = texts.http.get("/v1/projects/notes/drift/d1/page")
    assert "sandbox" in page.headers["Content-Security-Policy"]
    assert "drifted" in page.text
    missing = texts.http.get("/v1/projects/notes/drift/d9")
    assert missing.status_code == 404
    asked = texts.post("drift", {"window": 30})
    assert (asked.status_code, asked.json()["kind"], asked.json()["params"]["model"]) == (202, "monitor", "v1")
    assert texts.post("drift", {"window": 3}).status_code == 400


@pytest.mark.parametrize("field", ["items", "against"])
def test_more_items_than_a_look_takes_are_refused_by_their_field_and_nothing_is_kept(texts: Served, field: str) -> None:
    for many, message in ((["0" * 32] * 2001, "at most 2000 items"), (["0" * 65] * 20, "at most 64 characters")):
        refused = texts.post("drift", {field: many})
        assert refused.status_code == 400
        error = refused.json()["error"]
        assert message in error["message"] and field in error["where"]
    with texts.made.workspace.database.reading() as session:
        assert session.query(RunRow).filter_by(kind="monitor").count() == 0
    assert texts.post("drift", {field: ["0" * 32] * 2000}).status_code == 202


def test_an_item_that_is_named_twice_is_looked_at_once(texts: Served) -> None:
    items = ask_texts(texts, 40, "the sea and the {}")
    look(texts, items=items[:20] * 2, against=items[20:] * 3)
    found = report_of(texts)
    assert (found.window.items, found.reference.items) == (20, 20)


def test_a_page_runs_nothing_and_fetches_nothing_whatever_strangers_wrote(texts: Served) -> None:
    ask_texts(texts, 30, "<script>alert(1)</script> {}")
    ask_texts(texts, 30, "<img src=//evil.example/x> and a few more words {}")
    look(texts, reference=30, window=30)
    found = report_of(texts)
    hostile = found.model_copy(update={"project": "<script>x</script>", "model": "</style><b>"})
    page = drift_page(hostile, ["t"], ["t"], texts={"t": "</p><script>alert(2)</script>"})
    told = read(page)
    assert "<script" not in page
    assert all(address.startswith(("#", "data:image/")) for address in told.addresses)
