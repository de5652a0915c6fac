"""A taxonomy is added, changed and written out on the command line, and mistakes in a file name the file."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.cli.conftest import Call


def write(path: Path, labels: dict[str, str], above: str = "road") -> Path:
    path.write_text(yaml.safe_dump({"taxonomy": "a", "super-taxonomy": above, "labels": labels}))
    return path


def test_what_became_of_old_labels_is_printed_and_a_dropped_one_is_a_warning(sabbatical: Call, tmp_path: Path) -> None:
    file = write(tmp_path / "a.yaml", {"Human": "adult"})
    said = " ".join(sabbatical("taxonomy", "add", file).out.split())
    assert "a stands at version 2." in said
    assert "note 'Human' (person) is now 'Human' (adult)" in said
    assert "warning 'Car' is no longer drawn; its old shapes stand for vehicle." in said
    changes = sabbatical("taxonomy", "add", file, "--json").document["taxonomies"][0]["changes"]
    assert [(one["label"], one["change"]) for one in changes] == [("Human", "moved"), ("Car", "dropped")]


def test_a_taxonomy_comes_out_as_yaml_and_the_same_file_adds_nothing(sabbatical: Call, tmp_path: Path) -> None:
    for name in ("road", "a"):
        said = sabbatical("taxonomy", "show", name, "--yaml")
        file = tmp_path / f"{name}.yaml"
        file.write_text(said.out)
        assert "stands at version 1." in sabbatical("taxonomy", "add", file).out
    assert yaml.safe_load((tmp_path / "road.yaml").read_text())["classes"].keys() == {"person", "vehicle"}
    assert sabbatical("taxonomy", "show", "--yaml").code == 2


@pytest.mark.parametrize(
    "text", ["super-taxonomy: [", "a: 1\na: 2\n", "taxonomy: b\nsuper-taxonomy: rode\nlabels: {A: x}"]
)
def test_what_is_wrong_with_a_file_is_said_with_its_name(sabbatical: Call, tmp_path: Path, text: str) -> None:
    file = tmp_path / "customer.yaml"
    file.write_text(text)
    error = sabbatical("taxonomy", "add", file, "--json").document["error"]
    assert error["code"] == "bad_taxonomy"
    assert error["where"].startswith(f"{file}, ")
