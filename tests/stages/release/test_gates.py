"""Each gate says passed, failed or cannot tell, in a sentence with the numbers that decided."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from sabbatical.schemas.evaluate import Behaved
from sabbatical.schemas.policy import STAGES, LosingGate, ReleaseRules
from sabbatical.schemas.release import GateVerdict
from sabbatical.stages.release.gates import GATES, judge
from sabbatical.stages.release.latency import Latency
from sabbatical.stages.release.measured import Measured
from sabbatical.stages.release.proposing import together
from tests.stages.release.reports import change, measured, part, report

PAGE = Path(__file__).parents[3] / "docs" / "releases.md"


def verdict(found: Measured, **gate: Any) -> GateVerdict:
    (one,) = judge(ReleaseRules.model_validate({"gates": [gate]}), found)
    assert one.gate == gate["gate"]
    return one


def test_too_few_items_cannot_tell_and_say_how_many_are_missing_and_what_to_do() -> None:
    few = verdict(measured(report(items=48)), gate="items", at_least=50)
    assert few.verdict == "undecided"
    assert "Only 48 images" in few.reason
    assert "2 fewer than the 50" in few.reason
    assert "`--split test`" in few.reason and "`sabbatical snapshot create`" in few.reason
    assert "lower `at_least` of the gate items, in the policy or the --gates file" in few.reason
    assert verdict(measured(report(items=50)), gate="items", at_least=50).verdict == "passed"


def test_without_a_report_every_gate_on_it_says_why_it_cannot_tell() -> None:
    none = measured(None, missing="The snapshot s1 has no labeled items in test to judge by. ")
    for gate in (
        {"gate": "items"},
        {"gate": "overall"},
        {"gate": "slices"},
        {"gate": "classes"},
        {"gate": "metric", "metric": "map50", "at_least": 0.5},
    ):
        found = verdict(none, **gate)
        assert found.verdict == "undecided"
        assert "no labeled items in test" in found.reason


@pytest.mark.parametrize(
    ("gate", "lowered"),
    [
        ({"gate": "items", "at_least": 500}, "lower `at_least` of the gate items"),
        ({"gate": "slices", "items": 500}, "lower `items` of the gate slices"),
        ({"gate": "classes", "truths": 500}, "lower `truths` of the gate classes"),
        ({"gate": "classes", "truths": 20}, "take the gate classes out"),  # nothing below 20 is compared
        ({"gate": "latency"}, "take the gate latency out"),
    ],
)
def test_what_is_too_little_says_how_to_have_more_and_which_minimum_can_be_lowered(
    gate: dict[str, Any], lowered: str
) -> None:
    found = replace(measured(report(slices=[part("weather=rain", 12)])), splits=("validation",))
    told = verdict(found, **gate).reason
    assert "`--split validation`" in told and lowered in told


def test_why_there_is_no_report_is_said_once() -> None:
    rules = ReleaseRules.model_validate({"gates": [{"gate": name} for name in ("items", "overall", "slices")]})
    why = "The snapshot s1 has no labeled items in test to judge by. "
    found = judge(rules, measured(None, missing=why))
    assert [one.reason.startswith(why) for one in found] == [True, False, False]
    assert found[1].reason == "There is no report to judge by."


@pytest.mark.parametrize(
    ("whole", "limit", "expected"),
    [
        ((0.05, 0.01), 0.0, "passed"),
        ((-0.01, 0.03), 0.0, "passed"),  # may be chance
        ((-0.03, 0.01), 0.0, "failed"),
        ((-0.03, 0.01), 0.05, "passed"),  # surely, but not by more
        ((0.0, 0.0), 0.0, "passed"),  # the same model again
    ],
)
def test_all_data_may_not_surely_lose_more(whole: tuple[float, float], limit: float, expected: str) -> None:
    found = verdict(measured(report(whole=whole)), gate="overall", lose_at_most=limit)
    assert found.verdict == expected
    assert found.interval == pytest.approx((whole[0] - whole[1], whole[0] + whole[1]))
    assert "100 images" in found.reason
    assert "of v1" in found.reason


def test_a_slice_that_surely_loses_is_named_with_its_numbers() -> None:
    parts = [part("weather=rain", 64), part("weather=clear", 80), part("time=night", 12)]
    changes = [
        change("slice", "weather=rain", -0.08, 0.03, p_value=1e-6),
        change("slice", "weather=clear", 0.01, 0.02),
        change("slice", "time=night", -0.4, 0.1, p_value=1e-9),  # too small to judge by
    ]
    found = verdict(measured(report(*changes, slices=parts)), gate="slices", items=30, lose_at_most=0.02)
    assert found.verdict == "failed"
    assert (found.where, found.items) == ("weather=rain", 64)
    assert "weather=rain, −8.0 (−11.0 to −5.0, 64 items)" in found.reason
    assert "1 slice too small to judge." in found.reason
    assert "night" not in found.reason


def test_a_slice_that_loses_within_the_limit_or_by_chance_passes_and_the_lowest_is_named() -> None:
    parts = [part("weather=rain", 64), part("weather=clear", 80)]
    changes = [
        change("slice", "weather=rain", -0.015, 0.01, p_value=1e-3),
        change("slice", "weather=clear", -0.05, 0.06, p_value=0.1),
    ]
    found = verdict(measured(report(*changes, slices=parts)), gate="slices", items=30, lose_at_most=0.02)
    assert found.verdict == "passed"
    assert found.where == "weather=clear"
    assert found.reason.startswith("No slice of 2 with 30 items or more surely loses more than 2.0 points")


@pytest.mark.parametrize(("judge_by", "expected"), [("points", "failed"), ("sure", "passed")])
def test_a_loss_that_may_be_chance_fails_by_points_and_passes_where_only_sure_ones_count(
    judge_by: str, expected: str
) -> None:
    parts = [part("weather=rain", 64), part("weather=clear", 80)]
    changes = [
        change("slice", "weather=rain", -0.05, 0.06, p_value=0.1),
        change("slice", "weather=clear", 0.01, 0.02),
        change("class", "car", -0.05, 0.06, p_value=0.1),
    ]
    found = measured(report(*changes, slices=parts, whole=(-0.05, 0.06)))
    for gate in ("overall", "slices", "classes"):
        said = verdict(found, gate=gate, lose_at_most=0.02, judge_by=judge_by)
        assert said.verdict == expected
        assert ("sure or not" in said.reason) is (judge_by == "points")
        assert said.value == pytest.approx(-0.05)
        allowed = verdict(found, gate=gate, lose_at_most=0.05, judge_by=judge_by)
        assert allowed.verdict == "passed"


@pytest.mark.parametrize("judge_by", ["points", "sure"])
def test_a_slice_with_too_few_items_is_judged_neither_by_points_nor_by_sure_losses(judge_by: str) -> None:
    parts = [part("weather=rain", 29), part("weather=clear", 80)]
    changes = [
        change("slice", "weather=rain", -0.4, 0.1, p_value=1e-9),
        change("slice", "weather=clear", 0.01, 0.02),
    ]
    found = verdict(measured(report(*changes, slices=parts)), gate="slices", items=30, judge_by=judge_by)
    assert (found.verdict, found.where) == ("passed", "weather=clear")
    alone = verdict(measured(report(changes[0], slices=parts[:1])), gate="slices", items=30, judge_by=judge_by)
    assert alone.verdict == "undecided"


def test_by_points_the_largest_loss_is_named_first_and_by_sureness_the_surest() -> None:
    parts = [part("weather=rain", 40), part("weather=snow", 400)]
    changes = [
        change("slice", "weather=rain", -0.2, 0.19, p_value=1e-3),
        change("slice", "weather=snow", -0.08, 0.01, p_value=1e-9),
    ]
    by = {
        how: verdict(measured(report(*changes, slices=parts)), gate="slices", judge_by=how)
        for how in ("points", "sure")
    }
    assert (by["points"].where, by["sure"].where) == ("weather=rain", "weather=snow")
    assert by["points"].reason.startswith(
        "2 slices of 2 with 30 items or more lost more than 2.0 points, sure or not: "
    )


def test_what_passes_for_want_of_certainty_says_how_large_a_loss_could_have_been_seen() -> None:
    parts = [part("weather=rain", 64), part("weather=clear", 80)]
    changes = [
        change("slice", "weather=rain", -0.05, 0.06, p_value=0.1),
        change("slice", "weather=clear", 0.01, 0.02),
    ]
    found = verdict(measured(report(*changes, slices=parts)), gate="slices")
    assert found.sure_from == pytest.approx(0.06 * 2.2414 / 1.96, abs=1e-4)  # the level of the surest of two
    assert "There a loss is sure from 6.9 points on." in found.reason
    whole = verdict(measured(report(whole=(-0.05, 0.06))), gate="overall")
    assert whole.sure_from == pytest.approx(0.06)
    assert whole.reason.endswith("a sure loss of more than 0.0 is refused. Here a loss is sure from 6.0 points on.")
    assert verdict(measured(report(*changes, slices=parts)), gate="slices", judge_by="points").sure_from is None


def test_a_loss_that_is_sure_from_so_many_points_on_is_refused_from_there_and_passes_below() -> None:
    parts = [part(f"lane={n}", 50) for n in range(12)]
    others = [change("slice", f"lane={n}", 0.0, 0.05, p_value=0.9) for n in range(1, 12)]

    def judged(loss: float) -> GateVerdict:
        p_value = math.erfc(loss / (0.05 / 1.96) / math.sqrt(2))
        return verdict(
            measured(report(change("slice", "lane=0", -loss, 0.05, n=999, p_value=p_value), *others, slices=parts)),
            gate="slices",
        )

    limit = judged(0.01).sure_from
    assert limit is not None
    assert [judged(limit + step).verdict for step in (-1e-3, 1e-3)] == ["passed", "failed"]


def test_two_models_that_say_the_same_of_few_items_could_not_have_seen_a_small_loss() -> None:
    same = change("slice", "weather=rain", 0.0, 0.0, n=30, p_value=1.0)
    found = verdict(measured(report(same, slices=[part("weather=rain", 30)])), gate="slices")
    assert found.sure_from == pytest.approx(0.1135, abs=1e-4)


def test_one_of_forty_slices_that_dips_by_chance_does_not_stop_a_model() -> None:
    parts = [part(f"lane={n}", 50) for n in range(40)]
    changes = [change("slice", f"lane={n}", 0.0, 0.05, p_value=0.02 + 0.02 * n) for n in range(40)]
    changes[0] = change("slice", "lane=0", -0.06, 0.05, p_value=0.02)  # its own interval leaves out zero
    assert changes[0].interval[1] < 0
    assert verdict(measured(report(*changes, slices=parts)), gate="slices").verdict == "passed"
    changes[0] = change("slice", "lane=0", -0.06, 0.03, p_value=1e-4)
    assert verdict(measured(report(*changes, slices=parts)), gate="slices").verdict == "failed"


def test_slices_that_are_all_too_small_cannot_tell_but_no_slices_at_all_pass() -> None:
    small = verdict(measured(report(slices=[part("weather=rain", 12, note="too few")])), gate="slices", items=30)
    assert (small.verdict, small.items) == ("undecided", 12)
    assert "the largest has 12 items" in small.reason
    assert verdict(measured(report()), gate="slices").verdict == "passed"


def test_at_most_three_that_lose_are_named() -> None:
    parts = [part(f"lane={n}", 50) for n in range(6)]
    changes = [change("slice", f"lane={n}", -0.1, 0.02, p_value=1e-8) for n in range(6)]
    found = verdict(measured(report(*changes, slices=parts)), gate="slices")
    assert found.reason.startswith("6 slices of 6 with 30 items or more surely lost")
    assert "and 3 more" in found.reason
    assert found.reason.count("lane=") == 3


def test_a_class_that_surely_loses_fails_and_one_with_few_labels_is_said() -> None:
    changes = [
        change("class", "car", -0.05, 0.01, n=40, p_value=1e-8),
        change("class", "person", -0.5, 0.1, n=20, p_value=1e-8),
    ]
    found = verdict(measured(report(*changes)), gate="classes", truths=30)
    assert found.reason.startswith("1 class of 1 with 30 labels or more surely lost more than 2.0 points: car, −5.0")
    assert (found.verdict, found.where, found.items) == ("failed", "car", 40)
    assert "Too few labels to judge: person." in found.reason
    few = verdict(measured(report(*changes)), gate="classes", truths=200)
    assert few.verdict == "undecided"
    fewer = verdict(measured(report()), gate="classes", truths=5)  # nothing below 20 is compared at all
    assert "it takes 20 labels, the most of one are 12" in fewer.reason
    assert verdict(measured(report(*changes)), gate="classes", truths=30, lose_at_most=0.06).verdict == "passed"


@pytest.mark.parametrize("gate", ["overall", "slices", "classes"])
def test_the_first_model_has_nothing_to_compare_with(gate: str) -> None:
    found = verdict(measured(report(whole=None), champion=None), gate=gate)
    assert found.verdict == "passed"
    assert "first" in found.reason


@pytest.mark.parametrize("gate", ["overall", "slices", "classes"])
def test_two_models_that_share_too_little_cannot_be_told_apart(gate: str) -> None:
    found = verdict(measured(report(whole=None, items=5)), gate=gate)
    assert found.verdict == "undecided"
    assert "cannot be compared on 5 images" in found.reason


def test_a_number_must_be_reached() -> None:
    found = verdict(measured(report()), gate="metric", metric="map50", at_least=0.6)
    assert found.verdict == "passed"
    assert "61.0 (55.0 to 66.0) on 100 images; at least 60.0" in found.reason
    assert verdict(measured(report()), gate="metric", metric="map50", at_least=0.62).verdict == "failed"
    absent = verdict(measured(report()), gate="metric", metric="f1_weighted", at_least=0.62)
    assert absent.verdict == "undecided"
    assert "map50" in absent.reason


@pytest.mark.parametrize(
    ("latency", "gate", "expected"),
    [
        (Latency(30.0, 25.0, 16), {}, "passed"),
        (Latency(40.0, 25.0, 16), {}, "failed"),
        (Latency(40.0, 25.0, 16), {"times_champion": 2.0}, "passed"),
        (Latency(40.0, 25.0, 16), {"times_champion": None, "at_most_ms": 50}, "passed"),
        (Latency(60.0, 55.0, 16), {"at_most_ms": 50}, "failed"),
        (Latency(2.5, 0.6, 16), {}, "passed"),
        (Latency(2.5, 0.6, 16), {"slack_ms": 1}, "failed"),
        (Latency(60.0, None, 16), {}, "passed"),
        (Latency(60.0, None, 16), {"at_most_ms": 50}, "failed"),
        (None, {}, "undecided"),
    ],
)
def test_speed_is_held_against_a_limit_and_against_the_champion(
    latency: Latency | None, gate: dict[str, Any], expected: str
) -> None:
    found = verdict(measured(report(), latency=latency), gate="latency", **gate)
    assert found.verdict == expected
    assert latency is None or f"{latency.ours_ms:.1f} ms" in found.reason


def test_a_large_file_fails() -> None:
    assert verdict(measured(report(), size=5_000_000), gate="size", at_most_mb=5).verdict == "passed"
    large = verdict(measured(report(), size=5_100_000), gate="size", at_most_mb=5)
    assert large.verdict == "failed"
    assert "5.1 MB" in large.reason


def test_behaviour_is_judged_by_its_cases() -> None:
    tests = [
        Behaved(name="names", kind="minimum", passed=9, total=10),
        Behaved(name="typos", kind="invariance", passed=10, total=10),
    ]
    found = verdict(measured(report(behaviour=tests, task="text")), gate="behaviour", at_least=0.95)
    assert (found.verdict, found.value) == ("passed", 0.95)
    failed = verdict(measured(report(behaviour=tests, task="text")), gate="behaviour")
    assert failed.verdict == "failed"
    assert "names (9 of 10)" in failed.reason
    assert "typos" not in failed.reason
    none = verdict(measured(report()), gate="behaviour")
    assert none.verdict == "undecided"
    assert "--behaviour" in none.reason


def test_one_that_failed_decides_and_one_that_cannot_tell_holds() -> None:
    said = {
        word: GateVerdict.model_validate({"gate": "g", "verdict": word, "reason": ""})
        for word in ("passed", "failed", "undecided")
    }
    assert together([said["passed"], said["passed"]]) is True
    assert together([said["passed"], said["undecided"]]) is None
    assert together([said["undecided"], said["failed"]]) is False
    assert together([]) is True


def test_gates_on_losses_are_read_with_either_word_and_judge_by_sure_losses_without_one() -> None:
    written = "gates:\n  - {gate: overall, judge_by: points}\n  - {gate: slices, judge_by: sure}\n  - {gate: classes}\n"
    gates = ReleaseRules.model_validate(yaml.safe_load(written)).gates
    assert [gate.judge_by for gate in gates if isinstance(gate, LosingGate)] == ["points", "sure", "sure"]


def test_every_gate_of_the_policy_has_a_judge() -> None:
    rules = ReleaseRules()
    assert [gate.gate for gate in rules.gates] == ["items", "overall", "slices", "classes", "latency", "size"]
    known = {one["const"] for one in _consts(ReleaseRules.model_json_schema())}
    assert known == set(GATES)


def _consts(schema: dict[str, Any]) -> list[dict[str, Any]]:
    return [one["properties"]["gate"] for one in schema["$defs"].values() if "gate" in one.get("properties", {})]


def test_the_page_for_users_shows_every_gate_and_stage_with_fields_that_are_read() -> None:
    (shown,) = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL)
    rules = ReleaseRules.model_validate(yaml.safe_load(shown))
    assert {gate.gate for gate in rules.gates} == set(GATES)
    assert tuple(stage.stage for stage in rules.stages) == STAGES


@pytest.mark.parametrize(
    ("rules", "field"),
    [
        ({"gates": [{"gate": "speed"}]}, "gates.0"),
        ({"gates": [{"gate": "slices", "item": 3}]}, "gates.0.slices.item"),
        ({"gates": [{"gate": "slices", "judge_by": "point"}]}, "gates.0.slices.judge_by"),
        ({"gates": [{"gate": "items"}, {"gate": "overall", "lose_at_most": -1}]}, "gates.1.overall.lose_at_most"),
        ({"gates": [{"gate": "metric", "at_least": 0.5}]}, "gates.0.metric.metric"),
        ({"stages": [{"stage": "canary", "share": 2}, {"stage": "full"}]}, "stages.0.share"),
        ({"stages": [{"stage": "canary", "wait": "soon"}, {"stage": "full"}]}, "stages.0.wait"),
        ({"stages": [{"stage": "canary"}]}, ""),
        ({"stages": [{"stage": "full"}, {"stage": "canary"}]}, ""),
        ({"stages": []}, ""),
        ({"gate": []}, "gate"),
    ],
)
def test_rules_that_cannot_be_are_refused_by_their_field(rules: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError) as caught:
        ReleaseRules.model_validate(rules)
    assert ".".join(str(place) for place in caught.value.errors()[0]["loc"]) == field
