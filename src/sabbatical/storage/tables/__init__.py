"""The SQL schema, one class a table. Shapes live inside their revision: one row a revision, however many shapes."""

from sabbatical.storage.tables.base import ID, NAME, SEQ, Base, UtcTime
from sabbatical.storage.tables.data import (
    CampaignRow,
    FactsRow,
    GroupRow,
    HeadRow,
    ItemRow,
    ProfileRow,
    ProjectRow,
    RevisionRow,
    SnapshotRow,
    TaskRow,
    TaxonomyRow,
)
from sabbatical.storage.tables.models import ArtifactRow, EvaluationRow, ModelRow, PredictionRow
from sabbatical.storage.tables.releases import AliasRow, DecisionRow, FeedbackRow, ReleaseRow, ServedRow
from sabbatical.storage.tables.watching import DriftRow, IssueCampaignRow, IssueItemRow, IssueRow
from sabbatical.storage.tables.work import PolicyRow, QuarantineRow, RunRow, RunStepRow

__all__ = [
    "ID",
    "NAME",
    "SEQ",
    "AliasRow",
    "ArtifactRow",
    "Base",
    "CampaignRow",
    "DecisionRow",
    "DriftRow",
    "EvaluationRow",
    "FactsRow",
    "FeedbackRow",
    "GroupRow",
    "HeadRow",
    "IssueCampaignRow",
    "IssueItemRow",
    "IssueRow",
    "ItemRow",
    "ModelRow",
    "PolicyRow",
    "PredictionRow",
    "ProfileRow",
    "ProjectRow",
    "QuarantineRow",
    "ReleaseRow",
    "RevisionRow",
    "RunRow",
    "RunStepRow",
    "ServedRow",
    "SnapshotRow",
    "TaskRow",
    "TaxonomyRow",
    "UtcTime",
]
