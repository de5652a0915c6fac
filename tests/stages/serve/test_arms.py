"""All of a unit goes to one model; a challenger that fails costs nobody an answer; in the shadow nobody sees it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

from sabbatical.learning.text.linear import LinearModel
from sabbatical.schemas.release import Challenger, Routing
from sabbatical.schemas.train import ModelVersion
from sabbatical.stages.release import actions as releases
from sabbatical.stages.serve import actions as serve
from sabbatical.stages.serve import engines
from sabbatical.stages.serve.arms import arm_of, place_of
from sabbatical.stages.train import actions as models
from sabbatical.stages.train.actions import Model
from sabbatical.storage.tables import ServedRow
from sabbatical.storage.workspace import Workspace
from tests.stages.serve.conftest import Served


def routed(share: float, stage: str = "canary", salt: str = "s", by_item: bool = False) -> Routing:
    values = {"release_id": "r", "model_id": "m", "stage": stage, "share": share, "salt": salt, "by_item": by_item}
    return Routing(champion_id="c", release=Challenger.model_validate(values))


def until(done: Callable[[], bool], seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.02)


def warm(served: Served, *names: str) -> None:
    """Ask until these models are in memory."""
    until(lambda: bool(served.ask(text="the sea", record=False)) and set(names) <= set(served.get("serving")["warm"]))


def broken(*_: object) -> NoReturn:
    raise RuntimeError("it has no idea")


def test_the_share_of_units_is_that_of_the_release_and_grows_without_moving_any() -> None:
    units = [f"camera {number}" for number in range(4000)]
    small = {unit for unit in units if arm_of(routed(0.1), unit, "i") == "canary"}
    large = {unit for unit in units if arm_of(routed(0.5, "ab"), unit, "i") == "ab"}
    assert small < large
    assert 0.08 < len(small) / len(units) < 0.12 and 0.47 < len(large) / len(units) < 0.53
    assert (
        abs(sum(place_of("s", unit) < 0.5 and place_of("t", unit) < 0.5 for unit in units) / len(units) - 0.25) < 0.03
    )
    assert {arm_of(routed(0.5, "shadow"), unit, "i") for unit in units} == {"champion"}


def test_of_three_cameras_a_tenth_of_the_requests_goes_to_the_canary_in_every_release() -> None:
    items = [(f"camera {number % 3}", f"item {number}") for number in range(3000)]
    shares, idle = [], 0
    for release in range(100):
        here, by_unit = routed(0.1, salt=f"rel_{release}", by_item=True), routed(0.1, salt=f"rel_{release}")
        shares.append(sum(arm_of(here, *item) == "canary" for item in items) / len(items))
        idle += all(arm_of(by_unit, *item) == "champion" for item in items[:3])
    assert min(shares) > 0.07 and max(shares) < 0.13
    assert 55 < idle < 90  # of 100 releases would have had no camera in the canary
    assert arm_of(here, *items[7]) == arm_of(here, *items[7])


def test_a_canary_answers_its_units_and_the_champion_the_others(texts: Served) -> None:
    release = texts.release(texts.model("v2"), "canary", share=0.4)
    warm(texts, "v1", "v2")
    units = [f"user {number}" for number in range(30)]
    answering = {unit: {texts.ask(text=f"the sea {n}", unit=unit)["model"] for n in range(2)} for unit in units}
    expected = {unit: {"v2" if place_of(release.id, unit) < 0.4 else "v1"} for unit in units}
    assert answering == expected
    rows = texts.rows()
    assert {(row.arm, row.model_id) for row in rows} == {
        ("champion", texts.model("v1").id),
        ("canary", texts.model("v2").id),
    }
    assert {row.release_id for row in rows} == {release.id}


def test_a_challenger_that_fails_is_on_record_and_the_champion_answers(
    texts: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts.release(texts.model("v2"), "canary", share=0.999999)
    warm(texts, "v1", "v2")
    monkeypatch.setattr(LinearModel, "predict", broken)  # v2 is one, v1 is not
    found = texts.ask(text="the sea", unit="anna")
    assert found["model"] == "v1" and found["arm"] == "champion"
    failed, answered = texts.rows()
    assert (failed.arm, failed.failure, failed.payload) == ("canary", "RuntimeError: it has no idea", b"")
    assert answered.id == found["id"] and answered.failure is None
    with texts.made.workspace.database.reading() as session:
        evidence = serve.evidence(session, releases.get(session, texts.made.project, None), agreement=True)
    assert evidence is not None
    assert (evidence.challenger.requests, evidence.challenger.failures, evidence.champion.failures) == (1, 1, 0)


def test_a_damaged_challenger_is_on_record_and_the_champion_answers(texts: Served) -> None:
    media = texts.made.workspace.media
    weights = Path(media.path(texts.model("v2").weights))
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    texts.release(texts.model("v2"), "ab", share=0.999999)
    until(lambda: texts.ask(text="the sea")["model"] == "v1" and len(texts.get("serving")["refused"]) == 1)
    assert texts.ask(text="the sea")["model"] == "v1"
    failed = [row for row in texts.rows() if row.failure]
    assert failed and all(row.arm == "ab" and "damaged" in str(row.failure) for row in failed)
    assert "damaged" in texts.get("serving")["refused"][0]["reason"]


def shadowed(served: Served) -> list[ServedRow]:
    return [row for row in served.rows() if row.arm == "shadow"]


def test_in_the_shadow_the_challenger_answers_too_and_nobody_gets_it(texts: Served) -> None:
    texts.release(texts.model("v2"), "shadow")
    asked = [texts.ask(text=f"the {word} {n}") for n in range(5) for word in ("sea", "sky")]
    assert {(one["model"], one["arm"]) for one in asked} == {("v1", "champion")}
    until(lambda: len(shadowed(texts)) == 10)
    assert {row.model_id for row in shadowed(texts)} == {texts.model("v2").id}
    assert {row.item_id for row in shadowed(texts)} == {one["item"] for one in asked}
    with texts.made.workspace.database.reading() as session:
        evidence = serve.evidence(session, releases.get(session, texts.made.project, None), agreement=True)
    assert evidence is not None and evidence.champion.requests == evidence.challenger.requests == 10
    assert evidence.compared == 10 and 0 <= evidence.agreed <= 10
    assert evidence.challenger.median_ms is not None and evidence.challenger.p95_ms is not None


def test_a_shadow_that_fails_or_is_slow_delays_nothing(texts: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    texts.release(texts.model("v2"), "shadow")
    monkeypatch.setattr("sabbatical.stages.serve.cast.Cast.shadow", broken)
    assert texts.ask(text="the sea")["arm"] == "champion"
    until(lambda: len(shadowed(texts)) == 1)
    assert shadowed(texts)[0].failure == "RuntimeError: it has no idea"


def test_a_model_that_was_moved_in_this_process_answers_at_once(texts: Served) -> None:
    texts.release(texts.model("v2"), "canary", share=1e-9)
    warm(texts, "v1", "v2")
    for name in ("v2", "v1", "v2"):
        texts.champion(texts.model(name))
        assert texts.ask(text="the sea")["model"] == name


def test_a_model_that_was_moved_elsewhere_answers_soon(texts: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    texts.release(texts.model("v2"), "canary", share=1e-9)
    warm(texts, "v1", "v2")
    monkeypatch.setattr(texts.online, "changed", lambda: None)
    texts.champion(texts.model("v2"))
    began = time.monotonic()
    until(lambda: texts.ask(text="the sea")["model"] == "v2")
    assert time.monotonic() - began < 5


def test_while_a_new_champion_is_loaded_the_old_one_answers(texts: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    texts.ask(text="the sea")
    real, allowed = models.load_engine, threading.Event()

    def slow(workspace: Workspace, model: ModelVersion, threads: int) -> Model:
        assert allowed.wait(20)
        return real(workspace, model, threads)

    monkeypatch.setattr(models, "load_engine", slow)
    texts.release(texts.model("v2"), "full", share=1.0, full=True)
    assert texts.ask(text="the sea")["model"] == "v1"
    assert texts.get("serving") | {"answered": 0} == {
        "champion": "v2",
        "answering": "v1",
        "challenger": None,
        "stage": None,
        "share": 0.0,
        "warm": ["v1"],
        "refused": [],
        "answered": 0,
        "failed": 0,
    }
    allowed.set()
    until(lambda: texts.ask(text="the sea")["model"] == "v2")


def test_a_model_that_was_reverted_answers_no_more_though_the_one_before_it_is_damaged(images: Served) -> None:
    images.release(images.model("v2"), "full", share=1.0, full=True)
    until(lambda: images.ask(item=item_of(images))["model"] == "v2")
    until(lambda: images.get("serving")["warm"] == ["v1", "v2"])
    images.online._cast._engines._warm.pop(images.model("v1").id)  # as after many other models
    file = file_of(images, "v1")
    file.write_bytes(file.read_bytes()[:-1] + b"?")
    reverted = images.http.post("/v1/projects/shapes/champion/revert", json={"why": "It is worse."})
    assert reverted.status_code == 200, reverted.text
    answer = images.http.post("/v1/projects/shapes/predict", json={"item": item_of(images)})
    assert answer.status_code == 503, answer.json()
    assert "damaged" in answer.json()["error"]["message"]


@pytest.mark.parametrize("again", [False, True])
def test_a_damaged_champion_is_refused_and_the_last_good_one_answers(
    images: Served, again: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the server was started again after it was damaged; when the file is good again, it answers."""
    monkeypatch.setattr(engines, "AGAIN_SECONDS", 0.3)
    if not again:
        images.ask(item=item_of(images))
    file = file_of(images, "v2")
    whole = file.read_bytes()
    file.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    images.release(images.model("v2"), "full", share=1.0, full=True)
    until(lambda: images.ask(item=item_of(images))["model"] == "v1" and bool(images.get("serving")["refused"]))
    serving = images.get("serving")
    assert (serving["champion"], serving["answering"], serving["warm"]) == ("v2", "v1", ["v1"])
    assert serving["refused"][0]["model"] == "v2" and "damaged" in serving["refused"][0]["reason"]
    file.write_bytes(whole)
    until(lambda: images.ask(item=item_of(images))["model"] == "v2")
    assert images.get("serving")["refused"] == []


