"""Colours are RGB tuples of 0 to 255; the palettes of the street."""

from __future__ import annotations

from sabbatical.sim.world.dice import Dice

RGB = tuple[int, int, int]

SKIN: tuple[RGB, ...] = ((243, 208, 178), (226, 178, 140), (198, 142, 104), (150, 100, 70), (104, 68, 48), (78, 52, 40))
HAIR: tuple[RGB, ...] = ((42, 32, 28), (84, 56, 36), (140, 92, 50), (206, 164, 92), (160, 74, 44), (150, 150, 150))
CLOTH: tuple[RGB, ...] = (
    (196, 62, 58), (222, 122, 52), (232, 184, 70), (92, 148, 84), (58, 120, 140), (66, 96, 168), (120, 84, 150),
    (206, 120, 150), (70, 72, 80), (128, 130, 134), (226, 222, 212), (122, 88, 64), (38, 54, 84), (160, 176, 120),
)  # fmt: skip
TROUSERS: tuple[RGB, ...] = (
    (48, 62, 96), (72, 92, 130), (54, 54, 60), (96, 82, 68), (132, 120, 100), (38, 40, 48), (88, 98, 84),
)  # fmt: skip
PAINT: tuple[RGB, ...] = (
    (212, 214, 216), (150, 154, 160), (74, 78, 86), (40, 42, 48), (186, 48, 46), (54, 92, 158), (96, 140, 176),
    (210, 174, 72), (84, 122, 92), (226, 220, 204), (150, 92, 62), (126, 40, 56),
)  # fmt: skip
CARGO: tuple[RGB, ...] = (
    (236, 236, 232),
    (206, 208, 210),
    (222, 196, 110),
    (92, 132, 168),
    (176, 78, 66),
    (120, 150, 120),
)
COACH: tuple[RGB, ...] = (
    (204, 62, 54),
    (232, 186, 62),
    (66, 130, 170),
    (236, 234, 226),
    (96, 152, 104),
    (228, 140, 64),
)
WALL: tuple[RGB, ...] = (
    (222, 196, 160), (206, 160, 126), (186, 120, 96), (228, 214, 188), (196, 190, 178), (170, 176, 180),
    (214, 178, 148), (158, 168, 156), (232, 206, 150), (200, 150, 140), (148, 128, 116), (184, 200, 206),
)  # fmt: skip
ROOF: tuple[RGB, ...] = ((150, 84, 66), (120, 88, 76), (92, 96, 104), (132, 112, 92), (108, 74, 66))
AWNING: tuple[RGB, ...] = (
    (188, 66, 60),
    (60, 116, 104),
    (216, 160, 70),
    (72, 98, 150),
    (150, 84, 120),
    (232, 224, 206),
)
LEAF: tuple[RGB, ...] = ((96, 142, 72), (116, 158, 78), (82, 124, 74), (150, 160, 70), (196, 148, 64), (178, 104, 58))


def pick(dice: Dice, colours: tuple[RGB, ...]) -> RGB:
    """One of `colours`, nudged a little, so that no two coats are quite alike."""
    red, green, blue = dice.pick(colours)
    return clamp(red + dice.whole(-10, 10), green + dice.whole(-10, 10), blue + dice.whole(-10, 10))


def clamp(red: float, green: float, blue: float) -> RGB:
    """The nearest colour that exists."""
    return (
        0 if red < 0 else 255 if red > 255 else int(red),
        0 if green < 0 else 255 if green > 255 else int(green),
        0 if blue < 0 else 255 if blue > 255 else int(blue),
    )


def scaled(colour: RGB, gain: float) -> RGB:
    """`colour` made brighter (gain above 1) or darker."""
    return clamp(colour[0] * gain, colour[1] * gain, colour[2] * gain)


def mixed(first: RGB, second: RGB, share: float) -> RGB:
    """`share` (0 to 1) of `second`, the rest of `first`."""
    rest = 1.0 - share
    return clamp(
        first[0] * rest + second[0] * share, first[1] * rest + second[1] * share, first[2] * rest + second[2] * share
    )
