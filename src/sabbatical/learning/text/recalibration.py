"""Background recalibration, adapted to texts.

Zhang et al., "Solving Missing-Annotation Object Detection with Background Recalibration Loss" (ICASSP 2020, arXiv
2002.05274): where a detector is confident of an object on what is taken for background only because nothing was drawn
there, its loss stops to push it down. A text has no background; what is denied in the same blind way is a class that
the text's customer never looks at. Two things are adapted:

- A denial that is doubtful in this sense costs nothing from a confidence on. (In the paper the loss turns round and
  pulls up; a text has one class of a level, and a label that says which, so there is no room for a second one.)
- The linear model is solved at once and has no confidence while it learns: for each half of the texts it is asked of a
  model that was solved without them.

Legend: n texts, k classes; shapes may also be those of a batch of tensors.
"""

from __future__ import annotations

from typing import Any


def spared(weight_nk: Any, chance_nk: Any, doubtful_nk: Any, confused: float) -> Any:
    """The weights with zeros where a doubtful denial meets a chance above `confused`; arrays or tensors."""
    return weight_nk * ~(doubtful_nk & (chance_nk > confused))
