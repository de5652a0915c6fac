"""Weights come back as they were, damaged ones are refused by name, and nothing is ever unpickled."""

from __future__ import annotations

import errno
import pickle
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from sabbatical.core import files
from sabbatical.core.errors import BadFile, NotFound, StorageFull
from sabbatical.core.files import write_whole
from sabbatical.learning.detector import Detector
from sabbatical.learning.weights import load_detector, load_tensors, save_detector, save_tensors
from tests.learning.shapes import SUPER, config_of


@pytest.fixture
def file(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    save_detector(tmp_path / "model.safetensors", Detector(config_of()))
    return tmp_path / "model.safetensors"


def test_a_detector_comes_back_with_its_classes_and_bits(file: Path) -> None:
    torch.manual_seed(0)
    made, loaded = Detector(config_of()).eval(), load_detector(file)
    assert loaded.config == made.config
    assert loaded.config.classes == SUPER.names
    image = torch.randint(0, 255, (1, 64, 64, 3), dtype=torch.uint8)
    assert torch.equal(made(image).logits, loaded(image).logits)


@pytest.mark.parametrize("keep", [0, 4, 100, 0.5, 0.999])
def test_a_file_cut_short_is_refused(file: Path, keep: float) -> None:
    content = file.read_bytes()
    file.write_bytes(content[: int(keep * len(content)) if isinstance(keep, float) else keep])
    with pytest.raises(BadFile, match=r"model\.safetensors"):
        load_detector(file)


@pytest.mark.parametrize("at", [-1, -1000, 0.5])
def test_a_single_altered_byte_is_noticed(file: Path, at: float) -> None:
    content = bytearray(file.read_bytes())
    content[int(at * len(content)) if isinstance(at, float) else at] ^= 0x10
    file.write_bytes(bytes(content))
    with pytest.raises(BadFile):
        load_detector(file)


def test_a_pickle_is_refused_and_not_run(tmp_path: Path) -> None:
    ran = tmp_path / "ran"

    class Trap:
        def __reduce__(self) -> tuple[object, tuple[str, str]]:
            return (open, (str(ran), "w"))

    (tmp_path / "model.pt").write_bytes(pickle.dumps(Trap()))
    with pytest.raises(BadFile):
        load_detector(tmp_path / "model.pt")
    assert not ran.exists()


def test_foreign_weights_and_other_kinds_are_refused(tmp_path: Path) -> None:
    save_file({"weight": torch.zeros(2)}, str(tmp_path / "foreign.safetensors"))
    with pytest.raises(BadFile, match="not written by Sabbatical"):
        load_tensors(tmp_path / "foreign.safetensors")
    save_tensors(tmp_path / "other.safetensors", {"weight": torch.zeros(2)}, {"kind": "text"})
    with pytest.raises(BadFile, match="holds no detector"):
        load_detector(tmp_path / "other.safetensors")
    with pytest.raises(NotFound):
        load_detector(tmp_path / "absent.safetensors")


def test_weights_that_do_not_fit_their_configuration_are_refused(tmp_path: Path) -> None:
    save_tensors(
        tmp_path / "odd.safetensors", {"weight": torch.zeros(2)}, {"kind": "detector", "config": config_of().to_dict()}
    )
    with pytest.raises(BadFile, match="do not fit"):
        load_detector(tmp_path / "odd.safetensors")


def test_a_full_disk_leaves_the_old_file(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = file.read_bytes()

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(StorageFull, match="The disk is full"):
        write_whole(file, b"new")
    assert file.read_bytes() == before
    assert [each.name for each in file.parent.iterdir()] == [file.name]


def test_the_same_weights_are_the_same_bytes(tmp_path: Path) -> None:
    tensors = {"a": torch.arange(3.0), "b": torch.zeros(2)}
    for name in map(str, range(8)):
        save_tensors(tmp_path / name, tensors, {"kind": "test", "more": [1, 2]})
    assert len({(tmp_path / name).read_bytes() for name in map(str, range(8))}) == 1