def item_of(images: Served) -> str:
    item: str = images.get("items", limit=1)["rows"][0]["id"]
    return item


def file_of(served: Served, name: str) -> Path:
    """The file that a detector is served from."""
    with served.made.workspace.database.reading() as session:
        artifact = models.artifact(session, served.model(name))
    assert artifact is not None
    return Path(served.made.workspace.media.path(artifact.content))


def test_models_stay_in_memory_while_they_are_few_or_small(texts: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    texts.release(texts.model("v2"), "ab", share=0.5)
    warm(texts, "v1", "v2")
    monkeypatch.setattr(engines, "WARM", 1)
    held = texts.online._cast._engines
    route = texts.online._routes.of(texts.made.project.name)
    sizes = [engine.bytes for engine in held._warm.values()]
    for most, stay in ((sum(sizes), 2), (sum(sizes) - 1, 1)):
        monkeypatch.setattr(engines, "WARM_BYTES", most)
        held._warm.popitem()
        held.bring(route.project, next(key for key in route.model_ids if held.warm(key) is None)).result(20)
        assert len(held.names()) == stay


def test_without_any_model_that_can_be_loaded_the_error_says_so(texts: Served) -> None:
    weights = Path(texts.made.workspace.media.path(texts.model("v1").weights))
    weights.write_bytes(b"")
    answer = texts.post("predict", {"text": "the sea"})
    assert answer.status_code == 503 and "damaged" in answer.text and "sabbatical release propose" in answer.text
    until(lambda: len(texts.rows()) == 1)
    assert "damaged" in str(texts.rows()[0].failure)
    assert texts.get("serving")["failed"] == 1
