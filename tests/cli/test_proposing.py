"""`taxonomy propose` tells a table, writes files for a person to correct, and never writes over one."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.cli.conftest import Call
from tests.sdk import street


@pytest.fixture
def customer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A taxonomy without a mapping, in the folder where commands are called."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "basalt.yaml"
    path.write_text("taxonomy: basalt\nlabels: {ADULTS: , Vehicles: , kalo: , Statue: ignore}\n")
    return path


def test_a_table_is_told_and_a_file_written_that_add_refuses_until_it_is_decided(
    sabbatical: Call, customer: Path, tmp_path: Path
) -> None:
    said = sabbatical("taxonomy", "propose", customer, "--model", "none")
    assert said.code == 0, said.err
    assert max(map(len, said.out.splitlines())) <= 80
    words = " ".join(said.out.split())
    assert "Names alone were compared." in words and "same as adult" in words and "same as vehicle" in words
    assert "1 left for you to decide: kalo." in words
    assert "1 label had a class already" in words
    written = tmp_path / "basalt.proposed.yaml"
    assert f"sabbatical taxonomy add {written.name}" in words
    refused = sabbatical("taxonomy", "add", written, "--json").document["error"]
    assert refused["message"] == "1 of 4 labels is still undecided: 'kalo'."
    written.write_text(written.read_text().replace("undecided: []", "class: child"))
    assert sabbatical("taxonomy", "add", written).code == 0
    again = sabbatical("taxonomy", "propose", customer, "--model", "none", "--json").document
    assert again["version"] == 2 and again["written"] == []


def test_a_file_that_is_there_is_left_alone(sabbatical: Call, customer: Path, tmp_path: Path) -> None:
    written = tmp_path / "mine.yaml"
    written.write_text("corrected: by hand\n")
    said = sabbatical("taxonomy", "propose", customer, "--model", "none", "-o", written)
    assert said.code == 1 and "This file is there already" in said.err
    assert written.read_text() == "corrected: by hand\n"


def test_data_with_labels_is_looked_at_with_the_newest_model(sabbatical: Call, tmp_path: Path) -> None:
    data = street.draw(tmp_path / "cameras", 6, seed=3)
    found = sabbatical("taxonomy", "propose", data, "--name", "second", "-o", tmp_path / "out.yaml", "--json").document
    assert (found["model"], found["items"], found["of"], found["computed"]) == ("v1", 6, 6, 6)
    assert {one["label"]: one["looked_at"] for one in found["labels"]} == {"Human": 3, "Car": 3}
    assert found["written"][-1] == str(tmp_path / "out.yaml")
    assert yaml.safe_load((tmp_path / "out.yaml").read_text())["taxonomy"] == "second"


def test_what_is_not_there_is_said_in_words(sabbatical: Call, tmp_path: Path) -> None:
    assert sabbatical("taxonomy", "propose", "nosuch", "--json").document["error"]["message"].endswith("'nosuch'.")
    error = sabbatical("taxonomy", "propose", tmp_path / "nosuch.yaml", "--json").document["error"]
    assert error["code"] == "bad_file" and error["where"].endswith("nosuch.yaml")


def test_a_file_stays_in_the_folder_whatever_a_taxonomy_is_called(
    sabbatical: Call, customer: Path, tmp_path: Path
) -> None:
    said = sabbatical("taxonomy", "propose", customer, "--model", "none", "--name", "../../a b")
    assert said.code == 0, said.err
    assert sorted(one.name for one in tmp_path.glob("*.proposed.yaml")) == ["--..-a-b.proposed.yaml"]
