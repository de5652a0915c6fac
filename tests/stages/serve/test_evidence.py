"""What traffic shows is counted in an index over the whole stage, and sampled where answers have to be read."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event

from sabbatical.schemas.policy import Stage
from sabbatical.schemas.release import Evidence
from sabbatical.stages.release import actions as releases
from sabbatical.stages.serve import actions as serve
from sabbatical.stages.serve import evidence as evidences
from sabbatical.storage.tables import ModelRow, ServedRow
from tests.stages.conftest import NOW
from tests.stages.serve.conftest import Served
from tests.stages.serve.test_arms import warm


def seen(served: Served) -> Evidence:
    with served.made.workspace.database.reading() as session:
        found = serve.evidence(session, releases.get(session, served.made.project, None), agreement=True)
    assert found is not None
    return found


def fill(served: Served, release_id: str, many: int, begin: datetime) -> list[dict[str, Any]]:
    """Answers of both arms; every seventh failed, every third is unsure."""
    rows = []
    for number in range(many):
        failed = number % 7 == 0
        ours = number % 2 == 1
        row = {
            "id": f"prd_{begin.timestamp():.0f}_{number}", "project_id": served.made.project.id, "request": "req",
            "release_id": release_id, "model_id": served.model("v2" if ours else "v1").id,
            "arm": "canary" if ours else "champion", "unit": f"camera {number % 6}", "item_id": f"item {number}",
            "kept": False, "sure": not failed and number % 3 > 0, "payload": b"", "failure": "x" if failed else None,
            "latency_ms": 8.0 + number % 5, "batch": 4, "created_at": begin + timedelta(seconds=number),
        }  # fmt: skip
        rows.append(row)
    with served.made.workspace.database.transaction() as session:
        session.add_all([ServedRow(**row) for row in rows])
    return rows


def test_counts_are_of_the_whole_stage_and_of_nothing_before(texts: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidences, "NEWEST", 50)
    monkeypatch.setattr(evidences, "COMPARED", 0)
    release = texts.release(texts.model("v2"), "canary", share=0.5)
    fill(texts, release.id, 90, NOW - timedelta(hours=1))
    rows = fill(texts, release.id, 400, NOW)
    found = seen(texts)
    for arm, name in ((found.champion, "champion"), (found.challenger, "canary")):
        own = [row for row in rows if row["arm"] == name]
        assert arm.requests == len(own)
        assert arm.failures == sum(row["failure"] is not None for row in own)
        assert arm.unsure == sum(row["failure"] is None and not row["sure"] for row in own)
        newest = [row for row in own if row["failure"] is None][-50:]
        assert arm.units == len({row["unit"] for row in newest}) == 3
        assert arm.median_ms == 10.0 and arm.each_ms == 2.5
    assert found.units == 6


def test_every_question_about_a_stage_goes_through_its_index(texts: Served) -> None:
    release = texts.release(texts.model("v2"), "canary", share=0.5)
    fill(texts, release.id, 20, NOW)
    asked: list[tuple[str, Any]] = []
    engine = texts.made.workspace.database.engine

    def note(_c: Any, _cursor: Any, statement: str, values: Any, _context: Any, _many: bool) -> None:
        if "FROM served" in statement or "FROM feedback" in statement:
            asked.append((statement, values))

    event.listen(engine, "before_cursor_execute", note)
    seen(texts)
    event.remove(engine, "before_cursor_execute", note)
    assert len(asked) == 7
    with engine.connect() as connection:
        for statement, values in asked:
            plan = " ".join(str(row) for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values))
            if "feedback" in statement:
                assert "INDEX ix_feedback_project_id_created_at" in plan and "SCAN feedback" not in plan, plan
                continue
            index = (
                "failed"
                if "count" in statement and "failure IS NOT NULL" in statement
                else "project_id_release_id_arm_created_at_sure"
            )
            assert f"INDEX ix_served_{index}" in plan, (statement, plan)
            assert "created_at>?" in plan and "USE TEMP B-TREE FOR ORDER BY" not in plan, plan


def test_traffic_is_looked_at_before_the_transaction_that_others_wait_for(
    texts: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the evidence of an advance is gathered, answers are written down."""
    release = texts.release(texts.model("v2"), "canary", share=1e-9)
    warm(texts, "v1", "v2")
    real = serve.evidence
    written: list[Any] = []

    def slow(*place: Any, **more: Any) -> Evidence | None:
        with ThreadPoolExecutor(1) as other:
            written.append(other.submit(texts.ask, text="the sea").result(20)["id"])
        return real(*place, **more)

    monkeypatch.setattr(serve, "evidence", slow)
    answer = texts.post(f"releases/{release.id}/advance", {"stage": "canary", "anyway": True})
    assert answer.status_code == 200 and answer.json()["stage"] == "full"
    assert written and written[0] in {row.id for row in texts.rows()}


def test_an_identical_model_under_many_clients_is_not_refused_for_its_pace(texts: Served) -> None:
    first = texts.model("v2")
    with texts.made.workspace.database.transaction() as session:
        row = session.get(ModelRow, first.id)
        assert row is not None
        facts = {one.name: getattr(row, one.name) for one in ModelRow.__table__.columns}
        session.add(ModelRow(**facts | {"id": "mod_twin", "number": 3}))
    texts.champion(first)
    texts.release(texts.model("v3"), "canary", share=0.1)
    warm(texts, "v2", "v3")
    with ThreadPoolExecutor(64) as clients:
        texts_asked = [(f"the sea {number} " * 40, f"user {number}") for number in range(900)]
        arms = Counter(clients.map(lambda asked: texts.ask(text=asked[0], unit=asked[1])["arm"], texts_asked))
    assert arms["canary"] > 50
    found = seen(texts)
    assert found.challenger.requests >= 50 and {one.batch for one in texts.rows()} > {1}
    said = {one.gate: one.verdict for one in releases.judge(Stage(stage="canary"), found)}
    assert set(said.values()) == {"passed"}, releases.judge(Stage(stage="canary"), found)
