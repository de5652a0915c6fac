"""How long a practised person takes, keystroke by keystroke.

Source: Card, Moran and Newell, The keystroke-level model for user performance time with interactive systems,
Communications of the ACM 23(7), 1980: an average typist. A gesture is the sum of its operators. One hand is on the
mouse and one on the keyboard, so that a hand moves (H) only to submit. Reading: Brysbaert, How many words do we read
per minute?, Journal of Memory and Language 109, 2019.
"""

from __future__ import annotations

KEY = 0.28  # K: press a key
POINT = 1.10  # P: point at something with the mouse
BUTTON = 0.10  # B: press or release the button of the mouse
HOME = 0.40  # H: move a hand between keyboard and mouse
THINK = 1.35  # M: prepare for what comes next
CLICK = 2 * BUTTON
WORDS_A_SECOND = 238 / 60  # read silently

OPEN = THINK
"""Look at a new task."""
SUBMIT = HOME + 2 * KEY + HOME
"""Ctrl and Enter, for which a hand leaves the mouse and comes back."""
LOOK = THINK
"""Find a thing, or see what is suggested, and decide what it is."""
DRAW = KEY + 2 * (POINT + CLICK)
"""The key of a label, then a click on each of two corners."""
TAKE = POINT + KEY
"""Point at a suggestion, then the key that accepts it."""
TAKE_ALL = 2 * KEY
"""Shift and the key that accepts, for all suggestions at once."""
DELETE = POINT + KEY
"""Point at a box, then the key that removes it."""
EDGE = POINT + BUTTON + POINT + BUTTON
"""Drag an edge, or a corner, which are two edges at once."""
RENAME = POINT + CLICK + KEY
"""Click a box, then the key of another label."""
CHOOSE = THINK + KEY
"""Decide what a text is about, then the key of its label, or the one that accepts what is suggested."""


def reading(text: str) -> float:
    """Seconds to read a text."""
    return len(text.split()) / WORDS_A_SECOND
