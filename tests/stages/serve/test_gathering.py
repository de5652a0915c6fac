"""Requests that wait for a model are answered together, each its own, and one that cannot be fails alone."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from sabbatical.core.errors import BadFile
from sabbatical.stages.serve.gathering import Gathering
from sabbatical.stages.train.actions import Answer, Question
from tests.durable.conftest import until


class Echo:
    """Answers with the length of each text, when it is let; knows its batches and how many ran at one time."""

    batch = 4

    def __init__(self) -> None:
        self.batches: list[int] = []
        self.goes_on = threading.Event()
        self.now = self.most = 0
        self._lock = threading.Lock()

    def __call__(self, questions: Sequence[Question]) -> list[Answer]:
        with self._lock:
            self.batches.append(len(questions))
            self.now += 1
            self.most = max(self.most, self.now)
        assert self.goes_on.wait(20)
        with self._lock:
            self.now -= 1
        if any(question.text == "bad" for question in questions):
            raise BadFile("It is damaged.")
        return [
            Answer(np.array([len(one.text or "")]), np.ones(1, np.float32), np.zeros((0, 4), np.float32))
            for one in questions
        ]


def length(found: tuple[list[Answer], float]) -> list[int]:
    return [int(answer.classes_n[0]) for answer in found[0]]


def ask(gathering: Gathering, *texts: str) -> list[int]:
    return length(gathering([Question(text, text=text) for text in texts]))


def test_what_waits_is_one_batch_and_each_gets_its_own() -> None:
    model = Echo()
    gathering = Gathering(model, width=1)
    with ThreadPoolExecutor(8) as pool:
        first = pool.submit(ask, gathering, "a")
        until(lambda: model.batches == [1], "the first batch")
        rest = [pool.submit(ask, gathering, "b" * number) for number in range(2, 7)]
        pair = pool.submit(ask, gathering, "b" * 10, "b" * 11)
        until(lambda: len(gathering._waiting) == 6, "six that wait")
        model.goes_on.set()
        assert first.result() == [1]
        assert [one.result() for one in rest] == [[number] for number in range(2, 7)]
        assert pair.result() == [10, 11]
    assert sum(model.batches) == 8 and max(model.batches) <= 4 and len(model.batches) <= 4
    assert model.most == 1


def test_no_more_batches_run_at_one_time_than_are_allowed() -> None:
    model = Echo()
    model.batch = 1
    gathering = Gathering(model, width=2)
    with ThreadPoolExecutor(6) as pool:
        asked = [pool.submit(ask, gathering, "a" * number) for number in range(1, 7)]
        until(lambda: model.now == 2, "two at one time")
        model.goes_on.set()
        assert [one.result() for one in asked] == [[number] for number in range(1, 7)]
    assert model.most == 2


def test_one_that_cannot_be_answered_fails_alone() -> None:
    model = Echo()
    gathering = Gathering(model, width=1)
    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(ask, gathering, "a")
        until(lambda: model.batches == [1], "the first batch")
        good, bad, other = (pool.submit(ask, gathering, text) for text in ("good", "bad", "other"))
        until(lambda: len(gathering._waiting) == 3, "three that wait")
        model.goes_on.set()
        assert (first.result(), good.result(), other.result()) == ([1], [4], [5])
        with pytest.raises(BadFile, match="damaged"):
            bad.result()
    assert ask(gathering, "and on it goes") == [14]


def test_who_has_an_answer_waits_for_no_batch_of_others() -> None:
    model = Echo()
    model.batch = 2
    gathering = Gathering(model, width=1)
    with ThreadPoolExecutor(8) as pool:
        first = pool.submit(ask, gathering, "a")
        until(lambda: model.batches == [1], "the first batch")
        asked = []
        for number in range(2, 6):
            asked.append(pool.submit(ask, gathering, "b" * number))
            until(lambda: len(gathering._waiting) == number - 1, "one more that waits")  # noqa: B023 - at once
        real = model.goes_on
        model.goes_on = threading.Event()
        real.set()
        until(lambda: model.batches == [1, 2], "the second batch")
        second, model.goes_on = model.goes_on, threading.Event()
        second.set()
        assert [one.result(20) for one in (first, *asked[:2])] == [[1], [2], [3]]
        until(lambda: model.batches == [1, 2, 2], "the third batch, which is held")
        assert not any(one.done() for one in asked[2:])
        model.goes_on.set()
        assert [one.result(20) for one in asked[2:]] == [[4], [5]]
