"""Simulated labelers: they work on campaigns as people do, through the public interface alone.

A suggestion is no label before it is accepted. A labeler accepts them one by one, or all at once where deleting and
mending the wrong ones is quicker; drags edges that are off, renames what is called wrongly, or draws anew what is
quicker drawn; draws what is missing, and errs as people err. Each action takes the time of the keystroke-level model,
which is what the label's `active_seconds` say; the time that the same person would have taken without suggestions, and
with the same things overlooked, is told beside it.

Several labelers may work on one campaign, in threads or machines of their own: a task that somebody else has done
meanwhile is left, and the same work sent twice is kept once.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from sabbatical.core.errors import BadInput, NotReady
from sabbatical.core.ids import content_id
from sabbatical.geometry import iou
from sabbatical.schemas.assist import Suggested
from sabbatical.schemas.campaign import LabelTask
from sabbatical.schemas.item import Item
from sabbatical.schemas.label import Shape
from sabbatical.sdk.project import Project
from sabbatical.sim import keystrokes as klm
from sabbatical.sim.world.customers import HumanError, customer, draw_labels
from sabbatical.sim.world.frame import Frame

Truth = Callable[[Item, str], Sequence[Shape]]
"""What is in an item, in the words of the taxonomy of this name."""
SAME_THING = 0.5  # IoU from which a suggestion is about a thing, and its edges are dragged rather than drawn anew
TOLERATED = 3.0  # times the labeler's own jitter: an edge that is less off is taken for right
TOLERATED_SHARE = 0.1  # of the shorter side, where that is more
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Work:
    """One task, done: what became of the suggestions, and how long it took with them and would have without."""

    campaign: str
    task: int
    item: str
    labeler: str
    revision: str
    shapes: int
    seconds: float
    scratch_seconds: float
    accepted: int = 0
    corrected: int = 0
    renamed: int = 0
    deleted: int = 0
    drawn: int = 0
    overlooked: int = 0


@dataclass
class Drawing:
    """A task under somebody's hands: the shapes that stand, and the time that it took."""

    seconds: float = klm.OPEN + klm.SUBMIT
    shapes: list[Shape] = field(default_factory=list)
    accepted: int = 0
    corrected: int = 0
    renamed: int = 0
    deleted: int = 0
    drawn: int = 0
    overlooked: int = 0


@dataclass(frozen=True)
class Fix:
    """A suggestion made right, and the seconds that takes once it is accepted."""

    box: list[float]
    dragged: bool
    renamed: bool
    seconds: float


@dataclass(frozen=True)
class Labeler:
    """A person with a name, who errs by `error` and sees what suggestions there are, or none (`assisted`)."""

    project: Project
    truth: Truth
    name: str = "labeler 1 (simulated)"
    error: HumanError = field(default_factory=HumanError)
    assisted: bool = True

    def work(self, campaign: str, *, share: tuple[int, int] = (0, 1)) -> Iterator[Work]:
        """Do the open tasks of a campaign; of every `share[1]` numbers of tasks the one at place `share[0]`."""
        taxonomy = self.project.campaign(campaign).taxonomy
        for task in list(self.project.tasks(campaign, "open")):
            mine = task.number % share[1] == share[0]
            if mine and self.project.task(campaign, task.number).state == "open":
                yield self.label(task, taxonomy)

    def label(self, task: LabelTask, taxonomy: str) -> Work:
        """Label the item of a task, and send it."""
        item = self.project.item(task.item)
        truth = list(self.truth(item, taxonomy))
        suggested = self._suggested(task) if self.assisted else []
        done, alone = self._done(item, truth, suggested)
        revision = self.project.revise(
            item.id,
            taxonomy,
            done.shapes,
            self.name,
            author_kind="person",
            active_seconds=round(done.seconds, 2),
            key=f"task {task.number} by {self.name}",
        )
        return Work(
            campaign=task.campaign,
            task=task.number,
            item=item.id,
            labeler=self.name,
            revision=revision.id,
            shapes=len(done.shapes),
            seconds=round(done.seconds, 2),
            scratch_seconds=round(alone.seconds, 2),
            accepted=done.accepted,
            corrected=done.corrected,
            renamed=done.renamed,
            deleted=done.deleted,
            drawn=done.drawn,
            overlooked=done.overlooked,
        )

    def _done(self, item: Item, truth: list[Shape], suggested: list[Suggested]) -> tuple[Drawing, Drawing]:
        """The work with suggestions, and the same without."""
        if item.text is not None:
            return text_work(item.text, truth, suggested), text_work(item.text, truth, [])
        dice = np.random.default_rng([self.error.seed, int(content_id(item.id.encode())[:12], 16)])
        hand = Hand(self.error, dice, (item.width or math.inf, item.height or math.inf))
        seen = hand.seen(truth)
        return hand.assisted(truth, seen, suggested), hand.from_scratch(truth, seen)

    def _suggested(self, task: LabelTask) -> list[Suggested]:
        """What is shown from the start; nothing where the model was not asked."""
        try:
            return [one for one in self.project.suggestion(task.campaign, task.number).shapes if one.shown]
        except NotReady:
            return []


