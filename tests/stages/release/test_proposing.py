"""Real models are judged by the gates, and a run that is killed and done again makes one report and one release."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from sabbatical.core.errors import BadFile, BadRequest, Conflict, NotFound
from sabbatical.core.progress import Quiet
from sabbatical.durable.steps import Step, body_of
from sabbatical.schemas.release import Decision, ProposeRequest, Release
from sabbatical.stages.evaluate import actions as evaluations
from sabbatical.stages.release import actions as releases
from sabbatical.stages.release import steps
from sabbatical.stages.train import actions as models
from sabbatical.storage.tables import PolicyRow, RunRow
from tests.stages.conftest import NOW
from tests.stages.predict.conftest import babble, notes
from tests.stages.train.conftest import shapes
from tests.stages.train.shapes import TINY, Shapes

__all__ = ["notes", "shapes"]
GATES: list[dict[str, Any]] = [
    {"gate": "items", "at_least": 5},
    {"gate": "overall"},
    {"gate": "slices", "items": 5},
    {"gate": "classes", "truths": 5},
    {"gate": "latency", "times_champion": 50},
    {"gate": "size"},
]
STAGES = [{"stage": "shadow", "requests": 0}, {"stage": "full"}]
RULES = {"gates": GATES, "stages": STAGES, "judge": {"splits": ["train"]}}
FEW = ("quartz ", "fjord ", "nymph ", "vex ", "blitz ")
LINEAR: dict[str, Any] = {"recipe": "default", "settings": {"model": "linear"}, "snapshot": "s2"}


def ask(made: Shapes, key: str | None = None, **asked: Any) -> RunRow:
    asked.setdefault("snapshot", "s1")
    with made.workspace.database.transaction() as session:
        return releases.ask_propose(session, made.project, ProposeRequest.model_validate(asked), NOW, key)


def do(made: Shapes, row: RunRow) -> Release:
    answer = body_of("propose")(Step(made.workspace, row.id, made.project.id, row.params, Quiet()))
    with made.workspace.database.reading() as session:
        return releases.get(session, made.project, answer["release"])


def propose(made: Shapes, **asked: Any) -> Release:
    return do(made, ask(made, **asked))


def decisions(made: Shapes) -> list[Decision]:
    with made.workspace.database.reading() as session:
        return releases.decisions(session, made.project, None, None, 100).rows


def champion(made: Shapes) -> str | None:
    with made.workspace.database.reading() as session:
        found = releases.champion(session, made.project)
    return found.name if found else None


def mislead(made: Shapes) -> None:
    """Train v2 on texts whose labels are the wrong way round, in a snapshot of their own, s2."""
    dice = random.Random(1)
    rows = [
        f"the {wrong} {babble(dice)},{label}" for label, wrong in (("Sea", "sky"), ("Sky", "sea")) for _ in range(20)
    ]
    path = made.folder / "wrong.csv"
    path.write_text("\n".join(["text,label", *rows]))
    made.run("ingest", source=str(path))
    made.run("snapshot", sources=["wrong"])
    made.run("train", **LINEAR)


def damage(made: Shapes, content: str) -> None:
    file = Path(made.workspace.media.path(content))
    file.write_bytes(file.read_bytes()[:-200])


@pytest.fixture
def topics(notes: Shapes) -> Shapes:
    """Texts with the champion v1, which knows both classes by their names, and v2, which learned them wrong."""
    assert propose(notes, model="v1", rules=RULES).stage == "full"
    mislead(notes)
    return notes


def test_detectors_are_compared_on_the_same_images_and_made_ready_to_be_served(shapes: Shapes) -> None:
    for seed in (0, 1):
        shapes.run("train", settings=TINY, seed=seed)
    rules = RULES | {"judge": {"splits": ["train", "test"]}}
    first = propose(shapes, model="v1", rules=rules)
    assert (first.stage, first.passed, first.champion) == ("full", True, None)
    second = propose(shapes, model="v2", rules=rules)
    assert second.champion == "v1"
    undecided = {one.gate: one.reason for one in second.gates if one.verdict == "undecided"}
    assert undecided.keys() <= {"classes"}, undecided  # how many labels of a class judge depends on how the split falls
    assert [one.gate for one in second.gates] == [one["gate"] for one in GATES]
    evidence = next(one for one in decisions(shapes) if one.kind == "gate" and one.model == "v2").evidence
    assert evidence["latency"]["ours_ms"] > 0 and evidence["latency"]["theirs_ms"] > 0
    assert evidence["artifact"]["kind"] == "onnx"
    with shapes.workspace.database.reading() as session:
        report = evaluations.get(session, shapes.project, str(second.evaluation))
        assert (report.model, report.against) == ("v2", "v1")
        for name in ("v1", "v2"):
            assert models.artifact(session, models.get(session, shapes.project, name)) is not None


def test_the_usual_gates_hold_a_first_model_that_twelve_images_judged(shapes: Shapes) -> None:
    shapes.run("train", settings=TINY)
    found = propose(shapes)
    assert (found.stage, found.passed, champion(shapes)) == ("gate", None, None)
    (held,) = [one for one in found.gates if one.verdict == "undecided"]
    assert held.gate == "items"
    assert "label" in held.reason


def test_a_worse_model_of_texts_is_refused_and_says_by_how_much(topics: Shapes) -> None:
    second = propose(topics, rules=RULES)
    assert (second.model, second.stage, second.passed, champion(topics)) == ("v2", "failed", False, "v1")
    overall = next(one for one in second.gates if one.gate == "overall")
    assert overall.verdict == "failed"
    assert overall.value is not None and overall.value < -0.1
    assert overall.interval is not None and overall.interval[1] < 0
    assert "40 texts" in overall.reason


def test_a_better_model_of_texts_goes_on(notes: Shapes) -> None:
    mislead(notes)
    assert propose(notes, model="v2", rules=RULES).stage == "full"
    better = propose(notes, model="v1", rules=RULES)
    assert (better.stage, better.passed, better.champion) == ("shadow", True, "v2")
    overall = next(one for one in better.gates if one.gate == "overall")
    assert overall.interval is not None and overall.interval[0] > 0


def test_the_same_model_again_loses_nothing(topics: Shapes) -> None:
    topics.run("train", recipe="rules", again=True)
    again = propose(topics, model="v3", rules=RULES)
    assert (again.champion, again.stage) == ("v1", "shadow")
    assert next(one for one in again.gates if one.gate == "overall").value == 0


def test_behavioural_tests_are_tried_where_they_are_given(topics: Shapes) -> None:
    rules = RULES | {"gates": [{"gate": "behaviour"}]}
    cases = [{"text": "the sea", "class": "sea"}, {"text": "a blue sky", "class": "sky"}]
    tests = {"tests": [{"name": "names", "kind": "minimum", "cases": cases}]}
    topics.run("train", recipe="rules", again=True)
    without = propose(topics, model="v3", rules=rules)
    assert (without.stage, without.gates[0].verdict) == ("gate", "undecided")
    tried = propose(topics, model="v3", rules=rules, behaviour=tests)
    assert tried.gates[0].reason.startswith("It keeps 2 of 2")
    assert tried.stage == "shadow"


def test_without_items_to_judge_by_it_is_held_and_the_champion_stays(topics: Shapes) -> None:
    found = propose(topics, rules={"gates": GATES, "stages": STAGES})  # nothing is in the test split
    assert (found.stage, found.passed, found.evaluation) == ("gate", None, None)
    assert champion(topics) == "v1"
    said = {one.gate: one for one in found.gates}
    assert [said[name].verdict for name in ("items", "overall", "slices", "classes", "latency")] == ["undecided"] * 5
    assert "no labeled items in test" in said["items"].reason
    assert all("`--split test`" in said[name].reason for name in ("items", "latency"))


def test_items_too_few_to_resample_cannot_compare(topics: Shapes) -> None:
    path = topics.folder / "few.csv"
    path.write_text("\n".join(["text,label", *[f"{word * 4} {word[::-1]},Sea" for word in FEW]]))
    topics.run("ingest", source=str(path), split="validation")
    topics.run("snapshot")
    rules = RULES | {"gates": [{"gate": "overall"}], "judge": {"splits": ["validation"]}}
    found = propose(topics, model="v2", rules=rules, snapshot="s3")
    assert (found.stage, found.passed) == ("gate", None)
    assert "cannot be compared on 5 texts" in found.gates[0].reason
    assert found.evaluation is not None


def test_done_again_after_its_end_a_run_answers_what_it_made(topics: Shapes) -> None:
    row = ask(topics, rules=RULES)
    first = do(topics, row)
    before = len(decisions(topics))
    assert do(topics, row) == first
    assert len(decisions(topics)) == before


def test_killed_before_the_release_is_written_it_finds_its_report_again(
    topics: Shapes, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = ask(topics, rules=RULES)

    def killed(*_: Any) -> None:
        raise SystemExit

    with monkeypatch.context() as patch, pytest.raises(SystemExit):
        patch.setattr(steps, "begin", killed)
        do(topics, row)
    assert [one.model for one in decisions(topics)] == ["v1", "v1"]
    with topics.workspace.database.reading() as session:
        (report, _) = evaluations.page(session, topics.project, None, None, 10).rows
    assert do(topics, row).evaluation == report.id


def test_a_champion_that_changes_meanwhile_is_the_one_to_compare_with(
    topics: Shapes, monkeypatch: pytest.MonkeyPatch
) -> None:
    topics.run("train", recipe="rules", again=True)
    row = ask(topics, model="v2", rules=RULES)
    real = steps.measure

    def slow(*given: Any) -> Any:
        if champion(topics) == "v1":
            monkeypatch.setattr(steps, "measure", real)
            passed = propose(topics, model="v3", rules=RULES | {"stages": [{"stage": "full"}]})
            assert passed.stage == "full"
        return real(*given)

    monkeypatch.setattr(steps, "measure", slow)
    assert do(topics, row).champion == "v3"


def test_a_release_that_begins_meanwhile_ends_the_run_in_words(topics: Shapes) -> None:
    topics.run("train", recipe="rules", again=True)
    late = ask(topics, model="v2", rules=RULES)
    assert propose(topics, model="v3", rules=RULES).stage == "shadow"
    with pytest.raises(Conflict, match="v3 is under way as r2"):
        do(topics, late)
    assert champion(topics) == "v1"


def test_the_same_key_is_the_same_run_though_the_model_is_under_way_by_now(topics: Shapes) -> None:
    row = ask(topics, "k", rules=RULES, model="v2")
    do(topics, row)
    assert ask(topics, "k", rules=RULES, model="v2").id == row.id
    assert ask(topics, "k").id == row.id
    with pytest.raises(Conflict, match="v1 is the champion already"):
        ask(topics, "other", model="v1")
    with pytest.raises(Conflict, match="Idempotency-Key"):
        ask(topics, "k", model="v2", why="another request")


def test_a_damaged_model_is_refused_and_the_champion_stays(topics: Shapes) -> None:
    with topics.workspace.database.reading() as session:
        damage(topics, models.get(session, topics.project, "v2").weights)
    with pytest.raises(BadFile):
        propose(topics, rules=RULES)
    assert champion(topics) == "v1"


def test_without_rules_those_of_the_newest_policy_hold(topics: Shapes) -> None:
    for limit in (1.0, 3.0):
        with topics.workspace.database.transaction() as session:
            document = {"release": RULES | {"gates": [{"gate": "size", "at_most_mb": limit}]}}
            values = {"project_id": topics.project.id, "document": document, "created_at": NOW}
            session.add(PolicyRow(**values, verb="set", enabled=False, author="ada"))
    row = ask(topics)
    assert row.params["rules"]["gates"] == [{"gate": "size", "at_most_mb": 3.0}]
    assert row.params["rules"]["judge"]["splits"] == ["train"]


def test_rules_that_no_report_can_answer_are_refused_at_once(notes: Shapes) -> None:
    for rules, field, words in (
        ({"gates": [{"gate": "metric", "metric": "map51", "at_least": 0.5}]}, "gates.0.metric", "map50"),
        ({"gates": [{"gate": "metric", "metric": "log_loss", "at_least": 0.5}]}, "gates.0.metric", "f1_weighted"),
        ({"gates": [{"gate": "metric", "metric": "f1", "at_least": 80}]}, "gates.0.at_least", "0.8"),
        ({"judge": {"taxonomies": ["nobody"]}}, "judge.taxonomies", "notes"),
    ):
        with pytest.raises(BadRequest) as caught:
            ask(notes, rules=rules)
        assert caught.value.where == f"field rules.{field}"
        assert words in str(caught.value.hint)


def test_what_is_not_there_cannot_be_proposed(notes: Shapes) -> None:
    with pytest.raises(NotFound, match="v9"):
        ask(notes, model="v9")
    with pytest.raises(NotFound):
        ask(notes, snapshot="s9")
