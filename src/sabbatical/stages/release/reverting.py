"""What a revert did, told from its decision: what was taken back, which model answers, what became of what waited."""

from __future__ import annotations

from sqlalchemy.orm import Session

from sabbatical.schemas.project import Project
from sabbatical.schemas.release import Reverted
from sabbatical.stages.release import listing
from sabbatical.storage.tables import DecisionRow


def taken_back(session: Session, project: Project, made: DecisionRow) -> Reverted:
    """The release that a decision of the kind "revert" took back."""
    rows = [listing.row_of(session, project, one) for one in (made.release_id, made.evidence.get("ended")) if one]
    release, *waited = listing.releases(session, project, rows)
    answers = release.champion  # a release that had traffic, or all of it, stood against one
    told = f"{release.name}, the release of {release.model}, is taken back"
    if "champion" in made.evidence:
        told += f": {answers} is the champion again and answers everything."
    else:
        told += f" from {made.stage_from}: {answers} is the champion as before and answers everything."
    for one in waited:
        told += f" {one.name}, the release of {one.model}, waited at the gate and has ended, since it had been compared"
        again = f"; to compare it with {answers}: `sabbatical release propose {one.model}`"
        told += f" with {release.model}{again if one.model != answers else ''}."
    found = {"answers": answers, "ended": waited[0].name if waited else None, "message": told}
    return Reverted.model_validate(release.model_dump() | found)
