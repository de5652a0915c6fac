"""The built-in world: procedural street scenes with full truth, drawn with NumPy and Pillow."""

from sabbatical.sim.world.camera import Camera
from sabbatical.sim.world.conditions import CLASSES, DAY, EVERYTHING, NIGHT_RAIN, Conditions, Mix
from sabbatical.sim.world.customers import (
    AURORA,
    BASALT,
    COBALT,
    CUSTOMERS,
    SUPER_TAXONOMY,
    TAXONOMIES,
    TRUTH,
    Customer,
    Drawn,
    HumanError,
    draw_labels,
)
from sabbatical.sim.world.dataset import write_dataset
from sabbatical.sim.world.frame import Frame, Thing
from sabbatical.sim.world.render import render, stream

__all__ = [
    "AURORA",
    "BASALT",
    "CLASSES",
    "COBALT",
    "CUSTOMERS",
    "DAY",
    "EVERYTHING",
    "NIGHT_RAIN",
    "SUPER_TAXONOMY",
    "TAXONOMIES",
    "TRUTH",
    "Camera",
    "Conditions",
    "Customer",
    "Drawn",
    "Frame",
    "HumanError",
    "Mix",
    "Thing",
    "draw_labels",
    "render",
    "stream",
    "write_dataset",
]
