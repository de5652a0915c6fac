"""What is answered is on record before the answer goes out; a full disk is said, and nothing is half written."""

from __future__ import annotations

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from sabbatical.core.errors import StorageFull, Unavailable
from sabbatical.stages.serve import queries, recorder
from sabbatical.stages.serve.recorder import Entry
from sabbatical.storage.tables import ItemRow
from tests.stages.serve.conftest import Served, picture


def counts(served: Served) -> tuple[int, int]:
    with served.made.workspace.database.reading() as session:
        items = session.query(ItemRow).filter(ItemRow.source == "traffic").count()
    return len(served.rows()), items


def test_requests_that_come_together_are_written_together(texts: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    texts.ask(text="the sea")
    transactions: list[int] = []
    real = queries.add
    begun, goes_on = threading.Event(), threading.Event()

    def noted(session: Any, rows: list[dict[str, Any]]) -> None:
        transactions.append(len(rows))
        begun.set()
        assert goes_on.wait(20)
        real(session, rows)

    monkeypatch.setattr(queries, "add", noted)
    with ThreadPoolExecutor(8) as pool:
        first = pool.submit(texts.ask, text="the sea 0")
        assert begun.wait(20)
        rest = [pool.submit(texts.ask, text=f"the sea {number}") for number in range(1, 7)]
        while texts.online._recorder._waiting.qsize() < len(rest):
            pass
        assert not first.done()
        goes_on.set()
        ids = {future.result()["id"] for future in (first, *rest)}
    assert transactions == [1, 6]
    assert ids <= {row.id for row in texts.rows()} and counts(texts) == (8, 8)


def test_a_full_disk_is_said_and_nothing_is_half_written(texts: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    before = texts.ask(text="the sea")
    full = OperationalError("INSERT", {}, sqlite3.OperationalError("database or disk is full"))

    def fails(*_: Any) -> None:
        raise full

    with monkeypatch.context() as patched:
        patched.setattr(queries, "add", fails)
        answer = texts.post("predict", {"text": "the sky"})
    assert answer.status_code == 507 and "disk is full" in answer.json()["error"]["message"]
    assert counts(texts) == (1, 1) and texts.rows()[0].id == before["id"]
    assert texts.ask(text="the sky")["found"][0]["label"] == "sky"
    assert counts(texts) == (2, 2)


def test_no_room_for_the_image_is_said_before_anything_is_written(
    images: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any) -> None:
        raise StorageFull("The disk of the media store is full; nothing was half written.")

    monkeypatch.setattr(type(images.made.workspace.media), "put", fails)
    answer = images.http.post("/v1/projects/shapes/predict", content=picture(), headers={"Content-Type": "image/jpeg"})
    assert answer.status_code == 507
    assert counts(images) == (0, 0)


def test_one_that_cannot_be_written_takes_no_other_with_it(texts: Served) -> None:
    good, bad = (row_like(texts, number) for number in (1, 2))
    bad["model_id"] = None
    held = recorder.Recorder(texts.made.workspace)
    entries = [Entry(texts.made.project, [], [row]) for row in (good, bad)]
    held._write_all(entries)
    entries[0].done.result()
    with pytest.raises(Exception, match="NOT NULL"):
        entries[1].done.result()
    assert [row.id for row in texts.rows()[1:]] == [good["id"]]


def test_what_a_busy_database_keeps_from_all_is_not_tried_for_each(
    texts: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[int] = []

    def busy(_session: Any, rows: list[dict[str, Any]]) -> None:
        tried.append(len(rows))
        raise OperationalError("INSERT", {}, sqlite3.OperationalError("database is locked"))

    held = recorder.Recorder(texts.made.workspace)
    entries = [Entry(texts.made.project, [], [row_like(texts, number)]) for number in range(5)]
    monkeypatch.setattr(queries, "add", busy)
    held._write_all(entries)
    assert tried == [5]
    for entry in entries:
        with pytest.raises(Unavailable):
            entry.done.result(0)


def row_like(texts: Served, number: int) -> dict[str, Any]:
    if not texts.rows():
        texts.ask(text="the sea")
    row = texts.rows()[0]
    names = [column.key for column in row.__table__.columns if column.key != "seq"]
    return {name: getattr(row, name) for name in names} | {"id": f"prd_{number}"}


def test_what_waits_is_written_before_it_closes_and_later_ones_are_told(texts: Served) -> None:
    row = row_like(texts, 1)
    held = recorder.Recorder(texts.made.workspace)
    done = held.add(Entry(texts.made.project, [], [row]))
    held.close()
    done.result(0)
    assert texts.rows()[-1].id == "prd_1"
    with pytest.raises(Unavailable, match="stopping"):
        held.add(Entry(texts.made.project, [], [row]))


def test_traffic_that_nearly_equals_an_item_goes_to_its_split(texts: Served) -> None:
    there = texts.get("items", split="validation", limit=1)["rows"][0]
    texts.ask(text=f"{there['text'].upper()}!")
    (row,) = texts.rows()
    came = texts.get(f"items/{row.item_id}")
    assert came["id"] != there["id"]
    assert (came["group"], came["split"]) == (there["group"], "validation")
