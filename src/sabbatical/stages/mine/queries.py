"""Answers, later labels, feedback and issues in SQL."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from sabbatical.core.batches import batched
from sabbatical.storage.tables import (
    Base,
    CampaignRow,
    FeedbackRow,
    HeadRow,
    IssueCampaignRow,
    IssueItemRow,
    IssueRow,
    ItemRow,
    ModelRow,
    RevisionRow,
    ServedRow,
    TaskRow,
    TaxonomyRow,
)

CHUNK = 2000  # ids in one IN list; databases bound the number of parameters
BELIEVED = ("submitted", "approved")  # states of labels that say something


def verdicts(session: Session, project_id: str, item_ids: Sequence[str], model_id: str) -> dict[str, str]:
    """What was said last of each item's answers by this model, as the verdict of the feedback."""
    found: dict[str, str] = {}
    for chunk in batched(item_ids, CHUNK):
        query = (
            select(FeedbackRow.item_id, FeedbackRow.verdict)
            .join(ServedRow, ServedRow.id == FeedbackRow.served_id)
            .where(FeedbackRow.project_id == project_id, FeedbackRow.item_id.in_(chunk), ServedRow.model_id == model_id)
            .order_by(FeedbackRow.seq)
        )
        found.update((row[0], row[1]) for row in session.execute(query))
    return found


def labels(
    session: Session, project_id: str, item_ids: Sequence[str]
) -> Iterator[tuple[ItemRow, RevisionRow, TaxonomyRow]]:
    """What people say of items now, under every taxonomy."""
    for chunk in batched(item_ids, CHUNK):
        query = (
            select(ItemRow, RevisionRow, TaxonomyRow)
            .join(HeadRow, (HeadRow.project_id == ItemRow.project_id) & (HeadRow.item_id == ItemRow.id))
            .join(RevisionRow, RevisionRow.seq == HeadRow.revision_seq)
            .join(TaxonomyRow, TaxonomyRow.id == RevisionRow.taxonomy_id)
            .where(
                ItemRow.project_id == project_id,
                ItemRow.id.in_(chunk),
                RevisionRow.state.in_(BELIEVED),
                RevisionRow.author_kind != "model",
            )
        )
        for row in session.execute(query):
            yield row[0], row[1], row[2]


def issue(session: Session, project_id: str, number: int) -> IssueRow | None:
    return session.scalar(select(IssueRow).where(IssueRow.project_id == project_id, IssueRow.number == number))


def issue_with_key(session: Session, project_id: str, key: str) -> IssueRow | None:
    return session.scalar(select(IssueRow).where(IssueRow.project_id == project_id, IssueRow.key == key))


def issues(session: Session, project_id: str, state: str | None, before: int | None, limit: int) -> list[IssueRow]:
    """Newest first."""
    query = select(IssueRow).where(IssueRow.project_id == project_id).order_by(IssueRow.number.desc())
    if state is not None:
        query = query.where(IssueRow.state == state)
    if before is not None:
        query = query.where(IssueRow.number < before)
    return list(session.scalars(query.limit(limit)))


def issues_of_model(session: Session, project_id: str, model_id: str) -> list[IssueRow]:
    """Oldest first."""
    query = select(IssueRow).where(IssueRow.project_id == project_id, IssueRow.model_id == model_id)
    return list(session.scalars(query.order_by(IssueRow.number)))


def issues_by_id(session: Session, ids: Sequence[str]) -> list[IssueRow]:
    """Oldest first."""
    return list(session.scalars(select(IssueRow).where(IssueRow.id.in_(ids)).order_by(IssueRow.number)))


def next_number(session: Session, project_id: str) -> int:
    return int(session.scalar(select(func.max(IssueRow.number)).where(IssueRow.project_id == project_id)) or 0) + 1


def put_items(session: Session, issue_id: str, rows: list[dict[str, Any]]) -> None:
    """Make these the items of an issue."""
    session.execute(delete(IssueItemRow).where(IssueItemRow.issue_id == issue_id))
    if rows:
        session.execute(insert(Base.metadata.tables[IssueItemRow.__tablename__]), rows)


def issue_items(
    session: Session, issue_id: str, *, after: tuple[float, str] | None = None, limit: int | None = None
) -> list[IssueItemRow]:
    """The worst first; `after` the score and the item of another."""
    score, item = IssueItemRow.score, IssueItemRow.item_id
    query = select(IssueItemRow).where(IssueItemRow.issue_id == issue_id).order_by(score.desc(), item).limit(limit)
    if after is not None:
        query = query.where((score < after[0]) | ((score == after[0]) & (item > after[1])))
    return list(session.scalars(query))


def campaigns(session: Session, issue_ids: Sequence[str]) -> dict[str, list[CampaignRow]]:
    """The campaigns that issues became, by issue, in the order in which they were made."""
    query = (
        select(IssueCampaignRow.issue_id, CampaignRow)
        .join(CampaignRow, CampaignRow.id == IssueCampaignRow.campaign_id)
        .where(IssueCampaignRow.issue_id.in_(issue_ids))
        .order_by(CampaignRow.created_at, CampaignRow.name)
    )
    found: dict[str, list[CampaignRow]] = {}
    for issue_id, row in session.execute(query):
        found.setdefault(issue_id, []).append(row)
    return found


