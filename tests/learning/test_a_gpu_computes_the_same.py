"""Losses and gradients on an accelerator are those of the CPU, within the rounding of float32."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from sabbatical.learning.config import HeadName
from sabbatical.learning.detector import Detector
from sabbatical.learning.masking import mask_tables
from tests.learning.shapes import COARSE, FINE, SUPER, TINY, bank_of, config_of
from tests.learning.test_masks_say_what_a_taxonomy_knows import MIXED

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs an accelerator"),
]
TABLES = mask_tables(bank_of(COARSE, FINE), tuple(range(len(SUPER))))


@pytest.mark.parametrize("name", ["centre", "anchor", "rt-detr-v2", "d-fine"])
def test_cpu_and_gpu_agree_on_loss_and_gradients(name: HeadName, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", False)  # convolutions would be rounded to ten bits
    if name in ("rt-detr-v2", "d-fine"):
        pytest.importorskip("transformers", reason="needs the extra: pip install 'sabbatical[hf]'")
    sums, gradients = {}, {}
    for device in ("cpu", "cuda"):
        torch.manual_seed(0)
        detector = Detector(config_of(replace(TINY, head=name, places=20))).eval()
        batch = MIXED.to(torch.device(device))
        detector.to(device)
        found = detector.head.loss(detector(batch.images_bhwc), batch, TABLES.to(torch.device(device)))
        found.mean(1.0).backward()  # type: ignore[no-untyped-call]
        sums[device] = torch.stack([found.classification, found.box, found.assigned]).cpu()
        gradients[device] = torch.cat([p.grad.flatten().cpu() for p in detector.parameters() if p.grad is not None])
    torch.testing.assert_close(sums["cuda"], sums["cpu"], rtol=1e-4, atol=1e-4)
    apart = (gradients["cuda"] - gradients["cpu"]).norm() / gradients["cpu"].norm()
    assert apart < 1e-3
