"""Each data set becomes taxonomies and sources that go in by the front door, whole."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
import yaml

from sabbatical.catalogue import DataSet, Plan, describe, list_sets, prepare
from sabbatical.catalogue.plan import PlanSource
from sabbatical.core.errors import BadFile, BadInput
from sabbatical.stages.ingest.recognise import recognise
from sabbatical.stages.ingest.records import Record, Refusal
from sabbatical.taxonomy import SuperTaxonomy, Taxonomy, check, is_super_document, parse_yaml

SETS = [entry for entry in list_sets() if not entry.built_in]


def read(folder: Path, source: PlanSource) -> list[Record]:
    """The records of a source; nothing may be refused."""
    path = folder / source.path
    entries = list(recognise(path).reader.read(path))
    assert not [entry for entry in entries if isinstance(entry, Refusal) and not entry.kept]
    return [entry for entry in entries if isinstance(entry, Record)]


def marks(entry: DataSet) -> list[pytest.MarkDecorator]:
    return [pytest.mark.data(part) for part in entry.made_of or (entry.name,)]


def raw(name: str, mirror: Path) -> Path:
    """What `get` answers of a whole mirror."""
    return mirror if describe(name).made_of else mirror / name


@pytest.mark.parametrize("name", [pytest.param(entry.name, marks=marks(entry)) for entry in SETS])
def test_a_prepared_set_goes_in_whole_under_taxonomies_that_fit(name: str, mirror: Path, tmp_path: Path) -> None:
    plan = prepare(name, raw(name, mirror), tmp_path)
    assert plan == Plan.load(tmp_path) and plan.project == name and plan.task == describe(name).task
    files = [tmp_path / file for file in (plan.super_taxonomy, *plan.taxonomies)]
    of_trees = [is_super_document(parse_yaml(file.read_text("utf-8"))) for file in files]
    tree = [SuperTaxonomy.read(file) for file, of_tree in zip(files, of_trees, strict=True) if of_tree][-1]
    loaded = [Taxonomy.read(file) for file, of_tree in zip(files, of_trees, strict=True) if not of_tree]
    taxonomies = {(taxonomy.name, taxonomy.version): taxonomy for taxonomy in loaded}
    seen: set[str] = set()
    for source in plan.sources:
        records = read(tmp_path, source)
        if source.taxonomy is None:
            assert all(record.payload is None for record in records)
        else:
            labels = {label for record in records if record.payload for label in record.payload.labels}
            assert labels and labels <= set(taxonomies[source.taxonomy, source.version].names)
            assert all(record.payload is not None for record in records)
        if source.turn == 1:
            seen.update(f"{source.source}/{record.name}" for record in records)
    assert len(seen) == describe(name).items
    for taxonomy in taxonomies.values():
        assert not [finding for finding in check(tree, [taxonomy]) if finding.level == "error"]


@pytest.mark.data("bccd")
def test_each_laboratory_draws_one_class_on_a_third_and_the_test_images_are_drawn_fully(
    mirror: Path, tmp_path: Path
) -> None:
    plan = prepare("bccd", mirror / "bccd", tmp_path)
    drawn = {}
    for source in plan.sources:
        records = read(tmp_path, source)
        counts = Counter(label for record in records if record.payload for label in record.payload.labels)
        drawn[source.source] = (len(records), source.split, set(counts))
    assert drawn == {
        "haema": (98, "train", {"Platelets"}),
        "rubra": (97, "train", {"RBC"}),
        "alba": (97, "train", {"WBC"}),
        "reference": (72, "test", {"RBC", "WBC", "Platelets"}),
    }


@pytest.mark.data("made-with-ml")
def test_the_six_tags_come_on_the_same_texts_as_the_four(mirror: Path, tmp_path: Path) -> None:
    plan = prepare("made-with-ml", mirror / "made-with-ml", tmp_path)
    texts: dict[int, dict[str | None, tuple[str, ...]]] = {1: {}, 2: {}}
    for source in plan.sources:
        assert source.version == min(source.turn, 2) and source.taxonomy == "tags"
        texts[source.version] |= {
            record.text: record.payload.labels for record in read(tmp_path, source) if record.payload
        }
    assert texts[1].keys() == texts[2].keys() and len(texts[1]) == 955
    moved = Counter((texts[1][text], texts[2][text]) for text in texts[1] if texts[1][text] != texts[2][text])
    assert {before for before, _ in moved} == {("other",)} and len(moved) == 3 and sum(moved.values()) == 132


@pytest.mark.data("made-with-ml")
def test_from_some_day_on_texts_carry_six_tags_and_the_tree_before_that_day_is_flat(
    mirror: Path, tmp_path: Path
) -> None:
    plan = prepare("made-with-ml", mirror / "made-with-ml", tmp_path)
    days = {
        source.source: [record.captured_at for record in read(tmp_path, source) if record.captured_at]
        for source in plan.sources
    }
    assert max(days["six-tags-earlier"]) <= min(days["six-tags-dataset"])
    assert (len(days["six-tags-earlier"]), len(days["six-tags-dataset"])) == (612, 152)
    before, after = (SuperTaxonomy.read(tmp_path / file) for file in (plan.super_taxonomy, "projects.yaml"))
    assert (before.name, before.version, after.version) == (after.name, 1, 2)
    assert before.names == after.roots and set(before["other"].synonyms) >= set(after.children("other"))


@pytest.mark.data("intel-camera-streams")
def test_frames_of_one_camera_and_stretch_of_time_are_one_group(mirror: Path, tmp_path: Path) -> None:
    plan = prepare("intel-camera-streams", mirror / "intel-camera-streams", tmp_path)
    for source in plan.sources:
        for record in read(tmp_path, source):
            seconds = record.attributes["t_seconds"]
            assert record.group == f"{source.source}-{int(seconds // 10)}" and record.captured_at is None


def test_a_set_that_is_not_there_or_built_in_is_said(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match=r"annotations\.json.*Get the data set again"):
        prepare("bccd", tmp_path / "nothing", tmp_path / "out")
    with pytest.raises(BadInput, match="built in"):
        prepare("world", tmp_path, tmp_path)


def test_a_plan_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    (tmp_path / "plan.yaml").write_text(yaml.safe_dump({"project": "x", "sourses": []}))
    with pytest.raises(BadInput, match=r"plan\.yaml: This is no plan"):
        Plan.load(tmp_path)
