"""The reference of a look is the first answers of the model, whatever is kept, repeated or asked for at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError
from sqlalchemy import event, insert, text

from sabbatical.schemas.monitor import MonitorRequest
from sabbatical.schemas.policy import MOST_COMPARED, Policy, Watching
from sabbatical.stages.monitor import queries, sides
from sabbatical.stages.monitor.sides import Choosing, Sides
from sabbatical.stages.train.actions import Answer
from sabbatical.storage.tables import ServedRow
from tests.stages.conftest import NOW
from tests.stages.serve.conftest import Served

MOST_LATER = 40
SAID = Answer(np.arange(2), np.array([0.9, 0.1], np.float32), np.zeros((0, 4), np.float32)).to_bytes()


@dataclass
class Stream:
    """Answers as they were recorded, one a second."""

    served: Served
    sent: int = 0

    def send(self, items: Iterable[str], *, kept: bool = True, **more: Any) -> None:
        model = self.served.model("v1")
        rows = [self._row(item, kept, model.id) | more for item in items]
        with self.served.made.workspace.database.transaction() as session:
            session.execute(insert(ServedRow), rows)

    def _row(self, item: str, kept: bool, model: str) -> dict[str, Any]:
        self.sent += 1
        return {
            "id": f"prd_{self.sent}",
            "project_id": self.served.made.project.id,
            "request": f"req_{self.sent}",
            "model_id": model,
            "arm": "canary" if self.sent % 3 == 0 else "champion",
            "unit": "camera",
            "item_id": item,
            "kept": kept,
            "sure": True,
            "latency_ms": 1.0,
            "created_at": NOW + timedelta(seconds=self.sent),
            "payload": SAID,
        }

    def sides(self, window: int = 20, reference: int = 20) -> Sides:
        made, asked = self.served.made, MonitorRequest(window=window, reference=reference)
        return Choosing(made.workspace, made.project, self.served.model("v1"), asked).sides()

    def compared(self, **asked: int) -> tuple[str, list[str], list[str]]:
        found = self.sides(**asked)
        return found.source, [one.item_id for one in found.reference], [one.item_id for one in found.window]


@pytest.fixture
def stream(texts: Served, monkeypatch: pytest.MonkeyPatch) -> Stream:
    """What thousands of answers would show, hundreds do."""
    monkeypatch.setattr(sides, "MOST_LATER", MOST_LATER)
    return Stream(texts)


def named(name: str, count: int) -> list[str]:
    return [f"{name}-{number}" for number in range(count)]


def test_the_reference_is_the_first_kept_answers_and_stays_though_the_first_of_all_were_not_kept(
    stream: Stream,
) -> None:
    stream.send(named("unkept", 50), kept=False)
    first, slow = named("first", 20), named("slow", 90)
    stream.send(first)
    for came in (30, 60, 90):
        stream.send(slow[came - 30 : came])
        stream.send(named(f"between {came}", 15), kept=False)
        assert stream.compared() == ("served", first, slow[came - 20 : came])


def test_where_one_answer_in_twenty_is_kept_reference_and_window_are_reached(stream: Stream) -> None:
    kept = named("kept", 60)
    for item in kept:
        stream.send([item])
        stream.send(named(f"beside {item}", 19), kept=False)
    assert stream.compared() == ("served", kept[:20], kept[-20:])
    assert [one.item_id for one in stream.sides().later] == kept[20:40]


def test_an_item_that_repeats_counts_once_and_takes_no_place_of_others(stream: Stream) -> None:
    own = named("own", 60)
    for item in own:
        stream.send(["health check", item, "health check"])
    source, reference, window = stream.compared()
    assert (source, reference) == ("served", ["health check", *own[:19]])
    assert window == own[-20:]
    late = [*own, "echo"]
    stream.send(["echo"] * 30)  # it came after the reference: once in the window, at its newest answer
    assert stream.compared() == ("served", reference, late[-20:])


def test_a_window_larger_than_what_is_told_by_month_is_compared_with_the_first_answers_too(stream: Stream) -> None:
    first, after = named("first", 20), named("after", MOST_LATER + 30)
    stream.send([*first, *after])
    source, reference, window = stream.compared(window=MOST_LATER + 10)
    assert (source, reference, window) == ("served", first, after[20:])


def test_what_a_model_failed_to_answer_and_what_nobody_saw_is_not_compared(stream: Stream) -> None:
    stream.send(named("failed", 20), failure="broken")
    stream.send(named("shadow", 20), arm="shadow")
    shown = named("shown", 40)
    stream.send(shown)
    assert stream.compared() == ("served", shown[:20], shown[20:])


def test_before_a_whole_window_came_after_them_the_first_answers_are_no_reference(stream: Stream) -> None:
    seen = named("seen", 39)
    stream.send(seen)
    source, _, window = stream.compared()
    assert (source, window) == ("snapshot", seen[-20:])
    stream.send(["one more"])
    assert stream.compared() == ("served", seen[:20], [*seen[20:], "one more"])


def test_answers_are_read_in_the_order_of_an_index_and_never_sorted(stream: Stream) -> None:
    database, asked = stream.served.made.workspace.database, []
    event.listen(database.engine, "before_cursor_execute", lambda *said: asked.append((said[2], said[3])))
    with database.reading() as session:
        for newest in (False, True):
            queries.answers(session, "p", "m", 200, newest=newest)
        for statement, values in [pair for pair in asked if "UNION" in pair[0]]:
            plan = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
            told = "\n".join(row[3] for row in plan)
            assert told.count("SEARCH served USING INDEX ix_served_project_id_model_id_arm_seq") == 3
            assert "TEMP B-TREE" not in told
        assert session.scalar(text("SELECT 1")) == 1
    assert len([pair for pair in asked if "UNION" in pair[0]]) >= 2


@pytest.mark.parametrize("field", ["window", "reference"])
def test_more_than_can_be_compared_at_once_is_refused_by_its_field(field: str) -> None:
    for kind, document in ((Policy, {"watch": {field: MOST_COMPARED + 1}}), (MonitorRequest, {field: 10**9})):
        with pytest.raises(ValidationError, match="less than or equal to 10000") as caught:
            kind.model_validate(document)
        assert caught.value.errors()[0]["loc"][-1] == field
    assert Watching.model_validate({field: MOST_COMPARED})
