"""A project: its taxonomies, data sets and models."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson

from sabbatical.core.errors import BadFile
from sabbatical.schemas import project as schema
from sabbatical.schemas import run as run_schema
from sabbatical.schemas.assist import Suggestion
from sabbatical.schemas.campaign import Campaign, CampaignIn, LabelTask, TaskState
from sabbatical.schemas.dataset import Snapshot as SnapshotRecord
from sabbatical.schemas.dataset import SnapshotQuery
from sabbatical.schemas.evaluation import EvaluationRecord
from sabbatical.schemas.ingest import IngestReport
from sabbatical.schemas.item import Item, ItemFilter
from sabbatical.schemas.label import Revision, RevisionIn, Shape
from sabbatical.schemas.mine import IssueState, Ordered
from sabbatical.schemas.predict import Prediction
from sabbatical.schemas.proposal import MappingProposal
from sabbatical.schemas.taxonomy import TaxonomyFinding, TaxonomyTables
from sabbatical.schemas.train import ModelVersion
from sabbatical.sdk import labeling
from sabbatical.sdk.autopilot import Autopilot
from sabbatical.sdk.client import Client, place, request
from sabbatical.sdk.drift import Drift, drifts, found_drift, start_monitor
from sabbatical.sdk.evaluation import Evaluation, found_evaluation
from sabbatical.sdk.ingest import start_ingest
from sabbatical.sdk.issues import Issue, found_issue, issues, order_labels, start_mine
from sabbatical.sdk.mapping import start_proposal
from sabbatical.sdk.model import Model, found_model, start_train
from sabbatical.sdk.online import Online
from sabbatical.sdk.releases import Releases
from sabbatical.sdk.run import Run, Watcher, plain
from sabbatical.sdk.snapshot import Snapshot


class Project:
    """One task and one super-taxonomy."""

    def __init__(self, client: Client, record: schema.Project) -> None:
        self._client = client
        self.record = record

    def __repr__(self) -> str:
        return f"<Project {self.name}: {self.record.task}>"

    @property
    def name(self) -> str:
        return self.record.name

    def taxonomy_add(self, document: str | Path | Mapping[str, Any]) -> schema.TaxonomyVersion:
        """Add a version of the super-taxonomy or of a customer's taxonomy: a YAML file, or the document itself."""
        if isinstance(document, Mapping):
            body, media_type = orjson.dumps(document), "application/json"
        else:
            body, media_type = _read(Path(document)), "application/yaml"
        answer = self._client.post(self._place("taxonomies"), body, media_type=media_type)
        return schema.TaxonomyVersion.model_validate(answer)

    def taxonomies(self) -> list[schema.TaxonomyVersion]:
        """The newest version of each, the super-taxonomy first."""
        return [schema.TaxonomyVersion.model_validate(row) for row in self._client.get(self._place("taxonomies"))]

    def taxonomy_history(self, name: str) -> list[schema.TaxonomyVersion]:
        """Every version of one taxonomy, newest first."""
        rows = self._client.get(self._place("taxonomies", name, "history"))
        return [schema.TaxonomyVersion.model_validate(row) for row in rows]

    def taxonomy_check(self) -> list[TaxonomyFinding]:
        """What is ambiguous, unmapped or uncovered, errors first."""
        return [TaxonomyFinding.model_validate(row) for row in self._client.get(self._place("taxonomies", "check"))]

    def taxonomy_tables(self, name: str) -> TaxonomyTables:
        """What a customer's labels say about every class, and what nothing drawn means."""
        return TaxonomyTables.model_validate(self._client.get(self._place("taxonomies", name, "tables")))

    def start_propose(self, labels: str | Path | Mapping[str, Any], **asked: Any) -> Run[MappingProposal]:
        """Begin to compare a customer's labels with the super-taxonomy; see `propose_taxonomy`."""
        return start_proposal(self._client, self.name, labels, **asked)

    def propose_taxonomy(
        self, labels: str | Path | Mapping[str, Any], *, progress: Watcher | None = None, **asked: Any
    ) -> MappingProposal:
        """What each label is to the tree: same as, child of, parent of a class, new, or ambiguous, with evidence.

        `labels` is the name of a taxonomy, a YAML file or document of labels, or data that holds labels. `data`:
        labeled items beside a document or taxonomy. See `ProposalRequest` for what else can be said.
        """
        return self.start_propose(labels, **asked).wait(progress)

    def start_ingest(self, source: str | Path, **asked: Any) -> Run[IngestReport]:
        """Begin to take a source in; see `IngestRequest` for what else can be said."""
        return start_ingest(self._client, source, project=self.name, **asked)

    def ingest(self, source: str | Path, *, progress: Watcher | None = None, **asked: Any) -> IngestReport:
        """Take a source in, with the labels it holds. Run again, it adds only what is new."""
        return self.start_ingest(source, **asked).wait(progress)

    def import_labels(self, source: str | Path, *, progress: Watcher | None = None, **asked: Any) -> IngestReport:
        """Attach the labels of a source to items that are here already, matched by name."""
        return self.ingest(source, progress=progress, labels_only=True, **asked)

    def items(self, **chosen: Any) -> Iterator[Item]:
        """Items in the order in which they came; see `ItemFilter` for what can be chosen."""
        return self._client.pages(
            Item, self._place("items"), **request(ItemFilter, **chosen).model_dump(exclude_none=True)
        )

    def item(self, item_id: str) -> Item:
        return Item.model_validate(self._client.get(self._place("items", item_id)))

    def media(self, item_id: str) -> bytes:
        """The bytes of an item as they came."""
        return self._client.content(self._place("items", item_id, "media"))

    def labels(self, item_id: str) -> Iterator[Revision]:
        """Every revision of an item's labels, newest first."""
        return self._client.pages(Revision, self._place("items", item_id, "labels"))

    def revise(self, item: str, taxonomy: str, shapes: list[Shape], author: str, **said: Any) -> Revision:
        """Say what is in an item; see `RevisionIn` for what else can be said."""
        asked = request(RevisionIn, item=item, taxonomy=taxonomy, shapes=shapes, author=author, **said)
        return Revision.model_validate(self._client.post(self._place("labels"), asked))

    def create_campaign(self, name: str, taxonomy: str, items: list[str], instructions: str = "") -> Campaign:
        """Make a campaign, or let more items join the one of this name."""
        asked = request(CampaignIn, name=name, taxonomy=taxonomy, items=items, instructions=instructions)
        return Campaign.model_validate(self._client.post(self._place("campaigns"), asked))

    def campaigns(self) -> Iterator[Campaign]:
        """Newest first."""
        return labeling.campaigns(self._client, self.name)

    def tasks(self, campaign: str, state: TaskState | None = None) -> Iterator[LabelTask]:
        """Tasks of a campaign in the order in which they joined."""
        return self._client.pages(LabelTask, self._place("campaigns", campaign, "tasks"), state=state)

    def campaign(self, name: str) -> Campaign:
        """A campaign, with how many of its tasks are open, done and skipped."""
        return labeling.campaign(self._client, self.name, name)

    def task(self, campaign: str, number: int) -> LabelTask:
        """A task as it is now; it is done as soon as somebody labels its item under the campaign's taxonomy."""
        return labeling.task(self._client, self.name, campaign, number)

    def skip_task(self, campaign: str, number: int) -> LabelTask:
        """Leave an open task undone; nobody is asked again."""
        return labeling.skip(self._client, self.name, campaign, number)

    def next_task(self, campaign: str | None = None, *, after: int | None = None) -> LabelTask | None:
        """The next open task (after a number) of a campaign, or of the newest that has any; None: nothing is open."""
        return labeling.next_task(self._client, self.name, campaign, after)

    def answer_task(self, number: int, **said: Any) -> LabelTask:
        """Say what the item of a task shows: label, shapes, accept or skip; see `TaskAnswer`.

        Raises:
            Conflict: it was done by another answer, and `change` is not said.
        """
        return labeling.answer(self._client, self.name, number, **said)

    def start_prelabel(self, campaign: str, model: str | None = None) -> Run[dict[str, Any]]:
        """Begin to ask the champion (or another model) about all open tasks of a campaign."""
        return labeling.start_prelabel(self._client, self.name, campaign, model)

    def prelabel(self, campaign: str, model: str | None = None, *, progress: Watcher | None = None) -> dict[str, Any]:
        """Ask the champion (or another model) about all open tasks of a campaign."""
        return self.start_prelabel(campaign, model).wait(progress)

    def suggestion(self, campaign: str, number: int, model: str | None = None) -> Suggestion:
        """What the champion (or another model) suggests for a task, in the words of the customer."""
        return labeling.suggestion(self._client, self.name, campaign, number, model)

    def start_snapshot(self, **query: Any) -> Run[Snapshot]:
        """Begin to freeze the labels that the query means now; see `SnapshotQuery` for its fields."""
        answer = self._client.post(self._place("snapshots"), request(SnapshotQuery, **query))

        def finish(run: run_schema.Run) -> Snapshot:
            return self.find_snapshot((run.result or {})["snapshot"])

        return Run(self._client, run_schema.Run.model_validate(answer), finish)

    def snapshot(self, *, progress: Watcher | None = None, **query: Any) -> Snapshot:
        """Freeze the labels that the query means now."""
        return self.start_snapshot(**query).wait(progress)

    def find_snapshot(self, name: str | None = None) -> Snapshot:
        """A snapshot by name, the newest without one."""
        answer = self._client.get(self._place("snapshots", name or "newest"))
        return Snapshot(self._client, SnapshotRecord.model_validate(answer))

    def snapshots(self) -> Iterator[Snapshot]:
        """Newest first."""
        for record in self._client.pages(SnapshotRecord, self._place("snapshots")):
            yield Snapshot(self._client, record)

    def start_train(self, recipe: str = "default", **asked: Any) -> Run[Model]:
        """Begin to train a model, from the newest snapshot unless told; see `TrainRequest`."""
        return start_train(self._client, self.name, recipe=recipe, **asked)

    def train(self, recipe: str = "default", *, progress: Watcher | None = None, **asked: Any) -> Model:
        """Train a model."""
        return self.start_train(recipe, **asked).wait(progress)

    def model(self, name: str | None = None) -> Model:
        """A model by name, the newest without one."""
        return found_model(self._client, self.name, name)

    def models(self) -> Iterator[Model]:
        """Newest first."""
        for record in self._client.pages(ModelVersion, self._place("models")):
            yield Model(self._client, record)

    @property
    def releases(self) -> Releases:
        """Propose a model, take it to all traffic step by step, take it back."""
        return Releases(self._client, self.name)

    @property
    def online(self) -> Online:
        """Ask the released model, look at what it answered, say whether it was right."""
        return Online(self._client, self.name)

    def evaluations(self, model: str | None = None) -> Iterator[Evaluation]:
        """Reports, of one model or of all, newest first."""
        for record in self._client.pages(EvaluationRecord, self._place("evaluations"), model=model):
            yield Evaluation(self._client, record)

    def evaluation(self, evaluation_id: str) -> Evaluation:
        return found_evaluation(self._client, self.name, evaluation_id)

    def predictions(self, *, model: str | None = None, item: str | None = None) -> Iterator[Prediction]:
        """What one model has said so far, or what the models have said of one item."""
        return self._client.pages(Prediction, self._place("predictions"), model=model, item=item)

    def start_monitor(self, **asked: Any) -> Run[Drift]:
        """Begin to look for drift, of the champion unless told; see `MonitorRequest`."""
        return start_monitor(self._client, self.name, **asked)

    def monitor(self, *, progress: Watcher | None = None, **asked: Any) -> Drift:
        """Compare a model's newest answers with its first ones.

        Raises:
            EmptyDataset: it has answered too little to look at.
        """
        return self.start_monitor(**asked).wait(progress)

    def find_drift(self, name: str | None = None) -> Drift:
        """A look for drift by name, the newest without one."""
        return found_drift(self._client, self.name, name)

    def drifts(self, model: str | None = None) -> Iterator[Drift]:
        """Looks for drift, at one model or at all, newest first."""
        return drifts(self._client, self.name, model)

    def start_mine(self, **asked: Any) -> Run[list[Issue]]:
        """Begin to look for failures among a model's newest answers; see `MineRequest`."""
        return start_mine(self._client, self.name, **asked)

    def mine(self, *, progress: Watcher | None = None, **asked: Any) -> list[Issue]:
        """Group the failures among a model's newest answers into issues, the worst first."""
        return self.start_mine(**asked).wait(progress)

    def issue(self, number: int) -> Issue:
        return found_issue(self._client, self.name, number)

    def issues(self, state: IssueState | None = None) -> Iterator[Issue]:
        """Newest first."""
        return issues(self._client, self.name, state)

    def order_labels(self, numbers: Sequence[int], tasks: int = 100) -> Ordered:
        """Make campaigns of issues, one for each customer's taxonomy."""
        return order_labels(self._client, self.name, numbers, tasks)

    @property
    def autopilot(self) -> Autopilot:
        """The loop by itself, within a policy."""
        return Autopilot(self._client, self.name)

    def runs(self) -> Iterator[Run[dict[str, Any]]]:
        """Newest first."""
        for record in self._client.pages(run_schema.Run, place("runs"), project=self.name):
            yield Run(self._client, record, plain)

    def _place(self, *parts: str) -> str:
        return place("projects", self.name, *parts)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadFile(f"The file cannot be read: {error.strerror}.", where=str(path)) from error