@dataclass
class Hand:
    """How one person errs on one item; alike whenever the same person labels the same item."""

    error: HumanError
    rng: np.random.Generator
    sides: tuple[float, float] = (math.inf, math.inf)

    def seen(self, truth: Sequence[Shape]) -> list[bool]:
        """Which things the person would notice without help."""
        return [bool(self.rng.random() >= self.error.miss) for _ in truth]

    def from_scratch(self, truth: Sequence[Shape], seen: Sequence[bool]) -> Drawing:
        """Draw everything that is noticed."""
        drawing = Drawing()
        for shape, noticed in zip(truth, seen, strict=True):
            self._find(drawing, shape, noticed)
        return drawing

    def assisted(self, truth: Sequence[Shape], seen: Sequence[bool], suggested: Sequence[Suggested]) -> Drawing:
        """Look at each suggestion, the quicker way, then for what is missing. What is suggested is not overlooked."""
        drawing = Drawing()
        about = dict(sorted(_about(truth, suggested).items()))
        fixes = {s: self._fix(suggested[s], truth[t]) for s, t in about.items()}
        ghosts = [one for s, one in enumerate(suggested) if s not in about]
        one_by_one = sum(min(klm.TAKE + fix.seconds, klm.DRAW) for fix in fixes.values())
        at_once = sum(min(fix.seconds, klm.DELETE + klm.DRAW) for fix in fixes.values()) + len(ghosts) * klm.DELETE
        together = bool(suggested) and klm.TAKE_ALL + at_once < one_by_one
        drawing.seconds += klm.TAKE_ALL * together + klm.LOOK * len(suggested)
        for s, t in about.items():
            self._take(drawing, fixes[s], truth[t], 0.0 if together else klm.TAKE, klm.DELETE * together)
        for one in ghosts:
            self._reject(drawing, one, klm.DELETE * together)
        for thing in sorted(set(range(len(truth))) - set(about.values())):
            self._find(drawing, truth[thing], seen[thing])
        return drawing

    def _find(self, drawing: Drawing, shape: Shape, noticed: bool) -> None:
        """Draw a thing, unless it is overlooked."""
        if not noticed:
            drawing.overlooked += 1
            return
        drawing.seconds += klm.LOOK + klm.DRAW
        self._draw(drawing, shape)

    def _draw(self, drawing: Drawing, shape: Shape) -> None:
        drawing.drawn += 1
        drawing.shapes.append(shape.model_copy(update={"box": self._jittered(_box(shape))}))

    def _fix(self, one: Suggested, thing: Shape) -> Fix:
        """What it takes to make a suggestion right: its edges dragged to where they belong, its name changed."""
        wanted, given = np.array(_box(thing)), np.array(one.box)
        least = float((wanted[2:] - wanted[:2]).min())
        off_4 = np.abs(given - wanted) > max(TOLERATED * self.error.jitter_px, TOLERATED_SHARE * least)
        drags = max(int(off_4[0]) + int(off_4[2]), int(off_4[1]) + int(off_4[3]))  # a corner is two edges at once
        renamed = one.label != thing.label
        box = np.where(off_4, np.array(self._jittered(_box(thing))), given)
        return Fix(box.tolist(), drags > 0, renamed, drags * klm.EDGE + klm.RENAME * renamed)

    def _take(self, drawing: Drawing, fix: Fix, thing: Shape, take: float, clear: float) -> None:
        """Accept a suggestion and make it right, or draw the thing anew where that is quicker."""
        if clear + klm.DRAW < take + fix.seconds:
            drawing.seconds += clear + klm.DRAW
            drawing.deleted += 1
            self._draw(drawing, thing)
            return
        drawing.seconds += take + fix.seconds
        drawing.corrected += fix.dragged
        drawing.renamed += fix.renamed
        drawing.accepted += not fix.dragged and not fix.renamed
        x0, y0, x1, y1 = (round(side, 2) for side in fix.box)
        drawing.shapes.append(thing.model_copy(update={"box": (x0, y0, x1, y1)}))

    def _reject(self, drawing: Drawing, one: Suggested, clear: float) -> None:
        """See that there is nothing, unless it is taken for something as easily as a thing is overlooked."""
        if self.rng.random() < self.error.miss:
            drawing.shapes.append(Shape(label=one.label, box=one.box))
            return
        drawing.seconds += clear
        drawing.deleted += 1

    def _jittered(self, box: Box) -> Box:
        """The box as a hand draws it: inside the image, with an area of one pixel at least."""
        x0, y0, x1, y1 = (float(side) for side in np.array(box) + self.rng.normal(0.0, self.error.jitter_px, 4))
        x0, y0 = min(max(x0, 0.0), box[2] - 1.0), min(max(y0, 0.0), box[3] - 1.0)
        x1, y1 = min(max(x1, x0 + 1.0), self.sides[0]), min(max(y1, y0 + 1.0), self.sides[1])
        return round(x0, 2), round(y0, 2), round(x1, 2), round(y1, 2)


