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
    (212, 216, 222), (150, 156, 166), (74, 80, 92), (40, 43, 52), (46, 78, 150), (84, 136, 186), (56, 128, 132),
    (70, 112, 84), (122, 40, 60), (190, 46, 46),
)  # fmt: skip
CARGO: tuple[RGB, ...] = ((240, 240, 236), (214, 218, 220), (168, 188, 204), (188, 198, 176), (226, 214, 190))
COACH: tuple[RGB, ...] = ((212, 56, 48), (238, 184, 52), (236, 130, 46), (226, 92, 56))
WALL: tuple[RGB, ...] = (
    (216, 202, 182), (202, 182, 164), (188, 160, 146), (222, 214, 198), (200, 196, 188), (182, 186, 188),
    (208, 190, 174), (172, 178, 170), (220, 206, 176), (198, 172, 164), (164, 154, 146), (190, 198, 202),
)  # fmt: skip
ROOF: tuple[RGB, ...] = ((150, 84, 66), (120, 88, 76), (92, 96, 104), (132, 112, 92), (108, 74, 66))
AWNING: tuple[RGB, ...] = (
    (168, 96, 88), (96, 128, 118), (196, 166, 118), (104, 118, 148), (146, 112, 130), (220, 214, 200),
)  # fmt: skip
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
