"""What a drawable thing needs to know: from where it is seen, in which light, and how it stands."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

from sabbatical.sim.world.camera import Camera
from sabbatical.sim.world.light import Light
from sabbatical.sim.world.sprite import Sprite


@dataclass(frozen=True)
class View:
    """A camera in a light; `lamps` are the street lamps' places on the ground (x, z), metres."""

    camera: Camera
    light: Light
    lamps: tuple[tuple[float, float], ...] = ()

    def gain(self, x: float, z: float) -> float:
        """How much brighter the nearest street lamps make this place; 1 by day."""
        if not self.light.lamps:
            return 1.0
        near = sum(9.0 / (9.0 + (x - lamp_x) ** 2 + (z - lamp_z) ** 2) for lamp_x, lamp_z in self.lamps)
        return 1.0 + min(near, 1.4) * self.lamp_power

    @property
    def lamp_power(self) -> float:
        """How much a lamp adds right under it, in shares of the ambient light: more when it is darker."""
        return 1.5 * (1.0 - self.light.ambient[1])


@dataclass(frozen=True)
class Pose:
    """Where a thing stands (metres), where it heads (radians, 0 along the street), and its own time (seconds)."""

    x: float
    z: float
    heading: float = 0.0
    time: float = 0.0
    moving: bool = False

    def towards(self, camera: Camera) -> float:
        """The angle between the heading and the line of sight: 0 goes straight away, pi comes straight on."""
        return self.heading - math.atan2(self.x - camera.x, self.z)


class Look(Protocol):
    """How a thing looks: it can draw itself, and says how large it is on the ground and how tall (metres)."""

    @property
    def footprint(self) -> tuple[float, float, float]:
        """Half width, half length, height."""
        ...

    def sprite(self, view: View, pose: Pose) -> Sprite | None:
        """Draw, or None when the thing is behind the camera or far outside the frame."""
        ...