def text_work(text: str | None, truth: Sequence[Shape], suggested: Sequence[Suggested]) -> Drawing:
    """Read a text and press one key: that of its label, or the one that accepts the suggestion."""
    right = bool(suggested) and [suggested[0].label] == [shape.label for shape in truth]
    seconds = klm.reading(text or "") + klm.CHOOSE
    corrected = bool(suggested) and not right
    return Drawing(seconds, list(truth), accepted=int(right), corrected=int(corrected), drawn=int(not suggested))


def labor(labelers: Sequence[Labeler], campaigns: Sequence[str]) -> list[Work]:
    """All open tasks of these campaigns, shared out among the labelers."""
    return [
        work
        for campaign in campaigns
        for place, labeler in enumerate(labelers)
        for work in labeler.work(campaign, share=(place, len(labelers)))
    ]


def frame_truth(frame_of: Callable[[Item], Frame]) -> Truth:
    """What the customers of the built-in world would draw on the frame of an item."""

    def truth(item: Item, taxonomy: str) -> list[Shape]:
        drawn = draw_labels(frame_of(item), customer(taxonomy))
        return [Shape(label=one.label, box=one.box, attributes=dict(one.attributes)) for one in drawn]

    return truth


def _about(truth: Sequence[Shape], suggested: Sequence[Suggested]) -> dict[int, int]:
    """Which suggestion is about which thing, the best overlap first, whatever it is called."""
    if not truth or not suggested:
        return {}
    boxes_s4, boxes_t4 = np.array([one.box for one in suggested]), np.array([_box(shape) for shape in truth])
    overlap_st = iou(boxes_s4[:, None], boxes_t4[None])
    found: dict[int, int] = {}
    for flat in np.argsort(-overlap_st, axis=None, kind="stable").tolist():
        s, t = divmod(flat, len(truth))
        if overlap_st[s, t] < SAME_THING:
            break
        if s not in found and t not in found.values():
            found[s] = t
    return found


def _box(shape: Shape) -> Box:
    if shape.box is None:
        raise BadInput(f"The truth of an image holds '{shape.label}' without a box.", where="sim.labelers")
    return shape.box
