"""A training loop of your own with Sabbatical's masks, and nothing else of it: `python recipes/a_loop_of_your_own.py`.

Two customers have the same kind of pictures; one draws every disc and no square, the other every square and no disc.
"""

import numpy as np
import torch
from torch import nn

from sabbatical.learning import gather_rows, iou_loss, mask_tables, masked_focal
from sabbatical.taxonomy import SuperTaxonomy, Taxonomy, bank, masked_tables

TREE = SuperTaxonomy.from_yaml("{super-taxonomy: shapes, classes: {disc: {}, square: {}}}")
CUSTOMERS = [
    Taxonomy.from_yaml("{taxonomy: aurora, super-taxonomy: shapes, labels: {Circle: disc}}"),
    Taxonomy.from_yaml("{taxonomy: basalt, super-taxonomy: shapes, labels: {Box: square}}"),
]
MIDDLE_A2 = torch.tensor([(x, y) for y in (4.0, 12, 20, 28) for x in (4.0, 12, 20, 28)])  # of 16 cells: the anchors


def pictures(many, seed):
    """Images (b, 1, 32, 32), what stands in each cell (b, 16; 0 a disc, 1 a square, 2 nothing), boxes (b, 16, 4)."""
    random, away_p = np.random.default_rng(seed), np.abs(np.arange(8) - 3.5)
    kind_ba, half_ba = random.choice([0, 1, 2, 2], (many, 16)), random.uniform(2.4, 4, (many, 16)).astype("float32")
    shapes_3pp = np.stack([np.hypot(away_p, away_p[:, None]), np.maximum(away_p, away_p[:, None]), np.full((8, 8), 9)])
    shown_bapp = shapes_3pp[kind_ba] < half_ba[..., None, None]
    images = shown_bapp.reshape(many, 1, 4, 4, 8, 8).swapaxes(3, 4).reshape(many, 1, 32, 32)
    images = torch.tensor(images + random.normal(0, 0.2, images.shape)).float()
    half_ba1 = torch.tensor(half_ba)[..., None]
    return images, torch.tensor(kind_ba), torch.cat([MIDDLE_A2 - half_ba1, MIDDLE_A2 + half_ba1], 2)


for masking in ("none", "tree"):
    torch.manual_seed(0)
    layers = [layer for n in (1, 16, 16) for layer in (nn.Conv2d(n, 16, 3, 2, 1), nn.BatchNorm2d(16), nn.ReLU())]
    net = nn.Sequential(*layers, nn.Conv2d(16, 6, 3, 1, 1), nn.Flatten(2))
    optimizer = torch.optim.Adam(net.parameters(), 1e-2)
    tables = mask_tables(bank([masked_tables(TREE, each, masking) for each in CUSTOMERS]))
    for step in range(100):
        images, kind_ba, boxes_ba4 = pictures(16, step)
        taxonomy_b = torch.arange(16) % 2  # whose picture it is
        drawn_ba = kind_ba == taxonomy_b[:, None]  # what that customer drew, with the only label it has: row 0
        logits_bak, sides_ba4 = net(images).transpose(1, 2).split([2, 4], 2)
        found_ba4 = MIDDLE_A2.repeat(1, 2) + torch.exp(sides_ba4) * torch.tensor([-3, -3, 3, 3])
        row_ba = torch.where(drawn_ba, 0, tables.background)
        classes = masked_focal(logits_bak, *gather_rows(tables, taxonomy_b, row_ba))
        loss = (classes + iou_loss(found_ba4[drawn_ba], boxes_ba4[drawn_ba]).sum()) / drawn_ba.sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    images, kind_ba, _ = pictures(200, 10_000)
    sure_bak = net.eval()(images).transpose(1, 2)[..., :2] > 0  # a logit of 0 is a score of one half
    for k, name in enumerate(TREE.names):
        right_ba, wrong_ba = sure_bak[..., k] & (kind_ba == k), sure_bak[..., k] & (kind_ba != k)
        print(f"{masking}: {right_ba.sum()} of {(kind_ba == k).sum()} {name}s found, {wrong_ba.sum()} wrong")
