import errno
from pathlib import Path

import numpy as np
import pytest

from sabbatical.core.errors import BadFile, NotFound, StorageFull
from sabbatical.learning.text import models
from sabbatical.learning.text.recipe import NetworkRecipe, TextRecipe

from .worlds import SUPER, TAXONOMIES, sentences

SMALL = NetworkRecipe(embedding=8, hidden=8, epochs=2)
KINDS = ["rules", "linear", "network", "best"]


@pytest.fixture(params=KINDS)
def saved(request, tmp_path):
    model = models.fit(TextRecipe(model=request.param, network=SMALL), sentences(60), SUPER, TAXONOMIES)
    model.save(tmp_path / "model.safetensors")
    return model, tmp_path / "model.safetensors"


def test_a_loaded_model_predicts_bit_by_bit_the_same(saved):
    model, path = saved
    texts = [*sentences(30, seed=3).texts, "", "Ünïcode 漢字 C++"]
    np.testing.assert_array_equal(models.load(path).predict(texts), model.predict(texts))
    assert models.load(path).classes == model.classes


def test_saving_what_was_loaded_gives_the_same_bytes(saved, tmp_path):
    _, path = saved
    models.load(path).save(tmp_path / "again.safetensors")
    assert (tmp_path / "again.safetensors").read_bytes() == path.read_bytes()


def test_a_byte_changed_anywhere_is_refused(saved):
    _, path = saved
    good = path.read_bytes()
    for place in np.linspace(0, len(good) - 1, 60).astype(int):
        bad = bytearray(good)
        bad[place] ^= 0x15
        path.write_bytes(bytes(bad))
        with pytest.raises(BadFile):
            models.load(path)


@pytest.mark.parametrize("kept", [0, 7, 0.5, 0.99])
def test_a_truncated_file_is_refused(saved, kept):
    _, path = saved
    good = path.read_bytes()
    path.write_bytes(good[: int(kept * len(good)) if isinstance(kept, float) else kept])
    with pytest.raises(BadFile, match="damaged"):
        models.load(path)


def test_a_missing_file_is_not_found(tmp_path):
    with pytest.raises(NotFound):
        models.load(tmp_path / "none.safetensors")


def test_a_full_disk_leaves_the_older_model(saved, monkeypatch):
    model, path = saved
    before = path.read_bytes()

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(StorageFull, match="disk is full"):
        model.save(path)
    monkeypatch.undo()
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == [path.name]
