"""Who and what is in a street, where it stands, and how it moves."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from sabbatical.sim.world import fixtures
from sabbatical.sim.world.camera import Camera
from sabbatical.sim.world.conditions import CLASSES, Conditions, Mix
from sabbatical.sim.world.people import Person
from sabbatical.sim.world.street import LANE_M, Street
from sabbatical.sim.world.vehicles import make_vehicle
from sabbatical.sim.world.view import Look, Pose

PATH_M = (-14.0, 74.0)
"""Along the street, movers come back in at one end when they leave at the other."""


@dataclass(frozen=True, eq=False)
class Actor:
    """A thing in the street: its class (None for what nobody labels), its look, and its way.

    `start` is the place at second 0 (x, z), `speed` in metres a second along `heading`.
    """

    label: str | None
    kind: str
    look: Look
    start: tuple[float, float]
    heading: float = 0.0
    speed: float = 0.0
    parked: bool = False
    phase: float = 0.0

    def pose(self, seconds: float) -> Pose:
        """Where it stands after `seconds`."""
        x, z = self.start
        if self.speed:
            low, high = PATH_M
            way = self.speed * seconds
            if abs(math.cos(self.heading)) > 0.5:
                z = low + (z + way * math.cos(self.heading) - low) % (high - low)
            else:
                x = low - 30 + (x + way * math.sin(self.heading) - low + 30) % (high - low)
        return Pose(x, z, self.heading, self.phase + seconds, self.speed > 0)


@dataclass
class Planner:
    """Puts things into one street, where they can be seen and do not stand in one another."""

    rng: np.random.Generator
    street: Street
    camera: Camera
    conditions: Conditions
    actors: list[Actor] = field(default_factory=list)
    taken: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    lamps: list[tuple[float, float]] = field(default_factory=list)

    def fill(self, mix: Mix) -> None:
        """Draw the classes of all things by weight, and place each."""
        weights = np.array([mix.classes.get(name, 0.0) for name in CLASSES])
        counts = self.rng.multinomial(self.conditions.crowd, weights / weights.sum())
        wanted = dict(zip(CLASSES, counts.tolist(), strict=True))
        self._furniture()
        state = ("red" if self.rng.random() < 0.85 else "amber") if self.street.stopped else "green"
        self._lights(min(wanted["light"], 4), state)
        for _ in range(min(wanted["sign"], 4)):
            self._sign()
        for name in ("bus", "truck", "car"):
            for _ in range(wanted[name]):
                self._vehicle(name)
        for _ in range(wanted["adult"]):
            self._person(child=False)
        for _ in range(wanted["child"]):
            self._person(child=True)

    def _either(self) -> float:
        """-1 or 1: left or right, here or there."""
        return -1.0 if self.rng.random() < 0.5 else 1.0

    def _depth(self, near: float, far: float) -> float:
        """A distance along the street, near ones more often."""
        return float(math.exp(self.rng.uniform(math.log(near), math.log(far))))

    def _sees(self, x: float, z: float, height: float, margin: float = 4.0) -> bool:
        u, v, depth = self.camera.spot(x, 0.0, z)
        _, top, _ = self.camera.spot(x, height, z)
        width, rows = self.camera.size_wh
        return depth > 3.0 and margin < u < width - margin and v > 0 and top < rows - 8

    def _free(self, lane: str, place: float, half: float) -> bool:
        """Take a stretch of a lane, if nobody has it."""
        stretches = self.taken.setdefault(lane, [])
        if any(abs(place - other) < half + other_half + 0.7 for other, other_half in stretches):
            return False
        stretches.append((place, half))
        return True

    def _speed(self, lane: str, low: float, high: float) -> float:
        """All in a lane go at one speed; drawn from the lane's own name, so that order does not matter."""
        speeds = self.__dict__.setdefault("_speeds", {})
        if lane not in speeds:
            speeds[lane] = float(self.rng.uniform(low, high))
        return float(speeds[lane])

    # vehicles

    def _vehicle(self, label: str) -> None:
        parks = label == "car" or (label == "truck" and self.rng.random() < 0.6)
        for _ in range(10):
            way = float(self.rng.random())
            if parks and way < 0.45 and self.street.half > LANE_M + 2:
                done = self._park(label)
            elif way > 0.68 and self.street.junction is not None:
                done = self._cross(label)
            else:
                done = self._drive(label)
            if done:
                return

    def _park(self, label: str) -> bool:
        side = self._either()
        look = make_vehicle(label, self.rng, lit=False)
        half = look.size[1] / 2
        x, z = side * (self.street.half - 1.1), self._depth(6, 42) + half
        if (
            self.street.in_junction(z, half + 1.0)
            or not self._sees(x, z, look.size[2])
            or abs(x - self.camera.x) + z < 5 + half
        ):
            return False
        if not self._free(f"park{side}", z, half):
            return False
        heading = 0.0 if side > 0 else math.pi
        self.actors.append(Actor(label, look.kind, look, (x, z), heading, parked=True))
        return True

    def _drive(self, label: str) -> bool:
        oncoming = bool(self.rng.random() < 0.5)
        look = make_vehicle(label, self.rng, lit=True)
        half = look.size[1] / 2
        x, z = (-1.0 if oncoming else 1.0) * LANE_M / 2, self._depth(7, 50) + half
        stop = self.street.crossing
        if self.street.stopped:
            after = stop + 3 if self.street.junction is None else self.street.junction + self.street.cross_half + 4
            if (oncoming and z - half < after) or (not oncoming and z + half > stop - 3):
                return False
        if not self._sees(x, z, look.size[2]) or not self._free(f"lane{oncoming}", z, half):
            return False
        speed = 0.0 if self.street.stopped else self._speed(f"lane{oncoming}", 4.0, 9.0)
        self.actors.append(Actor(label, look.kind, look, (x, z), math.pi if oncoming else 0.0, speed))
        return True

    def _cross(self, label: str) -> bool:
        assert self.street.junction is not None
        right = bool(self.rng.random() < 0.5)
        look = make_vehicle(label, self.rng, lit=True)
        half = look.size[1] / 2
        x = float(self.rng.uniform(-18, 18))
        z = self.street.junction + (-1.0 if right else 1.0) * self.street.cross_half / 2
        if not self.street.stopped and abs(x) < self.street.half + half + 1.5:
            return False
        if not self._sees(x, z, look.size[2]) or not self._free(f"cross{right}", x, half):
            return False
        speed = self._speed(f"cross{right}", 3.5, 7.0) if self.street.stopped else 0.0
        self.actors.append(Actor(label, look.kind, look, (x, z), math.pi / 2 if right else -math.pi / 2, speed))
        return True

    # people

    def _person(self, child: bool) -> None:
        look = Person.sample(self.rng, child, self.conditions.weather == "rain")
        for _ in range(10):
            x, z, heading, speed = self._beside_adult() if child and self.rng.random() < 0.4 else self._walk()
            key = "people"
            if self._sees(x, z, look.height) and self._apart(key, x, z):
                kind = "standing" if speed == 0 else "walking"
                self.actors.append(
                    Actor(
                        "child" if child else "adult",
                        kind,
                        look,
                        (x, z),
                        heading,
                        speed,
                        phase=float(self.rng.random()),
                    )
                )
                return

    def _apart(self, key: str, x: float, z: float) -> bool:
        stretches = self.taken.setdefault(key, [])
        if any(abs(x - other_x) < 0.42 and abs(z - other_z) < 0.6 for other_x, other_z in stretches):
            return False
        stretches.append((x, z))
        return True

    def _beside_adult(self) -> tuple[float, float, float, float]:
        adults = [actor for actor in self.actors if actor.label == "adult"]
        if not adults:
            return self._walk()
        adult = adults[int(self.rng.integers(len(adults)))]
        x, z = adult.start
        aside = 0.62 * self._either()
        return (
            x + aside * abs(math.cos(adult.heading)) + 0.05,
            z + aside * abs(math.sin(adult.heading)),
            adult.heading,
            adult.speed,
        )

    def _walk(self) -> tuple[float, float, float, float]:
        street, rng = self.street, self.rng
        side = self._either()
        way = float(rng.random())
        if way < 0.3 and street.stopped:
            x, z = float(rng.uniform(-street.half, street.half)), street.crossing + float(rng.uniform(-1.4, 1.4))
            return x, z, self._either() * math.pi / 2, float(rng.uniform(0.9, 1.6))
        x = side * (street.half + float(rng.uniform(0.5, street.pavement - 0.5)))
        z = self._depth(4.5, 34)
        if way > 0.82:
            return x, z, float(rng.uniform(-math.pi, math.pi)), 0.0
        return x, z, (0.0 if rng.random() < 0.5 else math.pi), float(rng.uniform(0.7, 1.6))

    # what stands still

    def _stand(self, label: str | None, look: fixtures.Fixture, x: float, z: float) -> None:
        self.actors.append(Actor(label, look.name, look, (x, z)))

    def _lights(self, count: int, state: str) -> None:
        street = self.street
        edge = street.half + 0.45
        far = street.crossing + 2.6 if street.junction is None else street.junction + street.cross_half + 1.2
        near = street.crossing - 2.2
        places = [(edge, near), (-edge, near), (-edge, far), (edge, far)]
        order = self.rng.permutation(4)
        seen = [places[k] for k in order.tolist() if self._sees(places[k][0], places[k][1], 3.6, 2.0)]
        for x, z in seen[:count]:
            arm = float(self.rng.uniform(2.0, 2.5))
            self._stand(None, fixtures.pole(arm + 0.05), x, z)
            self._stand("light", fixtures.signal_head(state, arm), x, z - 0.05)

    def _sign(self) -> None:
        kind = fixtures.SIGNS[int(self.rng.integers(len(fixtures.SIGNS)))]
        low, size = float(self.rng.uniform(1.9, 2.4)), float(self.rng.uniform(0.75, 0.95))
        for _ in range(8):
            side = self._either()
            x, z = side * (self.street.half + 0.4), self._depth(5.5, 24)
            if self._sees(x, z, low + size, margin=8.0) and self._free(f"kerb{side}", z, 0.3):
                self._stand(None, fixtures.pole(low + size * 0.5, 0.08), x, z)
                self._stand("sign", fixtures.sign_plate(kind, low, size), x, z - 0.05)
                return

    def _furniture(self) -> None:
        """Trees, lamps, and small things; none so near that it hides the street."""
        street, rng = self.street, self.rng
        green = float(rng.uniform(0.0, 0.75))
        for side in (-1.0, 1.0):
            z = float(rng.uniform(4, 12))
            while z < 55:
                x = side * (street.half + 0.5)
                if rng.random() < green and not street.in_junction(z, 1.5) and self._clear_of_lens(x, z, 8.0):
                    self._stand(None, fixtures.tree(rng), x, z)
                    self._free(f"kerb{side}", z, 0.6)
                z += float(rng.uniform(7, 12))
            z = float(rng.uniform(8, 16))
            while z < 70:
                x = side * (street.half + 0.35)
                self.lamps.append((x - side * 1.4, z))
                if self._clear_of_lens(x, z, 5.0) and self._free(f"kerb{side}", z, 0.3):
                    self._stand(None, fixtures.lamp_post(6.2, -side * 1.4), x, z)
                z += float(rng.uniform(17, 24))
        for _ in range(int(rng.integers(2, 7))):
            side = self._either()
            x, z = side * (street.half + (0.6 if rng.random() < 0.5 else street.pavement - 0.5)), self._depth(5, 30)
            if not street.in_junction(z, 1.0) and self._clear_of_lens(x, z, 4.0):
                self._stand(None, fixtures.small_thing(rng), x, z)
        if rng.random() < 0.4:
            side = self._either()
            x, z = side * (street.wall - 0.9), self._depth(8, 26)
            if not street.in_junction(z, 1.0):
                self._stand(None, fixtures.billboard(rng), x, z)

    def _clear_of_lens(self, x: float, z: float, near: float) -> bool:
        return math.hypot(x - self.camera.x, z) > near
