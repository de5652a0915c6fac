"""The words of a name: `Pedestrian_adult`, `pedestrianAdults` and `Adult pedestrian` are made of the same ones."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

SILENT = frozenset(
    ("a", "an", "the", "of", "in", "on", "at", "to", "for", "with", "from", "by", "and", "or", "is", "are", "my",
     "your", "this", "that", "i")
)  # fmt: skip
"""Words that tell no thing from another; left out where others remain."""
ODD = {
    "people": "person", "persons": "person", "men": "man", "women": "woman", "children": "child", "feet": "foot",
    "teeth": "tooth", "mice": "mouse", "geese": "goose", "lorries": "lorry", "leaves": "leaf", "knives": "knife",
}  # fmt: skip
ALIKE_FROM = 5
"""Letters from which on two words that differ in one slip are taken for one."""
_HUMP = re.compile(r"(?<=[a-zà-ÿ0-9])(?=[A-ZÀ-Þ])|(?<=[A-ZÀ-Þ])(?=[A-ZÀ-Þ][a-zà-ÿ]{2})")
_GAP = re.compile(r"[^\w]+|_+")
_JOINT = re.compile(r"(?<=[a-z])(?=\d)|(?<=\d)(?=[a-z])")


@lru_cache(maxsize=100_000)
def words_of(name: str) -> tuple[str, ...]:
    """The words of a name in its order: parted at spaces, signs, humps and numbers, folded, in the singular."""
    parted = _GAP.sub(" ", _HUMP.sub(" ", unicodedata.normalize("NFKC", name)))
    plain = "".join(one for one in unicodedata.normalize("NFKD", parted.casefold()) if not unicodedata.combining(one))
    words = tuple(singular(word) for word in _JOINT.sub(" ", plain).split())
    telling = tuple(word for word in words if word not in SILENT)
    return telling or words


def singular(word: str) -> str:
    """One of a thing, by the rules of English spelling; a word that they do not fit stays as it is."""
    if word in ODD:
        return ODD[word]
    if len(word) > 4 and word.endswith("ies"):
        return f"{word[:-3]}y"
    if len(word) > 4 and word.endswith(("ches", "shes", "sses", "xes", "zes")):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def letters_of(words: tuple[str, ...]) -> str:
    return "".join(words)


def slips(one: str, other: str) -> bool:
    """Whether two texts differ by one slip of a finger: a letter more, less, other, or two in the other order."""
    if abs(len(one) - len(other)) > 1 or one == other:
        return one == other
    same = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    rest, left = one[same:], other[same:]
    swapped = len(rest) > 1 and rest[1::-1] == left[:2] and rest[2:] == left[2:]
    return rest[1:] == left[1:] or rest[1:] == left or rest == left[1:] or swapped


def same_word(one: str, other: str) -> bool:
    """Whether two words are one, but for a slip in a long one."""
    return one == other or (min(len(one), len(other)) >= ALIKE_FROM and slips(one, other))


def shortens(short: tuple[str, ...], long: tuple[str, ...]) -> bool:
    """Whether a name stands for another: its first letters (`TL`), its beginnings (`ped`), its consonants (`vhcl`)."""
    letters = letters_of(short)
    if len(letters) >= len(letters_of(long)) or len(letters) < 2:
        return False
    if len(short) == 1 and len(long) > 1 and letters == "".join(word[0] for word in long):
        return True
    return len(short) == len(long) and all(_cuts(one, other) for one, other in zip(short, long, strict=True))


def _cuts(short: str, long: str) -> bool:
    if short == long:
        return True
    if len(short) >= 3 and long.startswith(short):
        return True
    return 2 <= len(short) < len(long) and short in {_consonants(long, vowels) for vowels in ("aeiou", "aeiouy")}


def _consonants(word: str, vowels: str) -> str:
    return word[0] + "".join(letter for letter in word[1:] if letter not in vowels)
