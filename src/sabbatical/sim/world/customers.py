"""Three customers who look at the same streets, and what each would draw.

Aurora counts people in front of shops and draws them all as `Human`. Basalt watches the traffic from the kerb and
tells adults from children, cars from lorries, and leaves buses out. Cobalt steers traffic lights from masts and draws
every vehicle alike. `truth` is nobody's view: everything, under the leaf names of the super-taxonomy.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from sabbatical.core.errors import NotFound
from sabbatical.sim.world.conditions import CLASSES, DAY, Mix
from sabbatical.sim.world.frame import Frame, Thing

TAXONOMIES = Path(__file__).parent / "taxonomies"
SUPER_TAXONOMY = TAXONOMIES / "super.yaml"


@dataclass(frozen=True)
class Customer:
    """A customer: what they call each class (a class that is missing they do not draw), and what their cameras see.

    The tilts multiply the weights of a mix, so that each customer lives in their own part of any weather.
    """

    name: str
    labels: Mapping[str, str]
    attributes: tuple[str, ...] = ()
    camera_tilt: Mapping[str, float] = field(default_factory=dict)
    time_tilt: Mapping[str, float] = field(default_factory=dict)
    class_tilt: Mapping[str, float] = field(default_factory=dict)

    @property
    def taxonomy(self) -> Path:
        """The YAML file of the customer's taxonomy."""
        return TAXONOMIES / f"{self.name}.yaml"

    def mix(self, base: Mix = DAY) -> Mix:
        """`base` as this customer's cameras see it."""
        return Mix(
            name=f"{base.name}-{self.name}",
            weather=base.weather,
            time_of_day=_tilted(base.time_of_day, self.time_tilt),
            camera=_tilted(base.camera, self.camera_tilt),
            classes=_tilted(base.classes, self.class_tilt),
            crowd=base.crowd,
        )


@dataclass(frozen=True)
class HumanError:
    """How a person errs: edges off by a normal error of `jitter_px`, a share `miss` of things overlooked."""

    jitter_px: float = 0.7
    miss: float = 0.02
    seed: int = 0


@dataclass(frozen=True)
class Drawn:
    """One shape as a customer drew it: their label, x0, y0, x1, y1 in pixels, attributes; `thing` is what it shows."""

    label: str
    box: tuple[float, float, float, float]
    attributes: Mapping[str, bool | float | str]
    thing: Thing


def _tilted(weights: Mapping[str, float], tilt: Mapping[str, float]) -> dict[str, float]:
    return {name: weight * tilt.get(name, 1.0) for name, weight in weights.items()}


AURORA = Customer(
    "aurora",
    {"adult": "Human", "child": "Human"},
    camera_tilt={"shop": 6.0, "kerb": 2.0, "pole": 1.0, "mast": 0.3},
    time_tilt={"dusk": 1.8},
    class_tilt={"adult": 1.4, "child": 1.4},
)
BASALT = Customer(
    "basalt",
    {"adult": "Pedestrian_adult", "child": "Pedestrian_child", "car": "Car", "truck": "Lorry"},
    attributes=("parked",),
    camera_tilt={"shop": 0.5, "kerb": 5.0, "pole": 2.0, "mast": 0.5},
)
COBALT = Customer(
    "cobalt",
    {"car": "Fahrzeug", "truck": "Fahrzeug", "bus": "Fahrzeug", "light": "Ampel"},
    attributes=("occluded",),
    camera_tilt={"shop": 0.3, "kerb": 0.6, "pole": 3.0, "mast": 5.0},
    class_tilt={"car": 1.2, "bus": 1.2, "light": 1.4},
)
TRUTH = Customer(
    "truth", {name: name for name in CLASSES}, attributes=("parked", "occluded", "visible", "distance", "speed", "kind")
)

CUSTOMERS: dict[str, Customer] = {one.name: one for one in (AURORA, BASALT, COBALT)}


def customer(name: str) -> Customer:
    """The customer (or `truth`) of this name.

    Raises:
        NotFound: there is none.
    """
    known = {**CUSTOMERS, TRUTH.name: TRUTH}
    if name not in known:
        raise NotFound(f"no customer '{name}' in the built-in world.", hint=f"There are {', '.join(known)}.")
    return known[name]


def draw_labels(frame: Frame, who: Customer, error: HumanError | None = None) -> tuple[Drawn, ...]:
    """What a customer draws on a frame; with `error`, as a person would: alike for the same frame and seed."""
    wanted = [thing for thing in frame.things if thing.label in who.labels]
    if error is None:
        return tuple(_drawn(thing, who, thing.box) for thing in wanted)
    rng = np.random.default_rng([error.seed, *frame.scene.encode(), frame.number])
    rows, width = frame.image_hwc.shape[:2]
    drawn = []
    for thing in wanted:
        missed = rng.random() < error.miss
        x0, y0, x1, y1 = np.array(thing.box) + rng.normal(0.0, error.jitter_px, 4)
        x0, y0 = min(max(x0, 0.0), thing.box[2] - 1.0), min(max(y0, 0.0), thing.box[3] - 1.0)
        x1, y1 = min(max(x1, x0 + 1.0), float(width)), min(max(y1, y0 + 1.0), float(rows))
        if not missed:
            drawn.append(_drawn(thing, who, (round(x0, 2), round(y0, 2), round(x1, 2), round(y1, 2))))
    return tuple(drawn)


def _drawn(thing: Thing, who: Customer, box: tuple[float, float, float, float]) -> Drawn:
    values: dict[str, bool | float | str] = {
        "parked": thing.parked, "occluded": thing.occluded, "visible": round(thing.visible, 3),
        "distance": thing.distance, "speed": thing.speed, "kind": thing.kind,
    }  # fmt: skip
    attributes = {
        name: values[name] for name in who.attributes if name != "parked" or thing.label in ("car", "truck", "bus")
    }
    return Drawn(
        who.labels[thing.label], (float(box[0]), float(box[1]), float(box[2]), float(box[3])), attributes, thing
    )
