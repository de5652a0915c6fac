"""Who and what is in a street, where it stands, and how it moves."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field, replace

from sabbatical.sim.world import fixtures
from sabbatical.sim.world.camera import Camera
from sabbatical.sim.world.conditions import Conditions, Mix
from sabbatical.sim.world.dice import Dice
from sabbatical.sim.world.people import Person
from sabbatical.sim.world.street import LANE_M, Street
from sabbatical.sim.world.vehicles import Vehicle, make_vehicle
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

    dice: Dice
    street: Street
    camera: Camera
    conditions: Conditions
    actors: list[Actor] = field(default_factory=list)
    taken: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    speeds: dict[str, float] = field(default_factory=dict)
    lamps: list[tuple[float, float]] = field(default_factory=list)

    def fill(self, mix: Mix) -> None:
        """Draw the classes of all things by weight, and place each."""
        wanted = Counter(self.dice.weighted(mix.classes) for _ in range(self.conditions.crowd))
        self._furniture()
        state = ("red" if self.dice.chance(0.85) else "amber") if self.street.stopped else "green"
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

    def _sees(self, x: float, z: float, height: float, margin: float = 14.0) -> bool:
        u, v, depth = self.camera.spot(x, 0.0, z)
        _, top, _ = self.camera.spot(x, height, z)
        width, rows = self.camera.size_wh
        return depth > 3.0 and margin < u < width - margin and v > 0 and top < rows - 20

    def _free(self, lane: str, place: float, half: float) -> bool:
        """Take a stretch of a lane, if nobody has it."""
        stretches = self.taken.setdefault(lane, [])
        if any(abs(place - other) < half + other_half + 0.7 for other, other_half in stretches):
            return False
        stretches.append((place, half))
        return True

    def _speed(self, lane: str, low: float, high: float) -> float:
        """All in a lane go at one speed, so that nobody drives into another."""
        return self.speeds.setdefault(lane, self.dice.between(low, high))

    # vehicles

    def _vehicle(self, label: str) -> None:
        look = make_vehicle(label, self.dice, lit=True)
        parks = label == "car" or (label == "truck" and self.dice.chance(0.6))
        for _ in range(10):
            way = self.dice.share()
            if parks and way < 0.45 and self.street.half > LANE_M + 2:
                actor = self._park(label, look)
            elif way > 0.68 and self.street.junction is not None:
                actor = self._cross(label, look, self.street.junction)
            else:
                actor = self._drive(label, look)
            if actor is not None:
                self.actors.append(actor)
                return

    def _park(self, label: str, look: Vehicle) -> Actor | None:
        side, half = self.dice.side(), look.size[1] / 2
        x, z = side * (self.street.half - 1.1), self.dice.near(7.5, 20) + half
        if self.street.in_junction(z, half + 1.0) or abs(x - self.camera.x) + z < 5 + half:
            return None
        if not self._sees(x, z, look.size[2]) or not self._free(f"park{side}", z, half):
            return None
        heading = 0.0 if side > 0 else math.pi
        return Actor(label, look.kind, replace(look, lit=False), (x, z), heading, parked=True)

    def _drive(self, label: str, look: Vehicle) -> Actor | None:
        oncoming, half = self.dice.chance(0.5), look.size[1] / 2
        x, z = (-1.0 if oncoming else 1.0) * LANE_M / 2, self.dice.near(8, 21) + half
        if self.street.stopped and not self._before_light(z, half, oncoming):
            return None
        if not self._sees(x, z, look.size[2]) or not self._free(f"lane{oncoming}", z, half):
            return None
        speed = 0.0 if self.street.stopped else self._speed(f"lane{oncoming}", 4.0, 9.0)
        return Actor(label, look.kind, look, (x, z), math.pi if oncoming else 0.0, speed)

    def _before_light(self, z: float, half: float, oncoming: bool) -> bool:
        """Whether a vehicle stands where the red light lets it: before its own stopping line."""
        street = self.street
        if not oncoming:
            return z + half < street.crossing - 3
        return z - half > (street.crossing + 3 if street.junction is None else street.junction + street.cross_half + 4)

    def _cross(self, label: str, look: Vehicle, junction: float) -> Actor | None:
        right, half = self.dice.chance(0.5), look.size[1] / 2
        x, z = self.dice.between(-18, 18), junction + (-0.5 if right else 0.5) * self.street.cross_half
        if not self.street.stopped and abs(x) < self.street.half + half + 1.5:
            return None
        if not self._sees(x, z, look.size[2]) or not self._free(f"cross{right}", x, half):
            return None
        speed = self._speed(f"cross{right}", 3.5, 7.0) if self.street.stopped else 0.0
        return Actor(label, look.kind, look, (x, z), math.pi / 2 if right else -math.pi / 2, speed)

    # people

    def _person(self, child: bool) -> None:
        look = Person.sample(self.dice, child, self.conditions.weather == "rain")
        for _ in range(10):
            x, z, heading, speed = self._beside_adult() if child and self.dice.chance(0.4) else self._walk()
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
                        phase=self.dice.share(),
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
        adult = self.dice.pick(adults)
        x, z = adult.start
        aside = 0.62 * self.dice.side()
        return (
            x + aside * abs(math.cos(adult.heading)) + 0.05,
            z + aside * abs(math.sin(adult.heading)),
            adult.heading,
            adult.speed,
        )

    def _walk(self) -> tuple[float, float, float, float]:
        street, dice = self.street, self.dice
        side = self.dice.side()
        way = dice.share()
        if way < 0.3 and street.stopped:
            x, z = dice.between(-street.half, street.half), street.crossing + dice.between(-1.4, 1.4)
            return x, z, self.dice.side() * math.pi / 2, dice.between(0.9, 1.6)
        x = side * (street.half + dice.between(0.5, street.pavement - 0.5))
        z = self.dice.near(6, 15)
        if way > 0.82:
            return x, z, dice.between(-math.pi, math.pi), 0.0
        return x, z, (0.0 if dice.chance(0.5) else math.pi), dice.between(0.7, 1.6)

    # what stands still

    def _stand(self, label: str | None, look: fixtures.Fixture, x: float, z: float) -> None:
        self.actors.append(Actor(label, look.name, look, (x, z)))

    def _lights(self, count: int, state: str) -> None:
        street = self.street
        edge = street.half + 0.45
        far = street.crossing + 2.6 if street.junction is None else street.junction + street.cross_half + 1.2
        near = street.crossing - 2.2
        places = [(edge, near), (-edge, near), (-edge, far), (edge, far)]
        seen = [place for place in places if self._sees(place[0], place[1], 3.6, 6.0)]
        while len(seen) > count:
            seen.remove(self.dice.pick(seen))
        for x, z in seen:
            arm = self.dice.between(2.0, 2.5)
            self._stand(None, fixtures.pole(arm + 0.05), x, z)
            self._stand("light", fixtures.signal_head(state, arm), x, z - 0.05)

    def _sign(self) -> None:
        kind = self.dice.pick(fixtures.SIGNS)
        low, size = self.dice.between(1.9, 2.4), self.dice.between(0.75, 0.95)
        for _ in range(8):
            side = self.dice.side()
            x, z = side * (self.street.half + 0.4), self.dice.near(6.5, 14)
            if self._sees(x, z, low + size, margin=12.0) and self._free(f"kerb{side}", z, 0.3):
                self._stand(None, fixtures.pole(low + size * 0.5, 0.08), x, z)
                self._stand("sign", fixtures.sign_plate(kind, low, size), x, z - 0.05)
                return

    def _furniture(self) -> None:
        """Trees, lamps, and small things; none so near that it hides the street."""
        street, dice = self.street, self.dice
        green = dice.between(0.0, 0.75)
        for side in (-1.0, 1.0):
            z = dice.between(4, 12)
            while z < 48:
                x = side * (street.half + 0.5)
                if dice.chance(green) and not street.in_junction(z, 1.5) and self._clear_of_lens(x, z, 8.0):
                    self._stand(None, fixtures.tree(dice), x, z)
                    self._free(f"kerb{side}", z, 0.6)
                z += dice.between(7, 12)
            z = dice.between(8, 16)
            while z < 50:
                x = side * (street.half + 0.35)
                self.lamps.append((x - side * 1.4, z))
                if self._clear_of_lens(x, z, 5.0) and self._free(f"kerb{side}", z, 0.3):
                    self._stand(None, fixtures.lamp_post(6.2, -side * 1.4), x, z)
                z += dice.between(17, 24)
        for _ in range(dice.whole(2, 6)):
            side = self.dice.side()
            x, z = side * (street.half + (0.6 if dice.chance(0.5) else street.pavement - 0.5)), self.dice.near(5, 30)
            if not street.in_junction(z, 1.0) and self._clear_of_lens(x, z, 4.0):
                self._stand(None, fixtures.small_thing(dice), x, z)
        if dice.chance(0.4):
            side = self.dice.side()
            x, z = side * (street.wall - 0.9), self.dice.near(8, 26)
            if not street.in_junction(z, 1.0):
                self._stand(None, fixtures.billboard(dice), x, z)

    def _clear_of_lens(self, x: float, z: float, near: float) -> bool:
        return math.hypot(x - self.camera.x, z) > near
