"""How a text model is made, as one typed value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal

from sabbatical.core.errors import BadInput
from sabbatical.learning.parts import MODELS, Models
from sabbatical.learning.text.texts import Masking

Kind = Literal["rules", "linear", "network", "best"]
_CHOICES = {
    "model": ("rules", "linear", "network", "best"),
    "masking": ("none", "column", "tree"),
    "models": MODELS,
}


@dataclass(frozen=True)
class FeatureRecipe:
    """What is counted in a text.

    n-grams of 1 to `words` words, and of `chars_from` to `chars_to` characters within words (0: none), that stand in at
    least `seen_in` texts; and names of classes, one match of which counts as `names`.
    """

    words: int = 2
    chars_from: int = 3
    chars_to: int = 5
    seen_in: int = 1
    names: float = 0.3


@dataclass(frozen=True)
class LinearRecipe:
    """`fit` weighs the data against the penalty on weights; `balance` 0..1 lifts rare classes (1: all alike).

    `offsets` is the penalty of `text.offsets`, which make classes that many customers know and classes that few texts
    show comparable; 0 for none.
    """

    fit: float = 100.0
    balance: float = 1.0
    steps: int = 300
    offsets: float = 0.0


@dataclass(frozen=True)
class NetworkRecipe:
    """Sizes and training of the network; `members` networks of different seeds are averaged.

    An `embedding` as large as the number of texts loses nothing of their n-grams.
    """

    embedding: int = 700
    hidden: int = 128
    dropout: float = 0.5
    balance: float = 0.0
    epochs: int = 40
    batch: int = 32
    rate: float = 0.002
    decay: float = 0.01
    members: int = 3


@dataclass(frozen=True)
class TextRecipe:
    """A whole run.

    Attributes:
        model: the kind of model.
        masking: the way of masking, see `taxonomy.tables`.
        models: "one" for all customers, or "heads", "customers", "classes", which have columns or a whole model of
            their own, see `learning.parts` and `text.joined`.
        recalibrate: the chance from which a class that a customer never looks at is not denied in its texts, see
            `text.recalibration`; 0 for never. For comparison: with masks there is little left that it could mend.
        completion: learn again, from what the model itself tells where labels cannot, see `text.completion`.
        seed: of the network's start and of the order of texts.
    """

    model: Kind = "best"
    masking: Masking = "tree"
    models: Models = "one"
    recalibrate: float = 0.0
    completion: bool = False
    seed: int = 0
    features: FeatureRecipe = field(default_factory=FeatureRecipe)
    linear: LinearRecipe = field(default_factory=LinearRecipe)
    network: NetworkRecipe = field(default_factory=NetworkRecipe)

    def __post_init__(self) -> None:
        if not 0 <= self.recalibrate < 1:
            raise BadInput(f"'recalibrate' must be from 0 to below 1, not {self.recalibrate}.", where="recipe")
        if self.completion and self.models != "one":
            message = f"What is completed is one model for all; there is none among models of '{self.models}'."
            raise BadInput(message, where="recipe", hint="Take models: one, or completion: false.")

        if self.model == "rules" and (self.models != "one" or self.completion):
            hint = "Take models: one without a completion, or another model."
            raise BadInput("Rules learn nothing that could be cut or completed.", where="recipe", hint=hint)

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> TextRecipe:
        """The recipe that `to_dict` wrote; what is left out keeps its default.

        Raises:
            BadInput: an unknown field or a value that cannot be, naming it.
        """
        parts = {"features": FeatureRecipe, "linear": LinearRecipe, "network": NetworkRecipe}
        values = _checked(cls, document, "recipe")
        for name, kind in parts.items():
            if name in values:
                values[name] = kind(**_checked(kind, values[name], f"recipe.{name}"))
        return cls(**values)


def _checked(kind: type[Any], document: Any, where: str) -> dict[str, Any]:
    known = {each.name: each for each in fields(kind)}
    if not isinstance(document, Mapping):
        raise BadInput(f"It should hold fields, not {document!r}.", where=where)
    for name, value in document.items():
        if name not in known:
            raise BadInput(f"There is no field '{name}'.", where=where, hint=f"Fields: {', '.join(known)}.")
        if name in _CHOICES and value not in _CHOICES[name]:
            hint = f"Choose one of {', '.join(_CHOICES[name])}."
            raise BadInput(f"'{value}' is no such choice.", where=f"{where}.{name}", hint=hint)
        if str(known[name].type) == "bool" and not isinstance(value, bool):
            raise BadInput(f"It should be true or false, not {value!r}.", where=f"{where}.{name}")
        allowed = {"int": int, "float": (int, float)}.get(str(known[name].type))
        if allowed and (isinstance(value, bool) or not isinstance(value, allowed)):  # type: ignore[arg-type]
            raise BadInput(f"It should be a number ({known[name].type}), not {value!r}.", where=f"{where}.{name}")
    return dict(document)
