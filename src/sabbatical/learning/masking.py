"""The tables of every taxonomy on the device, and the assembly of a loss from them by gathers alone.

What a sample can teach depends on who labeled it. For each anchor of an image of taxonomy t:

    assigned to a box with label l      target row target[t, l], mask row known[t, l]
    background                          zeros, mask row covered[t]
    unassigned (dead zone, ignored)     no target, mask row zeros

so one table of l + 2 rows per taxonomy answers every case, and a batch of mixed taxonomies is one gather.

Legend: b images; a anchors; k classes; t taxonomies; l labels; r = l + 2 rows; n boxes; m mask width, k or 1;
p cells of a map; g groups of box outputs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sabbatical.learning.samples import CUT
from sabbatical.taxonomy import TableBank


@dataclass(frozen=True, slots=True)
class MaskTables:
    """The rows that anchors gather.

    Attributes:
        target_trk: float32; rows 0..l-1 are the labels', then background, then unassigned.
        mask_trm: float32, likewise; m is 1 where nothing is masked, so that the plain loss pays for no mask.
        ignored_tl: bool, labels that are drawn but never trained on.
        box_weight_tlg: float32, how far a drawn box of a label teaches each group of box outputs; 0 for not at all.
        confused: the chance from which background is taken for an object that nobody drew, see `losses.recalibrated`.
    """

    target_trk: Tensor
    mask_trm: Tensor
    ignored_tl: Tensor
    box_weight_tlg: Tensor
    confused: float = 1.0

    @property
    def background(self) -> int:
        return self.target_trk.shape[1] - 2

    @property
    def unassigned(self) -> int:
        return self.target_trk.shape[1] - 1

    @property
    def classes(self) -> int:
        return self.target_trk.shape[2]

    def drawn(self, taxonomy_n: Tensor, labels_n: Tensor) -> Tensor:
        """Which boxes (bool, n) are objects to learn; the others are regions to ignore."""
        return (labels_n != CUT) & ~self.ignored_tl[taxonomy_n, labels_n.clamp(min=0)]

    def to(self, device: torch.device) -> MaskTables:
        return MaskTables(
            self.target_trk.to(device),
            self.mask_trm.to(device),
            self.ignored_tl.to(device),
            self.box_weight_tlg.to(device),
            self.confused,
        )


def mask_tables(bank: TableBank, group_k: tuple[int, ...] | None = None, confused: float = 1.0) -> MaskTables:
    """The rows of the tables of every taxonomy of the data; how they mask was decided by `taxonomy.masked_tables`.

    Args:
        bank: the tables.
        group_k: the group of box outputs that each class shares, 0..g-1; by default all share one.
        confused: see `MaskTables`.
    """
    target_tlk, known_tlk, covered_tk = (
        torch.as_tensor(table, dtype=torch.float32) for table in (bank.target_tlk, bank.known_tlk, bank.covered_tk)
    )
    taxonomies, labels, classes = target_tlk.shape
    zeros_t2k = torch.zeros(taxonomies, 2, classes)
    ignored_tl = torch.as_tensor(bank.ignored_tl, dtype=torch.bool)
    if bool(covered_tk.all()) and bool((known_tlk.all(2) | ignored_tl).all()):
        mask_trm = torch.ones(taxonomies, labels + 2, 1)
        mask_trm[:, -1] = 0.0
    else:
        mask_trm = torch.cat([known_tlk, covered_tk[:, None], zeros_t2k[:, :1]], dim=1)
    return MaskTables(
        target_trk=torch.cat([target_tlk, zeros_t2k], dim=1),
        mask_trm=mask_trm,
        ignored_tl=ignored_tl,
        box_weight_tlg=torch.from_numpy(_box_weights(bank, group_k or (0,) * classes)),
        confused=confused,
    )


def _box_weights(bank: TableBank, group_k: tuple[int, ...]) -> NDArray[np.float32]:
    """The rule weight of the deepest class of the label within each group: classes stand parents first."""
    groups, classes = max(group_k) + 1, len(group_k)
    in_group_gk = np.arange(groups)[:, None] == np.array(group_k)
    order_tlgk = bank.target_tlk[:, :, None] * in_group_gk * np.arange(1, classes + 1)
    deepest_tlg = order_tlgk.max(axis=3).astype(int)
    weight_tk = np.concatenate([np.zeros((len(bank.box_weight_tk), 1)), bank.box_weight_tk], axis=1)
    weight_tlg: NDArray[np.float32] = weight_tk[np.arange(len(weight_tk))[:, None, None], deepest_tlg].astype(
        np.float32
    )
    return weight_tlg


def gather_rows(tables: MaskTables, taxonomy_b: Tensor, row_ba: Tensor) -> tuple[Tensor, Tensor]:
    """Targets (b, a, k) and masks (b, a, m) of anchors by their rows: int64, a label, background or unassigned."""
    return tables.target_trk[taxonomy_b[:, None], row_ba], tables.mask_trm[taxonomy_b[:, None], row_ba]


@dataclass(frozen=True, slots=True)
class HeatTargets:
    """What each cell of a map of p = h * w cells should say.

    Attributes:
        heat_bkp: float32, 1 at the centre of an object, falling off around it, 0 elsewhere.
        mask_bmp: float32, whether the cell is known for the class.
    """

    heat_bkp: Tensor
    mask_bmp: Tensor


def heat_targets(
    tables: MaskTables,
    taxonomy_b: Tensor,
    image_n: Tensor,
    labels_n: Tensor,
    cells_n: Tensor,
    bumps_np: Tensor,
    ignored_bp: Tensor,
) -> HeatTargets:
    """Targets and masks for heat maps, where an object is a bump and not a set of anchors.

    Away from objects a cell is background: known for the classes that the taxonomy covers. A drawn object changes that:
    - its own classes become known under its whole bump, since the bump is what was drawn;
    - classes that its label cannot tell apart become unknown under its bump, since the object may be one of them;
    - classes that it excludes become known at its centre cell only: around it an object that nobody had to draw may
      stand, at the very same centre it cannot.
    Two objects on one cell are both believed: a class is known there only if both know it or one of them is it.

    Args:
        tables: the rows of every taxonomy.
        taxonomy_b: int64, the taxonomy of each image.
        image_n: int64, the image of each drawn object (regions to ignore are not among them).
        labels_n: int64, its label.
        cells_n: int64, its centre cell in 0..p-1.
        bumps_np: float32, its bump over all cells, 1 at the centre cell and 0 beyond its reach.
        ignored_bp: bool, cells inside a region to ignore.
    """
    batch, cells, classes = len(taxonomy_b), bumps_np.shape[1], tables.classes
    taxonomy_n = taxonomy_b[image_n]
    target_nk = tables.target_trk[taxonomy_n, labels_n]
    known_nm = tables.mask_trm[taxonomy_n, labels_n]
    covered_bm = tables.mask_trm[taxonomy_b, tables.background]

    heat_bkp = _highest(bumps_np, image_n, target_nk, batch)
    mask_bmp = covered_bm[:, :, None].expand(-1, -1, cells)
    said_nm = known_nm
    if known_nm.shape[1] == classes:
        said_nm = target_nk * known_nm
        hidden_nk = covered_bm[image_n] == 0
        mask_bmp = torch.maximum(mask_bmp, (_highest(bumps_np, image_n, said_nm * hidden_nk, batch) > 0).float())
        unsure_nk = (known_nm == 0) & (target_nk == 0) & ~hidden_nk
        mask_bmp = mask_bmp * (_highest(bumps_np, image_n, unsure_nk, batch) == 0)
    mask_bmp = mask_bmp * ~ignored_bp[:, None]
    mask_bmp[image_n, :, cells_n] = _at_centres(image_n * cells + cells_n, known_nm, said_nm, batch * cells)
    return HeatTargets(heat_bkp, mask_bmp)


def _highest(bumps_np: Tensor, image_n: Tensor, flags_nk: Tensor, batch: int) -> Tensor:
    """For each image and class the highest of the bumps flagged for it (b, k, p); zeros where there is none."""
    classes, cells = flags_nk.shape[1], bumps_np.shape[1]
    map_bkp = torch.zeros(batch, classes, cells, device=bumps_np.device)
    object_q, class_q = flags_nk.nonzero(as_tuple=True)
    if len(object_q):
        rows_qp = (image_n[object_q] * classes + class_q)[:, None].expand(-1, cells)
        map_bkp.view(-1, cells).scatter_reduce_(0, rows_qp, bumps_np[object_q], "amax")
    return map_bkp


def _at_centres(rows_n: Tensor, known_nm: Tensor, said_nm: Tensor, rows: int) -> Tensor:
    """What the objects know together on their centre cells (n, m): all of them know, or one of them is it."""
    least_rm = torch.ones(rows, known_nm.shape[1], device=known_nm.device)
    most_rm = torch.zeros_like(least_rm)
    index_nm = rows_n[:, None].expand_as(known_nm)
    least_rm.scatter_reduce_(0, index_nm, known_nm, "amin")
    most_rm.scatter_reduce_(0, index_nm, said_nm, "amax")
    return torch.maximum(least_rm, most_rm)[rows_n]
