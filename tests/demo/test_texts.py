"""The second turn of the demo on texts: a finer taxonomy comes, and labels of before are carried, or read coarsely."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import sabbatical
from sabbatical.catalogue import Plan, prepare
from sabbatical.demo import finer, texts
from sabbatical.demo import play as loop
from sabbatical.demo.play import Contest
from sabbatical.demo.ready import Ready
from sabbatical.demo.telling import Silent, Teller
from sabbatical.demo.texts import TextContest, tell_texts, text_contest
from sabbatical.report import demo_page
from tests.conftest import MIRROR

SOME = 4  # of so many rows one is kept


@dataclass(frozen=True)
class Played:
    contest: TextContest
    told: list[str]
    page: str


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    """Both turns, played on a part of the texts with models that learn in a second."""
    patch = pytest.MonkeyPatch()
    patch.setattr(texts, "RECIPES", ("rules", "linear"))
    patch.setattr(finer, "RECIPE", "linear")
    folder = tmp_path_factory.mktemp("texts")
    plan = prepare("made-with-ml", Path(str(MIRROR)) / "made-with-ml", folder / "ready")
    for source in plan.sources:
        thin(folder / "ready" / source.path)
    ready = Ready("made-with-ml", Plan.load(folder / "ready"), folder / "ready", "tags", "best")
    teller = Teller(Silent())
    with sabbatical.open(home=folder / "home") as workspace:
        project, findings = loop._customers(workspace, ready, teller)
        contest = text_contest(loop._take(ready, project, findings, teller), teller)
        page = demo_page(tell_texts(contest, teller))
        patch.undo()
        yield Played(contest, [told.summary for told in teller.steps], page)


def thin(path: Path) -> None:
    """Keep a part of the texts, by its id, so that the same ones are kept in each file."""
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(row for row in rows if int(row["id"]) % SOME == 0)


@pytest.mark.data("made-with-ml")
def test_labels_of_before_are_carried_and_those_of_the_split_tag_are_coarse(played: Played) -> None:
    before, after = played.contest.second.counts
    assert before.new == 0 and before.whole and before.coarse
    assert before.whole + before.coarse == after.new + after.whole + after.coarse
    assert 0 < after.coarse < before.coarse and 0 < after.whole < before.whole
    became = {one.label: one for _, one in played.contest.second.became}
    assert became["mlops"].change == "kept" and became["other"].change == "split" and became["other"].to == "other"
    assert sum(texts for texts, _ in played.contest.second.became) == before.whole + before.coarse


@pytest.mark.data("made-with-ml")
def test_one_model_learns_from_old_and_new_labels(played: Played) -> None:
    new, both = (model.record.record["texts"] for model in played.contest.second.contest.models)
    assert 0 < new < both == played.contest.models[-1].record.record["texts"]
    children = {"reinforcement-learning", "graph-learning", "time-series"}
    assert children.isdisjoint(played.contest.models[-1].record.classes)
    assert children < set(played.contest.second.contest.models[-1].record.classes)
    assert set(judged(played.contest)) == {"natural-language-processing", "computer-vision", "mlops", "other"}
    assert children & set(judged(played.contest.second.contest))


def judged(contest: Contest) -> list[str]:
    """The classes of which the holdout has texts."""
    return [name for name, scores in contest.judged.report.metrics.by_class.items() if scores.n]


@pytest.mark.data("made-with-ml")
def test_the_page_tells_both_turns_and_ends_with_the_scores_of_both(played: Played) -> None:
    for said in ("What became of the old labels", "Labels by what they tell", "was split into", "old and new"):
        assert said in played.page
    assert any("Weighted F1 over the finer tags" in told for told in played.told)
    assert all(name in played.page for name in ("reinforcement-learning", "graph-learning", "time-series"))