def task_states(session: Session, issue_ids: Sequence[str]) -> dict[str, dict[str, int]]:
    """How many tasks of each issue are in which state. Issues may share campaigns; a task is of whose item it is."""
    query = (
        _tasks(select(IssueItemRow.issue_id, TaskRow.state, func.count()))
        .where(IssueItemRow.issue_id.in_(issue_ids))
        .group_by(IssueItemRow.issue_id, TaskRow.state)
    )
    found: dict[str, dict[str, int]] = {}
    for issue_id, state, many in session.execute(query):
        found.setdefault(issue_id, {})[state] = many
    return found


def learned_tasks(session: Session, project_id: str, cutoff: int, states: Sequence[str]) -> dict[str, int]:
    """How many tasks of each ordered issue were done by a label that a snapshot up to a revision holds."""
    query = (
        _tasks(select(IssueItemRow.issue_id, func.count()))
        .join(IssueRow, IssueRow.id == IssueItemRow.issue_id)
        .join(RevisionRow, (RevisionRow.project_id == IssueRow.project_id) & (RevisionRow.id == TaskRow.revision_id))
        .where(IssueRow.project_id == project_id, IssueRow.state == "ordered", TaskRow.state == "done")
        .where(RevisionRow.seq <= cutoff, RevisionRow.state.in_(states))
        .group_by(IssueItemRow.issue_id)
    )
    return {row[0]: row[1] for row in session.execute(query)}


def _tasks(columns: Any) -> Any:
    """The tasks that issues became, beside their items."""
    return (
        columns.select_from(IssueItemRow)
        .join(IssueCampaignRow, IssueCampaignRow.issue_id == IssueItemRow.issue_id)
        .join(
            TaskRow, (TaskRow.campaign_id == IssueCampaignRow.campaign_id) & (TaskRow.item_id == IssueItemRow.item_id)
        )
    )


def tasks_of_the_loop(session: Session, project_id: str, since: datetime) -> int:
    """How many tasks the loop has ordered since then."""
    ordered = (
        select(IssueCampaignRow.campaign_id)
        .join(CampaignRow, CampaignRow.id == IssueCampaignRow.campaign_id)
        .join(IssueRow, IssueRow.id == IssueCampaignRow.issue_id)
        .where(CampaignRow.project_id == project_id, CampaignRow.created_at > since)
        .where(IssueRow.facts["order"]["actor_kind"].as_string() == "loop")
    )
    return int(session.scalar(select(func.count()).where(TaskRow.campaign_id.in_(ordered))) or 0)


def items(session: Session, project_id: str, item_ids: Sequence[str]) -> dict[str, ItemRow]:
    found: dict[str, ItemRow] = {}
    for chunk in batched(item_ids, CHUNK):
        query = select(ItemRow).where(ItemRow.project_id == project_id, ItemRow.id.in_(chunk))
        found.update((row.id, row) for row in session.scalars(query))
    return found


def labeled(session: Session, project_id: str, item_ids: Sequence[str]) -> set[tuple[str, str]]:
    """Which of these items have labels under which taxonomy."""
    found: set[tuple[str, str]] = set()
    for chunk in batched(item_ids, CHUNK):
        query = select(HeadRow.item_id, HeadRow.taxonomy).where(
            HeadRow.project_id == project_id, HeadRow.item_id.in_(chunk)
        )
        found.update((row[0], row[1]) for row in session.execute(query))
    return found


def waiting(session: Session, project_id: str, item_ids: Sequence[str]) -> set[tuple[str, str]]:
    """Which of these items wait to be labeled under which taxonomy."""
    found: set[tuple[str, str]] = set()
    for chunk in batched(item_ids, CHUNK):
        query = (
            select(TaskRow.item_id, TaxonomyRow.name)
            .join(CampaignRow, CampaignRow.id == TaskRow.campaign_id)
            .join(TaxonomyRow, TaxonomyRow.id == CampaignRow.taxonomy_id)
            .where(CampaignRow.project_id == project_id, TaskRow.item_id.in_(chunk), TaskRow.state == "open")
        )
        found.update((row[0], row[1]) for row in session.execute(query))
    return found


def taxonomies_of_customers(session: Session, project_id: str) -> dict[str | None, dict[str, int]]:
    """How many items of each customer are labeled under each taxonomy."""
    query = (
        select(ItemRow.customer, HeadRow.taxonomy, func.count())
        .join(ItemRow, (ItemRow.project_id == HeadRow.project_id) & (ItemRow.id == HeadRow.item_id))
        .where(HeadRow.project_id == project_id)
        .group_by(ItemRow.customer, HeadRow.taxonomy)
    )
    found: dict[str | None, dict[str, int]] = {}
    for customer, taxonomy, many in session.execute(query):
        found.setdefault(customer, {})[taxonomy] = many
    return found


def model_names(session: Session, ids: Sequence[str]) -> dict[str, str]:
    query = select(ModelRow.id, ModelRow.number).where(ModelRow.id.in_(ids))
    return {row[0]: f"v{row[1]}" for row in session.execute(query)}


def newest_model_at(session: Session, project_id: str) -> datetime | None:
    """When the newest model was made."""
    return session.scalar(select(func.max(ModelRow.created_at)).where(ModelRow.project_id == project_id))
