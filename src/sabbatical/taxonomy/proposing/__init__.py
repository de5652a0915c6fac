"""The mapping assistant: what a new customer's labels are to the tree, by their names and by what a model finds."""

from sabbatical.taxonomy.proposing.drafts import check_names, draft_of
from sabbatical.taxonomy.proposing.proposal import Proposal, propose, way_said
from sabbatical.taxonomy.proposing.sightings import Sightings, finest
from sabbatical.taxonomy.proposing.writing import Draft, Files, evidence, write

__all__ = [
    "Draft",
    "Files",
    "Proposal",
    "Sightings",
    "check_names",
    "draft_of",
    "evidence",
    "finest",
    "propose",
    "way_said",
    "write",
]
