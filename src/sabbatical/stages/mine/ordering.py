"""Issues become labeling campaigns: which items, for whom, how many.

The failing items and others of the same place, one of each group of near duplicates first, the issues by turns; one
campaign for each customer's taxonomy. Issues that were ordered before answer the campaigns that they became.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import zip_longest
from typing import Literal

from sqlalchemy.orm import Session

from sabbatical.core.errors import Conflict
from sabbatical.schemas.campaign import CampaignIn
from sabbatical.schemas.mine import Ordered
from sabbatical.schemas.policy import Labeling
from sabbatical.schemas.project import Project
from sabbatical.stages.label import actions as labels
from sabbatical.stages.mine import queries
from sabbatical.stages.mine.listing import find
from sabbatical.stages.project import actions as projects
from sabbatical.storage.tables import CampaignRow, IssueCampaignRow, IssueItemRow, IssueRow, ItemRow

WEEK = timedelta(days=7)
CLOSED = ("resolved", "dismissed")
LONGEST_NAME = 30  # of a taxonomy in the name of a campaign


@dataclass(frozen=True, slots=True)
class Wanted:
    """An item that should be labeled under a taxonomy, and the ids of the issues that want it."""

    item_id: str
    taxonomy: str
    failing: bool
    issues: frozenset[str]


def order(
    session: Session,
    project: Project,
    numbers: Sequence[int],
    rules: Labeling,
    now: datetime,
    key: str | None = None,
    *,
    actor: str = "autopilot",
    actor_kind: Literal["person", "loop"] = "loop",
) -> Ordered:
    """Make campaigns of issues, at most `rules.tasks_a_turn` tasks; the loop keeps to its tasks a week as well.

    Ordering an issue again, with whatever key, answers its campaigns and orders nothing; `key` is kept with the issue.
    An issue that got no tasks stays open, and it is said why. The loop leaves out what a person dismissed or resolved
    meanwhile, and says so.

    Raises:
        NotFound: no such issue.
        Conflict: a person orders one that was dismissed or resolved.
    """
    every = [find(session, project, number) for number in dict.fromkeys(numbers)]
    rows = [row for row in every if row.state not in CLOSED]
    closed = [_closed(row) for row in every if row.state in CLOSED]
    if closed and actor_kind == "person":
        raise Conflict(" ".join(closed), hint="Order what is open: `sabbatical mine list --state open`.")
    there = queries.campaigns(session, [row.id for row in rows])
    tasks = queries.task_states(session, list(there))
    new = [row for row in rows if row.id not in there]
    made = [one.name for found in there.values() for one in found]
    left = _left_this_week(session, project, rules, now) if actor_kind == "loop" else None
    room = rules.tasks_a_turn if left is None else min(rules.tasks_a_turn, left)
    notes: list[str] = [
        *closed,
        *(_there(row, there[row.id], tasks.get(row.id, {})) for row in rows if row.id in there),
    ]
    every_wanted = _wanted(session, project, new, notes)
    wanted = every_wanted[: max(room, 0)]
    if new and left is not None and not room:
        notes.append(_spent(rules, left))
    if wanted:
        notes += _without_tasks(new, every_wanted, wanted)
        by = {"actor": actor, "actor_kind": actor_kind, "key": key, "at": now.isoformat()}
        made += _campaigns(session, project, new, wanted, by, now)
        left = None if left is None else left - len(wanted)
    campaigns = [labels.campaign(session, project, name) for name in dict.fromkeys(made)]
    failing = sum(one.failing for one in wanted)
    return Ordered(campaigns=campaigns, tasks=len(wanted), failing=failing, left_this_week=left, notes=notes)


def _closed(row: IssueRow) -> str:
    why = f": {row.facts['why'].rstrip('.')}" if row.facts.get("why") else ""
    return f"Issue {row.number} is {row.state}{why}."


def _there(row: IssueRow, campaigns: Sequence[CampaignRow], tasks: Mapping[str, int]) -> str:
    """That an issue was ordered before, how far its labels are, and what to do."""
    total, open_ = sum(tasks.values()), tasks.get("open", 0)
    waiting = next((one.name for one in campaigns), "")
    do = (
        f"Label them: `sabbatical labels tasks {waiting}`."
        if open_
        else f"Train a model on its labels, or close it: `sabbatical mine resolve {row.number}`."
    )
    names = " and ".join(one.name for one in campaigns)
    return f"Issue {row.number} was ordered already, in {names}: {open_:,} of {total:,} tasks are open. {do}"


def _without_tasks(issues: Sequence[IssueRow], every: Sequence[Wanted], chosen: Sequence[Wanted]) -> list[str]:
    """Why some of several issues got no tasks."""
    wanting, got = ({issue for one in wanted for issue in one.issues} for wanted in (every, chosen))
    spent = f"the {len(chosen):,} tasks that could be ordered went to others"
    there = "all its items are labeled, or wait to be labeled in other campaigns"
    return [
        f"Issue {row.number} got no tasks and stays open: {spent if row.id in wanting else there}."
        for row in issues
        if row.id not in got
    ]


def _left_this_week(session: Session, project: Project, rules: Labeling, now: datetime) -> int:
    """What the loop may still order; a person's orders do not count."""
    return max(rules.tasks_a_week - queries.tasks_of_the_loop(session, project.id, now - WEEK), 0)


