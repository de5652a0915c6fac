"""A recipe: everything a person may choose about a training, typed, comparable, and stored with the model."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import accumulate
from types import UnionType
from typing import Any, Literal, Self, get_args, get_origin, get_type_hints

from sabbatical.core.errors import BadInput, NotFound
from sabbatical.learning.augmentation import Augmentation
from sabbatical.learning.config import HEADS, DetectorConfig, HeadName
from sabbatical.learning.hf.folder import folder_settings
from sabbatical.learning.parts import MODELS, Models
from sabbatical.taxonomy import Masking, SuperTaxonomy

BoxOutputs = Literal["class", "subtree", "shared"]


@dataclass(frozen=True)
class DetectorRecipe:
    """How a detector is trained.

    Attributes:
        masking: "tree", "column" (flat masks), or "none" (the naive super-dataset), see `taxonomy.tables`.
        models: "one" for all customers, or "heads", "customers", "classes", which have outputs or a whole network of
            their own, see `parts.parts_of`.
        recalibrate: the chance from which background is taken for an object that nobody drew, see
            `losses.recalibrated`; 0 for never. For comparison: with masks there is little left that it could mend.
        completion: half-way, the model completes the labels where nobody could draw, and learns on, see `completion`.
        rule_weight: how far a box teaches where a box ends, if its customer draws it by another rule than the target's.
        favour: a customer whose samples are drawn `fresh_weight` times as often, such as one who draws by the target's
            rules; empty for none.
        box_outputs: boxes learned by each class alone, by each tree of classes together, or by all together.
        head, canvas, widths, depths, pyramid, anchor, places: the detector, see `DetectorConfig`.
        pretrained: a local folder of the `transformers` library to begin with, for its heads; empty for random weights.
        steps: batches to learn from.
        batch: images a batch.
        optimizer: "muon" (see `optimizer.Muon`) or "adamw".
        learning_rate: at its highest, after the warm-up; it falls to a hundredth along a cosine.
        warmup: part of the steps in which the learning rate rises.
        weight_decay: of weights; norms and biases do not decay.
        box_gain: weight of the box loss against the classification loss.
        clip: longest gradient; longer ones are scaled down.
        ema: how much of itself the averaged model keeps at each step; it is the one that is delivered.
        augmentation: random changes of the images.
        fresh_weight: how many times as often as the rest a sample is drawn that the model it goes on from has not seen,
            or that is of the favoured customer.
        seed: of weights, order and changes.
        threads: of torch; None leaves them as they are.
        workers: threads that prepare images.
        device: "auto" takes a GPU where there is one.
        precision: "float32", or "bfloat16" on a GPU.
        cache_mb: memory for decoded images.
        save_every: steps between checkpoints; 0 keeps none but when it is stopped.
    """

    masking: Masking = "tree"
    models: Models = "one"
    recalibrate: float = 0.0
    completion: bool = False
    rule_weight: float = 0.5
    favour: str = ""
    box_outputs: BoxOutputs = "class"
    head: HeadName = "centre"
    canvas: tuple[int, int] = (240, 320)
    widths: tuple[int, ...] = (16, 32, 64, 128, 192)
    depths: tuple[int, ...] = (0, 1, 1, 1)
    pyramid: tuple[int, ...] = (48, 64, 96, 128)
    anchor: float = 2.5
    places: int = 300
    pretrained: str = ""
    steps: int = 1000
    batch: int = 8
    optimizer: Literal["muon", "adamw"] = "muon"
    learning_rate: float = 1e-2
    warmup: float = 0.05
    weight_decay: float = 0.02
    box_gain: float = 1.0
    clip: float = 10.0
    ema: float = 0.995
    augmentation: Augmentation = field(default_factory=Augmentation)
    fresh_weight: float = 1.0
    seed: int = 0
    threads: int | None = None
    workers: int = 1
    device: str = "auto"
    precision: Literal["float32", "bfloat16"] = "float32"
    cache_mb: float = 512.0
    save_every: int = 200

    def __post_init__(self) -> None:
        for name, least in _LEAST.items():
            value = getattr(self, name)
            if value is not None and (min(value) if isinstance(value, tuple) else value) < least:
                raise BadInput(f"'{name}' must be {least} or more, not {value}.")
        if self.learning_rate <= 0 or self.anchor <= 0:
            raise BadInput(f"'learning_rate' and 'anchor' must be above 0, not {self.learning_rate}, {self.anchor}.")
        if not 0 <= self.rule_weight <= 1:
            raise BadInput(f"'rule_weight' must be from 0 to 1, not {self.rule_weight}.")
        if not 0 <= self.recalibrate < 1:
            raise BadInput(f"'recalibrate' must be from 0 to below 1, not {self.recalibrate}.")
        if self.completion and self.models != "one":
            raise BadInput("Only one model for all completes labels.", hint="Take models: one, or completion: false.")
        if not 0 <= self.ema < 1:
            raise BadInput(f"'ema' must be from 0 to below 1, not {self.ema}.")
        for name, allowed in _CHOICES.items():
            if getattr(self, name) not in allowed:
                raise BadInput(f"'{name}' cannot be '{getattr(self, name)}'.", hint=f"Choose of: {', '.join(allowed)}.")
        if not _DEVICE.fullmatch(self.device):
            raise BadInput(f"'device' cannot be '{self.device}'.", hint="Choose of: auto, cpu, cuda, cuda:0, mps.")
        if not 0 < self.augmentation.zoom[0] <= self.augmentation.zoom[1]:
            raise BadInput(f"'zoom' must be the least and the most, above 0, not {self.augmentation.zoom}.")

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> Self:
        """Raises BadInput naming a field that no recipe has."""
        return cls().with_settings(stored)

    def with_settings(self, settings: dict[str, Any]) -> Self:
        """The recipe with some fields set otherwise; `augmentation` may be given in part.

        Several numbers are a list, or a text such as "96,96".

        Raises:
            BadInput: no recipe has such a field, or the value cannot be.
        """
        changes = _known(settings, type(self))
        if "augmentation" in changes:
            changes["augmentation"] = replace(self.augmentation, **_known(changes["augmentation"], Augmentation))
        return replace(self, **changes)

    def going_on(self) -> Self:
        """What serves to go on from a model that this recipe made: half the steps, new samples twice as often.

        The learning rate stays: on the built-in world, smaller ones learned less of the new and forgot more of the old.
        """
        return replace(self, steps=max(1, round(self.steps * WARM_STEPS)), fresh_weight=WARM_FRESH)

    def config_for(self, tree: SuperTaxonomy, class_c: Sequence[int] | None = None) -> DetectorConfig:
        """The network for the classes of a tree; see `detector`."""
        return self.detector(tree.names, tree.parent_k.tolist(), class_c)

    def detector(
        self, classes: Sequence[str], parent_k: Sequence[int], class_c: Sequence[int] | None = None
    ) -> DetectorConfig:
        """The detector for the classes of a super-taxonomy, given with the column of each one's parent (-1: a root).

        `class_c`: the class of each of its columns, where they are not the classes in their order.
        """
        told_c = tuple(range(len(classes)) if class_c is None else class_c)
        return DetectorConfig(
            classes=tuple(classes),
            group_k=_column_groups(_groups(parent_k, self.box_outputs), told_c, self.box_outputs),
            canvas=self.canvas,
            class_c=() if told_c == tuple(range(len(classes))) else told_c,
            head=self.head,
            widths=self.widths,
            depths=self.depths,
            pyramid=self.pyramid,
            anchor=self.anchor,
            places=self.places,
            network=folder_settings(self.pretrained, self.head) if self.pretrained else "",
        )


WARM_STEPS, WARM_FRESH = 0.5, 2.0
_LEAST = {
    "canvas": 32,
    "widths": 1,
    "depths": 0,
    "pyramid": 1,
    "places": 1,
    "steps": 1,
    "batch": 2,
    "warmup": 0,
    "weight_decay": 0,
    "box_gain": 0,
    "clip": 0,
    "fresh_weight": 0,
    "seed": 0,
    "threads": 1,
    "workers": 1,
    "cache_mb": 0,
    "save_every": 0,
}
"""The least that some numbers may be; norms need two images a batch."""
_DEVICE = re.compile(r"auto|cpu|mps|cuda(:\d+)?")
_WORDS = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}
_CHOICES: dict[str, tuple[str, ...]] = {
    "masking": ("tree", "column", "none"),
    "models": MODELS,
    "box_outputs": ("class", "subtree", "shared"),
    "head": HEADS,
    "optimizer": ("muon", "adamw"),
    "precision": ("float32", "bfloat16"),
}


def _known(settings: dict[str, Any], kind: type[Any]) -> dict[str, Any]:
    """The settings as the fields of `kind` hold them. Raises BadInput naming a field that is not there or not so."""
    if not isinstance(settings, dict):
        raise BadInput(f"Its fields must be given by name, such as {{flip: 0.5}}, not {settings!r}.")
    hints = get_type_hints(kind)
    for name in settings:
        if name not in hints:
            raise BadInput(f"A recipe has no field '{name}'.", hint=f"It has: {', '.join(hints)}.")
    return {name: _typed(name, value, hints[name], kind) for name, value in settings.items()}


def _typed(name: str, value: Any, hint: Any, kind: type[Any]) -> Any:
    """A value as its field holds it; choices and parts of a recipe are looked at where they are put together."""
    if get_origin(hint) is Literal or hint is Augmentation:
        return value
    if get_origin(hint) is UnionType:
        if value is None:
            return None
        hint = get_args(hint)[0]
    if get_origin(hint) is not tuple:
        found = _scalar(value, hint)
        if found is None:
            raise BadInput(f"'{name}' must be {_WORDS[hint]}, not {value!r}.")
        return found
    each = get_args(hint)[0]
    parts = value.split(",") if isinstance(value, str) else value
    numbers = [_scalar(part, each) for part in parts] if isinstance(parts, list | tuple) else [None]
    usual = list(getattr(kind(), name))  # a detector has so many strides: no field may be of another length
    if None in numbers or len(numbers) != len(usual):
        form = f"such as {','.join(map(str, usual))} or {usual}"
        raise BadInput(f"'{name}' must be {len(usual)} {_WORDS[each].removeprefix('a ')}s, {form}, not {value!r}.")
    return tuple(numbers)


def _scalar(value: Any, kind: type[Any]) -> Any:
    """The value as a number or text of this type; None where it is none. A text may say a number (YAML: `1e-3`)."""
    if kind is bool:
        return value if isinstance(value, bool) else {"true": True, "false": False}.get(str(value).lower())
    allowed: tuple[type, ...] = {int: (int, str), float: (int, float, str), str: (str,)}[kind]
    if isinstance(value, bool) or not isinstance(value, allowed):
        return None
    try:
        found = kind(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return None if kind is float and not math.isfinite(found) else found


def _groups(parent_k: Sequence[int], outputs: BoxOutputs) -> tuple[int, ...]:
    """Box groups: one for all, one a tree, or one a class; parents stand before their children."""
    if outputs == "shared":
        return (0,) * len(parent_k)
    if outputs == "class":
        return tuple(range(len(parent_k)))
    group_k: list[int] = []
    for parent in parent_k:
        group_k.append(max(group_k, default=-1) + 1 if parent < 0 else group_k[parent])
    return tuple(group_k)


def _column_groups(group_k: Sequence[int], class_c: Sequence[int], outputs: BoxOutputs) -> tuple[int, ...]:
    """Box groups of columns: as those of their classes, and every block of columns (classes that rise) has its own."""
    if outputs == "class":
        return tuple(range(len(class_c)))
    rises = [c > 0 and class_c[c] > class_c[c - 1] for c in range(len(class_c))]
    blocks = list(accumulate(not rise for rise in rises))
    place = {
        pair: n for n, pair in enumerate(dict.fromkeys((b, group_k[k]) for b, k in zip(blocks, class_c, strict=True)))
    }
    return tuple(place[b, group_k[k]] for b, k in zip(blocks, class_c, strict=True))


def _small() -> DetectorRecipe:
    """For a first look in about a minute on one core."""
    return DetectorRecipe(
        canvas=(192, 320),
        widths=(16, 24, 48, 96, 128),
        pyramid=(32, 48, 64, 96),
        places=100,
        steps=280,
        learning_rate=3e-3,
        ema=0.98,
    )


def _efficientdet() -> DetectorRecipe:
    """The method's origin: anchors, a two-way pyramid and sigmoid focal loss."""
    return DetectorRecipe(head="anchor", pyramid=(48, 64, 96, 128))


_NAMED: dict[str, Callable[[], DetectorRecipe]] = {
    "default": DetectorRecipe,
    "small": _small,
    "efficientdet": _efficientdet,
}
RECIPES: tuple[str, ...] = tuple(_NAMED)
"""Names of the built-in recipes."""


def named(name: str) -> DetectorRecipe:
    """A built-in recipe. Raises NotFound."""
    if name not in _NAMED:
        raise NotFound(f"There is no recipe '{name}'.", hint=f"There are: {', '.join(RECIPES)}.")
    return _NAMED[name]()
