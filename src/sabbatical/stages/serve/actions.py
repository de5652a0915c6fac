"""What other stages need of serving: the answers that were given, what people said of them, evidence for a release."""

from __future__ import annotations

from sabbatical.stages.serve.evidence import abstention, evidence
from sabbatical.stages.serve.listing import newest_of_items
from sabbatical.stages.serve.window import Given, Judged, feedback, window

__all__ = ["Given", "Judged", "abstention", "evidence", "feedback", "newest_of_items", "window"]