def _spent(rules: Labeling, left: int) -> str:
    if left:
        return "The policy lets the loop order no tasks in a turn (label.tasks_a_turn is 0)."
    return f"The {rules.tasks_a_week:,} tasks that the policy allows in a week were ordered in the last 7 days."


def _wanted(session: Session, project: Project, issues: Sequence[IssueRow], notes: list[str]) -> list[Wanted]:
    """What all issues want, by turns, without what is labeled or waits to be; an item once."""
    rows = [queries.issue_items(session, issue.id) for issue in issues]
    ids = list(dict.fromkeys(row.item_id for found in rows for row in found))
    there = queries.items(session, project.id, ids)
    busy = queries.labeled(session, project.id, ids) | queries.waiting(session, project.id, ids)
    taxonomy_of = _taxonomies(session, project, {one.customer for one in there.values()})
    turns = [_in_turn(found, there) for found in rows]
    asked: dict[str, set[str]] = {}
    for row in (row for found in rows for row in found):
        asked.setdefault(row.item_id, set()).add(row.issue_id)
    wanted: dict[str, Wanted] = {}
    for row in (row for turn in zip_longest(*turns) for row in turn if row is not None):
        taxonomy = taxonomy_of[there[row.item_id].customer]
        if taxonomy is not None and (row.item_id, taxonomy) not in busy:
            issues_of = frozenset(asked[row.item_id])
            wanted.setdefault(row.item_id, Wanted(row.item_id, taxonomy, row.kind != "alike", issues_of))
    homeless = {one.customer for one in there.values() if taxonomy_of[one.customer] is None}
    notes += [_homeless(customer) for customer in sorted(homeless, key=str)]
    if issues and not wanted and not homeless:
        notes.append("All items of these issues are labeled, or wait to be labeled in other campaigns.")
    return list(wanted.values())


def _in_turn(rows: Iterable[IssueItemRow], there: Mapping[str, ItemRow]) -> list[IssueItemRow]:
    """The worst of each group, then what else is there of groups that have none, then the second of each group."""
    seen: dict[str, int] = {}
    placed = []
    for row in sorted(rows, key=lambda row: (row.kind == "alike", -row.score, row.item_id)):
        if row.item_id in there:
            group = there[row.item_id].group
            placed.append((seen.get(group, 0), row))
            seen[group] = seen.get(group, 0) + 1
    return [row for _, row in sorted(placed, key=lambda one: one[0])]


def _taxonomies(session: Session, project: Project, customers: set[str | None]) -> dict[str | None, str | None]:
    """Under which taxonomy a customer's items are labeled: that of its name, else what is used most, else the only."""
    there = sorted(projects.customer_taxonomies(session, project.id))
    used = queries.taxonomies_of_customers(session, project.id)
    only = there[0] if len(there) == 1 else None
    found: dict[str | None, str | None] = {}
    for customer in customers:
        counts = used.get(customer, {})
        most = min(counts, key=lambda name: (-counts[name], name)) if counts else only
        found[customer] = customer if customer in there else most
    return found


def _homeless(customer: str | None) -> str:
    whose = "without a customer" if customer is None else f"of '{customer}'"
    return f"Items {whose} are left out: the project has several taxonomies, and none is known to be theirs."


def _campaigns(
    session: Session,
    project: Project,
    issues: Sequence[IssueRow],
    wanted: Sequence[Wanted],
    by: Mapping[str, object],
    now: datetime,
) -> list[str]:
    """Make the campaigns, and tell the issues that got tasks what they became; answers their names."""
    got = Counter(issue for one in wanted for issue in one.issues)
    ordered = [issue for issue in issues if issue.id in got]
    head = _head([issue.number for issue in ordered])
    told = "\n".join(f"Issue {issue.number}: {issue.title}" for issue in ordered)
    of_taxonomy: dict[str, list[Wanted]] = {}
    for one in wanted:
        of_taxonomy.setdefault(one.taxonomy, []).append(one)
    made: list[str] = []
    for place, (taxonomy, chosen) in enumerate(of_taxonomy.items()):
        name = f"{head}-{_plain(taxonomy)}" if _plain(taxonomy) else f"{head}-{place}"
        items = [one.item_id for one in chosen]
        campaign = labels.create_campaign(
            session, project, CampaignIn(name=name, taxonomy=taxonomy, items=items, instructions=told), now
        )
        served = sorted({issue for one in chosen for issue in one.issues})
        session.add_all(IssueCampaignRow(issue_id=issue, campaign_id=campaign.id) for issue in served)
        made.append(campaign.name)
    for issue in ordered:
        facts = issue.facts | {"order": {**by, "tasks": got[issue.id]}}
        issue.state, issue.updated_at, issue.facts = "ordered", now, facts
    session.flush()
    return made


def _head(numbers: Sequence[int]) -> str:
    told = str(numbers[0]) if len(numbers) == 1 else f"{min(numbers)}-{max(numbers)}"
    return f"issue-{told}"


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9._-]+", "-", name.lower()).strip("-")[:LONGEST_NAME]
