"""Near duplicates share a split, in whatever order and however many at once they come; what cannot is counted."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sabbatical.core.ids import content_id
from sabbatical.schemas.item import ItemFilter, Split
from sabbatical.schemas.project import Project, ProjectIn
from sabbatical.stages.ingest import actions, item_queries
from sabbatical.stages.ingest.fingerprints import RADIUS
from sabbatical.stages.ingest.intake import Intake, Prepared
from sabbatical.stages.ingest.placing import SPLITS
from sabbatical.stages.project import actions as projects
from sabbatical.storage.workspace import Workspace
from tests.stages.conftest import NOW


def item(name: str, fingerprint: int | None, group: str | None = None) -> Prepared:
    ident = content_id(name.encode())
    return Prepared(ident, "image", name, name, None, "image/jpeg", 10, 32, 32, fingerprint=fingerprint, group=group)


def far(count: int, seed: int = 0) -> list[int]:
    """Fingerprints of which no two are near."""
    return [int(value) for value in np.random.default_rng(seed).integers(-(2**63), 2**63 - 1, count, dtype=np.int64)]


def near(a: int, b: int) -> bool:
    return ((a ^ b) & (2**64 - 1)).bit_count() <= RADIUS


def project_in(workspace: Workspace, name: str = "p") -> Project:
    with workspace.database.transaction() as session:
        return projects.create(session, ProjectIn(name=name, task="boxes", validation_share=0.2, test_share=0.3), NOW)


def begin(workspace: Workspace, project: Project, source: str, pinned: Split | None = None) -> Intake:
    with workspace.database.transaction() as session:
        return actions.intake(session, project, source, None, pinned, f"run_{source}")


def store(workspace: Workspace, intake: Intake, *batches: list[Prepared]) -> None:
    for batch in batches:
        with workspace.database.transaction() as session:
            intake.store(session, batch, NOW)


def splits(workspace: Workspace, project: Project) -> dict[str, Split]:
    with workspace.database.reading() as session:
        return {row.name: row.split for row in item_queries.items(session, project.id, ItemFilter(), 0, 10**6)}  # type: ignore[misc]


def said(intake: Intake) -> dict[str, str]:
    return {warning.code: warning.message for warning in intake.leaks.warnings()}


@pytest.mark.parametrize("twin_first", [True, False])
@pytest.mark.parametrize("batches", [1, 2])
def test_a_group_goes_where_the_twin_of_any_of_its_items_is(
    workspace: Workspace, twin_first: bool, batches: int
) -> None:
    project = project_in(workspace)
    old, other = far(100), far(100, seed=1)
    store(workspace, begin(workspace, project, "old"), [item(f"old {i}", old[i], f"a{i}") for i in range(100)])
    new = [[item(f"twin {i}", old[i] ^ 1, f"b{i}"), item(f"new {i}", other[i], f"b{i}")] for i in range(100)]
    ordered = [one for pair in new for one in (pair if twin_first else pair[::-1])]
    half = len(ordered) // batches
    intake = begin(workspace, project, "new")
    store(workspace, intake, *(ordered[start : start + half] for start in range(0, len(ordered), half)))
    found = splits(workspace, project)
    assert [i for i in range(100) if not found[f"old {i}"] == found[f"twin {i}"] == found[f"new {i}"]] == []
    assert len(set(found.values())) == 3 and said(intake) == {}


def test_two_sources_that_come_at_once_know_of_each_other(workspace: Workspace) -> None:
    project = project_in(workspace)
    prints = far(40)
    left, right = begin(workspace, project, "left"), begin(workspace, project, "right")
    for i in range(40):
        first, second = (left, right) if i % 2 else (right, left)
        store(workspace, first, [item(f"first {i}", prints[i], f"a{i}")])
        store(workspace, second, [item(f"second {i}", prints[i] ^ 3, f"b{i}")])
    found = splits(workspace, project)
    assert [i for i in range(40) if found[f"first {i}"] != found[f"second {i}"]] == []


def test_a_pinned_split_is_kept_and_each_near_duplicate_across_is_counted_and_named(workspace: Workspace) -> None:
    project = project_in(workspace)
    prints = far(100)
    held = [item(f"held {i}.jpg", prints[i], f"a{i}") for i in range(100)]
    store(workspace, begin(workspace, project, "holdout", "test"), held)
    intake = begin(workspace, project, "camera", "train")
    store(workspace, intake, [item(f"new {i}.jpg", prints[i] ^ 1, f"b{i}") for i in range(100)])
    assert Counter(intake.by_split) == {"train": 100}
    assert intake.leaks.crossing == {("train", "test", "holdout"): 100}
    message = said(intake)["near-duplicate-leak"]
    assert "100 items of this source in train nearly equal items in test (100 of 'holdout')" in message
    assert "'new 0.jpg' like 'held 0.jpg' of 'holdout'" in message and "and 97 more" in message
    assert "pinned to train" in message and "new project" in message


def test_a_later_frame_of_a_known_group_that_nears_a_test_item_is_counted(workspace: Workspace) -> None:
    project = project_in(workspace)
    prints, other = far(100), far(100, seed=1)
    camera = begin(workspace, project, "camera")
    store(workspace, camera, [item(f"frame {i}", other[i], f"b{i}") for i in range(100)])
    store(workspace, begin(workspace, project, "holdout", "test"), [item(f"h {i}", prints[i]) for i in range(100)])
    before = splits(workspace, project)
    store(workspace, camera, [item(f"later {i}", prints[i] ^ 1, f"b{i}") for i in range(100)])
    counts = Counter(before[f"frame {i}"] for i in range(100))
    expected = {(split, "test", "holdout"): counts[split] for split in ("train", "validation")}
    assert camera.leaks.crossing == expected and all(expected.values())
    assert f"{counts['train']} items" in " ".join(warning.message for warning in camera.leaks.warnings())


def test_an_item_that_a_near_duplicate_takes_elsewhere_than_asked_is_named(workspace: Workspace) -> None:
    project = project_in(workspace)
    prints = far(10)
    store(workspace, begin(workspace, project, "holdout", "test"), [item("held.csv:7", prints[3])])
    intake = begin(workspace, project, "dataset", "train")
    store(workspace, intake, [item(f"dataset.csv:{i}", prints[i]) for i in range(10)])
    assert intake.by_split == {"train": 9, "test": 1}
    assert list(said(intake)) == ["near-duplicate-moved"]
    message = said(intake)["near-duplicate-moved"]
    assert message.startswith("1 item went to test, not to train as asked")
    assert "'dataset.csv:3' like 'held.csv:7' of 'holdout'" in message


def test_groups_that_were_drawn_before_stay_and_their_items_are_counted_once(workspace: Workspace) -> None:
    project = project_in(workspace)
    prints = far(40)
    batches = [[item(f"{i}", prints[i], "scene")] for i in range(40)]
    store(workspace, begin(workspace, project, "camera", "test"), *batches[:10])
    again = begin(workspace, project, "camera", "train")
    store(workspace, again, *batches[10:])
    assert list(said(again)) == ["split-kept"]
    assert said(again)["split-kept"].startswith("30 items went to test, not to train as asked")


ITEMS = st.tuples(
    st.integers(0, 4),
    st.sets(st.integers(0, 63), max_size=5),
    st.one_of(st.none(), st.integers(0, 9)),
    st.integers(0, 2),
)
BASES = far(5, seed=9)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    drawn=st.lists(ITEMS, min_size=1, max_size=40),
    cuts=st.lists(st.integers(0, 40), max_size=8),
    pins=st.lists(st.sampled_from([None, None, "train", "test"]), min_size=3, max_size=3),
    salt=st.integers(0, 10**6),
)
def test_new_groups_follow_their_twins_and_all_that_cannot_is_counted(
    workspace: Workspace, drawn: list[Any], cuts: list[int], pins: list[Split | None], salt: int
) -> None:
    """Three sources send batches in turn; a plain search over all pairs says what must have come out."""
    with workspace.database.transaction() as session:
        project = projects.create(session, ProjectIn(name=f"p{salt}", task="boxes", test_share=0.3), NOW)
        project = project.model_copy(update={"salt": f"{salt:016}"})
        intakes = [actions.intake(session, project, f"s{i}", None, pin, f"run_{i}") for i, pin in enumerate(pins)]
        batches = [(i, part) for part in _parts(drawn, cuts) for i in range(3) if any(one[3] == i for _, one in part)]
        came: list[tuple[Prepared, int, int]] = []
        for number, (source, part) in enumerate(batches):
            batch = [_item(place, one) for place, one in part if one[3] == source]
            intakes[source].store(session, batch, NOW)
            came += [(one, source, number) for one in batch]
        rows = item_queries.items(session, project.id, ItemFilter(), 0, 10**6)
        places = {row.name: (row.group, row.split) for row in rows}
        session.rollback()
    _check(came, places, intakes)


def _parts(drawn: list[Any], cuts: list[int]) -> list[list[tuple[int, Any]]]:
    places = sorted({0, len(drawn), *(cut for cut in cuts if cut < len(drawn))})
    return [list(enumerate(drawn))[start:end] for start, end in pairwise(places)]


def _item(place: int, one: Any) -> Prepared:
    base, bits, group, _ = one
    value = (BASES[base] ^ sum(1 << bit for bit in bits)) & (2**64 - 1)
    return item(f"i{place}", value - 2**64 if value >= 2**63 else value, None if group is None else f"g{group}")


def _check(came: list[tuple[Prepared, int, int]], places: dict[str, tuple[str, str]], intakes: list[Intake]) -> None:
    """What a plain search says: who nearly equals whom, and which group was new in which batch of which source."""
    counted: list[Counter[tuple[str, str]]] = [Counter() for _ in intakes]
    born: dict[str, tuple[int, int]] = {}
    touched: dict[str, set[str]] = {}
    linked = set()
    by_group = dict(places.values())
    for position, (one, source, batch) in enumerate(came):
        group, split = places[one.name]
        assert by_group[group] == split
        born.setdefault(group, (batch, source))
        twins = [(other.name, when) for other, _, when in came[:position] if near(_print(one), _print(other))]
        counted[source].update((split, other) for other in {places[name][1] for name, _ in twins} - {split})
        for name, when in twins:
            there = places[name][0]
            new, other_new = born[group][0] == batch, when == batch and born[there][0] == batch
            if new and other_new:
                linked.add((there, group))
            elif new:
                touched.setdefault(group, set()).add(places[name][1])
            elif other_new:
                touched.setdefault(there, set()).add(split)
    _follow(by_group, {g: near for g, near in touched.items() if intakes[born[g][1]].pinned is None}, linked)
    for intake, expected in zip(intakes, counted, strict=True):
        found: Counter[tuple[str, str]] = Counter()
        for (split, other, _), count in intake.leaks.crossing.items():
            found[split, other] += count
        assert found == expected


def _follow(by_group: dict[str, str], touched: dict[str, set[str]], linked: set[tuple[str, str]]) -> None:
    """New groups that are near one another share a split; one near a known item is at least as held out as that."""
    alone = touched.keys() - {name for here, there in linked if here != there for name in (here, there)}
    assert all(by_group[here] == by_group[there] for here, there in linked)
    for group, splits_near in touched.items():
        first = min(SPLITS.index(split) for split in splits_near)
        found = SPLITS.index(by_group[group])
        assert found <= first and (found == first or group not in alone)


def _print(one: Prepared) -> int:
    assert one.fingerprint is not None
    return one.fingerprint
