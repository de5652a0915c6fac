"""Fingerprints are learned once, outside of the transaction that writes; an error of one request loses none."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from sabbatical.stages.ingest import queries as ingested
from sabbatical.stages.serve import queries
from tests.stages.serve.conftest import Served


def test_all_fingerprints_are_read_once_and_before_the_transaction(
    texts: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[tuple[int, bool]] = []
    real, fails = ingested.fingerprints, queries.add

    def noted(session: Session, project: str, kind: str, after: int, upto: int) -> Iterator[tuple[str, int, str]]:
        read.append((after, session.get_bind() is texts.made.workspace.database.engine))
        return real(session, project, kind, after, upto)

    def full(*given: Any) -> None:
        fails(*given)
        raise OperationalError("INSERT", {}, sqlite3.OperationalError("database or disk is full"))

    monkeypatch.setattr(ingested, "fingerprints", noted)
    texts.ask(text="a passing sea", keep=False)
    assert read == []
    texts.ask(text="the sea")
    with monkeypatch.context() as patched:
        patched.setattr(queries, "add", full)
        assert texts.post("predict", {"text": "the sky is high above"}).status_code == 507
    texts.ask(text="the sky")
    assert [writing for after, writing in read if after == 0] == [False]


def test_items_that_were_not_kept_are_forgotten_so_that_later_ones_are_placed_well(
    texts: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = "a wide and quiet sea of the north", "a wide and quiet sea of the north!"
    texts.ask(text="the sea")
    real = queries.add

    def full(*given: Any) -> None:
        real(*given)
        raise OperationalError("INSERT", {}, sqlite3.OperationalError("database or disk is full"))

    with monkeypatch.context() as patched:
        patched.setattr(queries, "add", full)
        asked = {"inputs": [{"text": first, "customer": "a"}, {"text": second, "customer": "b"}]}
        assert texts.post("predict/batch", asked).status_code == 507
    found = [texts.get(f"items/{texts.ask(text=text)['item']}") for text in (first, second)]
    assert found[0]["group"] == found[1]["group"]
