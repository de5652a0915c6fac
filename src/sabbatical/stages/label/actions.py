"""Say what is in an item: append revisions, read them back; take sources in and write labels out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from sabbatical.durable.steps import Step
from sabbatical.schemas.ingest import IngestRequest
from sabbatical.schemas.label import Payload
from sabbatical.stages.ingest.actions import Reader
from sabbatical.stages.label.answering import answer as answer_task
from sabbatical.stages.label.campaigns import create as create_campaign
from sabbatical.stages.label.campaigns import get as campaign
from sabbatical.stages.label.campaigns import skip as skip_task
from sabbatical.stages.label.campaigns import task, task_row, tasks
from sabbatical.stages.label.formats import ExportItem
from sabbatical.stages.label.formats import write as write_labels
from sabbatical.stages.label.keeping import Author, Said, check_payload, keep
from sabbatical.stages.label.revisions import history, revise
from sabbatical.stages.label.sources import open_source

__all__ = [
    "Author",
    "ExportItem",
    "Said",
    "answer_task",
    "campaign",
    "check_payload",
    "create_campaign",
    "history",
    "keep",
    "revise",
    "skip_task",
    "take_items",
    "take_labeled",
    "task",
    "task_row",
    "tasks",
    "write_labels",
]


def take_items(step: Step, asked: IngestRequest) -> list[str]:
    """Take the items of a source into the step's project, without labels, and answer their ids in its order."""
    work = open_source(step, asked, labels=False)
    work.item_ids = []
    work.take()
    return list(dict.fromkeys(work.item_ids))


def take_labeled(step: Step, asked: IngestRequest, chosen: Callable[[Reader], Reader]) -> dict[str, Payload]:
    """Take some items of a source into the step's project, without labels; answers what the source says of each.

    `chosen` makes of the source's reader one that reads those items alone.
    """
    work = open_source(step, asked, labels=False)
    work.recognition = replace(work.recognition, reader=chosen(work.recognition.reader))
    work.payloads, work.expected = {}, None
    work.take()
    return work.payloads
