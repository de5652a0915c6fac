"""The page keeps its promises: one file, nothing fetched, nothing torn, nothing run, whatever strangers wrote."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from sabbatical.core.errors import Broken
from sabbatical.report import demo_page, evaluation_page
from sabbatical.report.card import Context, Section
from sabbatical.report.chapters import section
from sabbatical.report.picture import Picture, picture_id, picture_of
from sabbatical.report.story import Chapter, Customers, Finding, Judgement, Story
from sabbatical.schemas.evaluate import ClassScores, Metrics, Overall, Report, Turned
from tests.report.made_up import (
    CLASSES,
    FRAME,
    PARENTS,
    TEXT_CLASSES,
    boxes_report,
    comparison_of,
    text_report,
    text_story,
    world_story,
)
from tests.report.made_up_loop import loop_story, text_loop_story
from tests.report.reading import read

ATTACKS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'><svg onload=alert(1)>",
    "</style><script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    "{{ 7 * 7 }}{% raw %}",
    "javascript:alert(1)",
    "url(https://example.org/x)",
)


@pytest.fixture(
    scope="module",
    params=["world", "text", "evaluation", "comparison", "text evaluation", "loop", "text loop"],
)
def page(request: pytest.FixtureRequest, pictures: dict[str, Picture], items: list[str]) -> str:
    if request.param == "world":
        return demo_page(world_story(pictures))
    if request.param == "loop":
        return demo_page(loop_story(pictures))
    if request.param == "text loop":
        return demo_page(text_loop_story())
    if request.param == "text":
        return demo_page(text_story())
    if request.param == "text evaluation":
        return evaluation_page(text_report("network", 0.9, ["t1"]), texts={"t1": "A title\nand what it does"})
    return evaluation_page(boxes_report(items, compared=request.param == "comparison"), pictures, parents=PARENTS)


def test_a_page_fetches_nothing(page: str) -> None:
    for address in read(page).addresses:
        assert address.startswith(("#", "data:image/")), address
    assert "default-src 'none'" in page


def test_a_page_runs_nothing(page: str) -> None:
    found = read(page)
    assert not {"script", "iframe", "object", "embed", "form", "base"} & set(found.tags)
    assert not [name for name, _ in found.attributes if name.startswith("on")]


def test_every_element_is_closed(page: str) -> None:
    assert read(page).torn == []


def test_every_id_is_there_once_and_every_reference_has_one(page: str) -> None:
    found = read(page)
    ids = [value for name, value in found.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    wanted = [a[1:] for a in found.addresses if a.startswith("#")]
    wanted += [value for name, value in found.attributes if name == "for"]
    assert set(wanted) <= set(ids)


def test_every_chart_has_a_title_and_a_description(page: str) -> None:
    charts = re.findall(r'<svg[^>]*role="img"[^>]*>(.{0,400})', page, flags=re.S)
    assert charts
    for start in charts:
        assert re.match(r"<title>[^<]+</title><desc>[^<]+</desc>", start)


def test_every_table_has_headings(page: str) -> None:
    for table in re.findall(r"<table.*?</table>", page, flags=re.S):
        assert 'scope="col"' in table and 'scope="row"' in table


def test_no_number_is_written_as_none_or_nan(page: str) -> None:
    body = page[page.index("<main>") :]
    for wrong in (">None<", "NaN", ">nan", "None%", "inf%", '"nan"', '="None'):
        assert wrong not in body, wrong


@pytest.mark.parametrize("attack", ATTACKS)
def test_names_written_by_strangers_stay_text(attack: str, pictures: dict[str, Picture], items: list[str]) -> None:
    """Class, model, customer, label, item and finding may be called anything."""
    report = _renamed(boxes_report(items, compared=True), "car", attack)
    story = world_story({attack: next(iter(pictures.values())), **pictures})
    first = story.chapters[0]
    assert isinstance(first, Customers)
    customers = tuple(replace(one, name=attack, version=attack) for one in first.customers)
    hostile = replace(first, customers=customers, findings=(Finding(attack, attack, asks=True),), snapshot=attack)
    told = replace(story, title=attack, chapters=(hostile, *story.chapters[1:], Judgement(report)))
    for page in (evaluation_page(report, pictures, parents={attack: attack}), demo_page(told)):
        found = read(page)
        assert "script" not in found.tags and "img" not in found.tags
        assert not [name for name, _ in found.attributes if name.startswith("on")]
        assert found.torn == []
        assert all(address.startswith(("#", "data:image/")) for address in _fetched(page))
        assert attack in found.text


@pytest.mark.parametrize("attack", ATTACKS)
def test_texts_and_tags_written_by_strangers_stay_text(attack: str) -> None:
    story = text_story()
    page = demo_page(replace(story, texts=dict.fromkeys(story.texts, attack)))
    page += evaluation_page(_renamed(text_report("m", 0.9, ["t1"]), "mlops", attack), texts={"t1": attack})
    found = read(page)
    assert "script" not in found.tags and "img" not in found.tags
    assert not [name for name, _ in found.attributes if name.startswith("on")]


def test_a_picture_is_embedded_once_however_often_it_is_shown(pictures: dict[str, Picture], items: list[str]) -> None:
    page = evaluation_page(boxes_report(items * 2, compared=True), pictures)
    shown = picture_id(items[0])
    assert page.count(f'id="{shown}"') == 1
    assert page.count(f'href="#{shown}"') > 1


def test_pictures_that_nothing_shows_are_left_out(pictures: dict[str, Picture]) -> None:
    report = boxes_report(["item-0"])
    assert picture_id("item-5") not in evaluation_page(report, pictures)


def test_a_sample_without_its_picture_says_so(items: list[str]) -> None:
    assert "no picture" in evaluation_page(boxes_report(items), {})


def test_a_page_with_a_hundred_pictures_stays_under_three_megabytes() -> None:
    rng = np.random.default_rng(0)
    width, height = FRAME
    noise = rng.normal(0, 18, (100, height, width, 3))
    scene = np.linspace(40, 200, width)[None, None, :, None] + noise
    pictures = {f"item-{i}": picture_of(image) for i, image in enumerate(scene.clip(0, 255).astype(np.uint8))}
    story = world_story(pictures)
    last = story.chapters[0]
    assert isinstance(last, Customers)
    shots = tuple(replace(last.customers[0].shots[0], item=item) for item in pictures)
    crowded = replace(last, customers=(replace(last.customers[0], shots=shots), *last.customers[1:]))
    page = demo_page(replace(story, chapters=(crowded, *story.chapters[1:])))
    assert page.count("<image") == 100
    assert len(page.encode()) < 3_000_000


def test_a_report_with_only_what_must_be_there_makes_a_page() -> None:
    """A model that nothing could judge: no curves, no slices, no samples, no class."""
    for task in ("boxes", "text"):
        bare = Report(
            task=task, model="v1", snapshot="s1", items=0, units=0, classes=[], judged={}, sentences=[],
            metrics=Metrics(overall=Overall(), by_class={}),
        )  # fmt: skip
        found = read(evaluation_page(bare))
        assert found.torn == [] and "v1" in found.text


def test_a_class_without_truths_is_shown_as_not_judged() -> None:
    bare = Report(
        task="boxes", model="v1", snapshot="s1", items=5, units=5, classes=["sign"], judged={"sign": 0}, sentences=[],
        metrics=Metrics(overall=Overall(), by_class={"sign": ClassScores(n=0)}),
    )  # fmt: skip
    assert "nothing could judge it" in evaluation_page(bare)


def test_the_page_begins_with_the_conclusion_and_its_interval(items: list[str]) -> None:
    page = evaluation_page(boxes_report(items, compared=True))
    head = re.search(r"<h1[^>]*>(.*?)</h1><p class=\"so\">(.*?)</p>", page, flags=re.S)
    assert head
    assert "+15.0 points" in head[1] and "loses on bus" in head[1]
    assert "+11.0 to +19.0" in head[2]
    alone = evaluation_page(boxes_report(items))
    assert "v2 is good at car, 86.0, weak at light, 57.0, and weaker on small objects" in read(alone).text
    assert "66.0 to 74.0" in alone


def test_a_comparison_given_beside_the_report_is_told(items: list[str]) -> None:
    page = evaluation_page(boxes_report(items), comparison=comparison_of(items))
    assert "v2 is better than v1" in read(page).text


def test_a_model_that_is_worse_is_said_to_be_worse(items: list[str]) -> None:
    worse = comparison_of(items).model_copy(
        update={"difference": -0.05, "interval": (-0.08, -0.02), "verdict": "worse"}
    )
    text = read(evaluation_page(boxes_report(items), comparison=worse)).text
    assert "v2 is worse than v1, −5.0 points" in text


def test_a_difference_within_chance_is_not_called_better(items: list[str]) -> None:
    same = comparison_of(items).model_copy(update={"difference": 0.01, "interval": (-0.02, 0.04), "verdict": "same"})
    text = read(evaluation_page(boxes_report(items), comparison=same)).text
    assert "v2 and v1 cannot be told apart" in text
    assert "v2 is better than" not in text.split("Snapshot")[0]


def test_every_chapter_is_told_in_order(pictures: dict[str, Picture]) -> None:
    text = read(demo_page(world_story(pictures))).text
    told = [text.index(words) for words in ("Who labels what", "What one picture teaches", "What is found at a score")]
    assert told == sorted(told)
    assert "sabbatical evaluate v2 --against v1" in text


def test_a_new_chapter_needs_only_its_function() -> None:
    class Drift(Chapter):
        pass

    def drift(chapter: Drift, context: Context) -> Section:
        return Section("Drift", "Night came.", "", ())

    story = Story("Street", CLASSES, (Drift(),))
    with pytest.raises(Broken, match="Drift"):
        demo_page(story)
    section.register(Drift, drift)
    assert "Night came." in demo_page(story)


def test_both_themes_stand_in_the_file(page: str) -> None:
    assert "light-dark(#F5F3EE, #0E1113)" in page
    assert all(f'id="theme-{name}"' in page for name in ("auto", "light", "dark"))


def test_texts_are_told_with_tags_instead_of_pictures() -> None:
    page = demo_page(text_story())
    assert "<image" not in page
    text = read(page).text
    for words in ("Behavioural tests", "threshold 0.60", "SciBERT, fine-tuned", TEXT_CLASSES[0]):
        assert words in text


def _renamed(report: Report, old: str, new: str) -> Report:
    """The report with a class called otherwise everywhere."""
    dumped = report.model_dump(mode="json")

    def swap(value: object) -> object:
        if isinstance(value, dict):
            return {(new if k == old else k): swap(v) for k, v in value.items()}
        if isinstance(value, list):
            return [swap(v) for v in value]
        return new if value == old else value

    return Report.model_validate({**swap(dumped), "model": new, "snapshot": new})  # type: ignore[dict-item]


def _fetched(page: str) -> list[str]:
    """Addresses in attributes only: a stranger's words may well speak of one."""
    found = read(page)
    return [v for n, v in found.attributes if n in ("href", "src")] + [
        v for n, v in found.attributes if n in ("style", "fill") and "url(" in v and "url(#" not in v
    ]


