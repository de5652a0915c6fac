"""What the chapters of the loop conclude follows from what happened, and from nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sabbatical.report import demo_page
from sabbatical.report.card import Context, Section
from sabbatical.report.chapters import section
from sabbatical.report.chapters.drift import ranked
from sabbatical.report.loop_story import (
    Column,
    Decision,
    Drift,
    Gate,
    Grown,
    Issue,
    Labeled,
    Mined,
    Released,
    Stage,
    Succession,
    Tally,
    TurnStep,
    TurnSteps,
)
from sabbatical.report.picture import Picture
from sabbatical.report.story import Chapter, Story
from sabbatical.report.words import plain
from tests.report import made_up_loop as made_up
from tests.report.made_up import change_of
from tests.report.reading import read
from tests.report.test_page import ATTACKS

CONTEXT = Context({"car": "c5"})


def _told(chapter: Chapter) -> Section:
    return section(chapter, CONTEXT)


def _page(chapter: Chapter) -> str:
    return read(demo_page(Story("Street", ("car",), (chapter,)))).text


def _headline(chapter: Chapter) -> str:
    return plain(_told(chapter).headline)


@pytest.mark.parametrize(
    "chapter",
    [
        Released("v1", ()),
        Drift("v1", (), 0, 0),
        Mined("v1", ()),
        Labeled(()),
        TurnSteps("turn 1", ()),
        Succession("v1", "v2", made_up.comparison([]).model_copy(update={"changes": []})),
    ],
)
def test_a_chapter_with_only_what_must_be_there_makes_a_page(chapter: Chapter) -> None:
    assert read(demo_page(Story("Street", ("car",), (chapter,)))).torn == []


def test_a_model_that_fails_a_gate_stays_out_and_the_gate_is_named() -> None:
    chapter = Released("v3", made_up.failed_gates(), "v2")
    assert _headline(chapter) == "v3 stays out: 1 of 7 gates failed."
    text = _page(chapter)
    assert "v2 stays the champion" in text and "It fails at no slice worse." in text


def test_a_model_that_was_let_through_or_taken_back_is_told_as_it_was() -> None:
    let = Released("v3", made_up.failed_gates(), "v2", made_up.stages())
    assert _headline(replace(let, gates=made_up.failed_gates()[:-1])) == "v3 passed 5 of 6 gates and took all traffic."
    back = replace(let, decisions=(Decision("revert", "Operations", "person"),))
    assert _headline(back) == "v3 was reverted; v2 answers."


def test_a_gate_that_cannot_be_judged_is_not_called_passed() -> None:
    gates = (*made_up.gates()[:2], Gate("behaviour", "undecided", "None were tried."))
    assert _headline(Released("v2", gates)) == "v2 passed 2 gates, 1 could not be judged."
    assert "Every gate is passed" not in _page(Released("v2", gates))


@pytest.mark.parametrize(
    ("share", "says"),
    [(0.0, "answers in the shadow."), (0.1, "answers 10% of the traffic."), (1.0, "took all traffic.")],
)
def test_a_release_says_how_far_it_is(share: float, says: str) -> None:
    assert _headline(Released("v2", made_up.gates(), "v1", (Stage("canary", share),))).endswith(says)


def test_the_limits_of_the_policys_gates_are_in_their_units() -> None:
    text = _page(made_up.released())
    for words in ("at least −2.0", "at most 17.1 ms", "at most 200 MB", "at least 50 items", "5.2 MB"):
        assert words in text, words


def test_a_gate_of_another_name_says_itself_what_its_numbers_are() -> None:
    gate = Gate("Warm enough", "passed", "It is.", 21.4, None, 18.0, True, "degrees")
    text = _page(Released("v2", (gate,)))
    assert "Warm enough" in text and "at least 18 degrees" in text


def test_what_a_person_decided_is_told_apart_from_what_the_loop_did() -> None:
    page = demo_page(Story("Street", ("car",), (made_up.released(),)))
    assert page.count('<i class="person ') == 2 and page.count('<i class="loop ') == 4
    assert "6 decisions, 2 by a person" in read(page).text


def test_decisions_are_in_words() -> None:
    decisions = (
        Decision("gate", "turn 1", "loop", None, "", "shadow", True),
        Decision("gate", "turn 1", "loop", None, "", "failed", False),
        Decision("advance", "turn 1", "loop", to="canary"),
        Decision("revert", "Operations", "person"),
        Decision("other", "turn 1", "loop", what="looked again"),
    )
    text = _page(Released("v2", made_up.gates(), decisions=decisions))
    for words in ("gates passed, to shadow", "gates failed", "to canary", "reverted", "looked again"):
        assert words in text, words
    assert "gates failed, to" not in text


def test_answers_that_failed_on_the_way_are_counted() -> None:
    stages = made_up.stages()
    canary = stages[1]
    assert canary.challenger is not None
    broken = replace(canary, challenger=replace(canary.challenger, failures=3))
    text = _page(replace(made_up.released(), stages=(stages[0], broken, stages[2])))
    assert "3 answers failed" in text and "no answer failed" not in text


def test_alarms_stand_first_and_the_largest_of_them_most() -> None:
    columns = (
        Column("quiet", 3.0, 0.2, False),
        Column("untested", None, None, False, note="too few"),
        Column("loud", -0.9, 0.0, True),
        Column("louder", 1.1, 0.0, True),
    )
    chapter = Drift("v1", columns, 200, 200)
    assert [column.name for column in ranked(chapter)] == ["louder", "loud", "quiet", "untested"]
    assert _headline(chapter) == "2 of 4 columns drifted, most of all louder."
    assert "too few" in _page(chapter)


def test_without_an_alarm_nothing_drifted() -> None:
    chapter = Drift("v1", (Column("brightness", 0.9, 0.2, False),), 200, 200, grown=(Grown("weather=rain", 0, 0.4),))
    assert _headline(chapter) == "Nothing drifted that could not be chance."
    assert 'class="mini warn"' not in demo_page(Story("Street", ("car",), (chapter,)))


@pytest.mark.parametrize(("before", "verb"), [(0.0, "came"), (0.2, "grew")])
def test_slices_that_were_not_there_came_and_others_grew(before: float, verb: str) -> None:
    grown = (Grown("time_of_day=night", before, 0.6), Grown("weather=rain", 0.0, 0.05))
    chapter = Drift("v1", (Column("brightness", 0.9, 0.0, True),), 200, 200, grown=grown)
    assert _headline(chapter) == f"Night {verb}: 1 of 1 column drifted."


def test_an_issue_within_chance_is_not_counted_as_sure() -> None:
    text = _page(made_up.mined([]))
    assert "2 of 3 fail more often than the rest by more than chance." in text
    assert "100 tasks were ordered of at most 100 a turn" in text
    alone = Mined("v1", (Issue(1, "missed: car", 9, 10, 2.0, (1.2, 3.0)),))
    assert _headline(alone) == "v1 has one issue: it fails 2.0 times as often as elsewhere."


def test_simulated_labelers_are_said_to_be() -> None:
    chapter = made_up.labeled([])
    assert "Nobody was timed" in _page(chapter) and "simulated" in _headline(chapter)
    assert "simulated" not in _page(replace(chapter, simulated=False))


def test_the_time_saved_is_that_of_all_tasks_together() -> None:
    tallies = (
        Tally("a", 2, 4, seconds=(10.0, 10.0), scratch=(20.0, 40.0)),
        Tally("b", 1, 1, seconds=(30.0,), scratch=(20.0,)),
    )
    assert _headline(Labeled(tallies, simulated=False)) == "3 tasks labeled, in 38% less time with the model's help."
    slower = (Tally("b", 1, 1, seconds=(30.0,), scratch=(20.0,)),)
    assert "saved no time" in _headline(Labeled(slower)) and "costs 10 s a task" in _page(Labeled(slower))


def test_what_is_back_is_named_only_where_it_drifted_and_is_sure() -> None:
    told = _headline(made_up.succession([]))
    assert told == "v2 brings back night (+19.0) and rain (+11.0), and nothing old is surely worse."
    assert "2 of 2 drifted slices are better by an interval that leaves out zero" in _page(made_up.succession([]))
    assert _headline(replace(made_up.succession([]), drifted=("weather=fog",))).startswith("v2 beats v1 by +7.4 points")


def test_a_successor_that_loses_something_old_says_so() -> None:
    comparison = made_up.comparison([])
    lost = change_of("time_of_day=day", 0.72, 0.6, "map50", "slice")
    both = comparison.model_copy(update={"changes": [*comparison.changes, lost]})
    text = _page(replace(made_up.succession([]), comparison=both))
    assert "but loses on day." in text and "worse is day" in text and "nothing old is surely worse" not in text


@pytest.mark.parametrize(("verdict", "says"), [("worse", "v2 is worse than v1"), ("same", "cannot be told apart")])
def test_a_successor_is_never_called_better_than_it_is(verdict: str, says: str) -> None:
    comparison = made_up.comparison([]).model_copy(update={"verdict": verdict, "difference": -0.03})
    assert says in _headline(Succession("v1", "v2", comparison))


def test_a_turn_that_failed_says_where() -> None:
    steps = (TurnStep("monitor", 2), TurnStep("train", 30, state="failed"))
    assert _headline(TurnSteps("turn 2", steps)) == "Turn 2 ended at train after 32 s."
    assert _headline(made_up.turn_steps()) == "Turn 2 took 2 min 14 s."


def test_a_story_without_a_duel_begins_with_the_succession(pictures: dict[str, Picture]) -> None:
    page = demo_page(made_up.loop_story(pictures))
    assert "<title>v2 brings back night (+19.0) and rain (+11.0)" in page


@pytest.mark.parametrize("attack", ATTACKS)
def test_what_strangers_wrote_stays_text(attack: str, items: list[str]) -> None:
    """Slices, columns, customers, reasons, models and people may be called anything."""
    gate = Gate(attack, "failed", attack, 1.0, None, 2.0, True, attack)
    column = Column(attack, 0.5, 0.0, True, note=attack, shares=((attack, 0.1, 0.9),))
    chapters = (
        Released(
            attack,
            (gate,),
            attack,
            (Stage(attack, 0.1, note=attack),),
            (Decision(attack, attack, "person", None, attack),),
        ),
        Drift(attack, (column,), 9, 9, grown=(Grown(attack, 0.0, 0.5),), months=made_up.months()),
        Mined(
            attack,
            (Issue(1, attack, 1, 2, 2.0),),
            tuple(replace(one, customer=attack) for one in made_up.mined([]).ordered),
        ),
        Labeled((Tally(attack, 1, 1, seconds=(1.0,), scratch=(2.0,)),), made_up.labeled(items).pairs, model=attack),
        replace(made_up.succession(items), before=attack, after=attack),
        TurnSteps(attack, (TurnStep(attack, 1.0, attack),), attack, attack),
    )
    found = read(demo_page(Story(attack, (attack,), chapters)))
    assert "script" not in found.tags and "img" not in found.tags and found.torn == []
    assert not [name for name, _ in found.attributes if name.startswith("on")]
    assert attack in found.text