def test_colours_of_classes_follow_the_tree(items: list[str]) -> None:
    page = evaluation_page(boxes_report(items), parents=PARENTS)
    assert re.search(r'background:var\(--c5\)"></i><span>car</span>', page)
    assert re.search(r'background:var\(--c8\)"></i><span>light</span>', page)


def test_texts_that_turned_are_listed_with_both_scores() -> None:
    turned = [Turned(item="t1", name="mlops", before=0.8, after=0.2)]
    compared = comparison_of([]).model_copy(update={"right_to_wrong": turned, "wrong_to_right": []})
    page = evaluation_page(text_report("network", 0.9, []), comparison=compared, texts={"t1": "A feature store"})
    assert "A feature store" in page and "0.80 → 0.20" in page


def test_a_slice_within_chance_is_not_called_weak() -> None:
    report = boxes_report([])
    unsure = [part.model_copy(update={"sure": False}) for part in report.slices]
    text = read(evaluation_page(report.model_copy(update={"slices": unsure}))).text
    assert "No slice lies below the whole by more than chance." in text
    assert "weaker on" not in text


def test_a_class_that_nothing_taught_is_named_as_such_and_not_as_the_weakest() -> None:
    report = boxes_report([])
    judged = [name for name, scores in report.metrics.by_class.items() if scores.ap50 is not None]
    last = min(judged, key=lambda name: report.metrics.by_class[name].ap50 or 0.0)
    text = read(evaluation_page(report.model_copy(update={"untaught": [last]}))).text
    assert f"No label taught {last}." in text
    assert f"weak at {last}," not in text and f"weakest {last}" not in text


def test_slices_that_are_all_too_small_are_said_to_be() -> None:
    report = boxes_report([])
    small = [
        part.model_copy(update={"sure": False, "scores": part.scores.model_copy(update={"map50": None})})
        for part in report.slices
    ]
    text = read(evaluation_page(report.model_copy(update={"slices": small}))).text
    assert "Every slice is too small to judge." in text
