"""The demo itself: data in, a snapshot, one model for every taxonomy beside the naive one, a judgement, a report."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sabbatical.demo.ready import Ready, make_ready
from sabbatical.demo.telling import Teller
from sabbatical.report import demo_page
from sabbatical.report.story import Story
from sabbatical.schemas.ingest import IngestReport
from sabbatical.schemas.taxonomy import TaxonomyFinding
from sabbatical.sdk.evaluation import Evaluation
from sabbatical.sdk.model import Model
from sabbatical.sdk.project import Project
from sabbatical.sdk.run import Run
from sabbatical.sdk.serving import Server
from sabbatical.sdk.snapshot import Snapshot
from sabbatical.sdk.workspace import Workspace
from sabbatical.taxonomy import parse_yaml

HEAD_START = 6.0  # seconds; their paces differ by a few in a hundred
SALT = "demo"  # every demo on the same data splits alike


@dataclass(frozen=True)
class Taken:
    """What came in: the project, a report for each source, and the snapshot of it all."""

    ready: Ready
    project: Project
    findings: list[TaxonomyFinding]
    reports: dict[str, IngestReport]
    snapshot: Snapshot


@dataclass(frozen=True)
class Contest:
    """Models on the same budget and the same items, judged at a score of 0.5; the chosen one comes last."""

    taken: Taken
    models: tuple[Model, ...]
    evaluations: tuple[Evaluation, ...]
    judged: Evaluation
    """The chosen model at its own thresholds, against the first."""
    names: tuple[str, ...] = ()
    """What to call the models, where their recipe does not say it."""
    later: tuple[Contest, ...] = ()
    """Those of later turns."""


@dataclass(frozen=True)
class Outcome:
    """How the demo ended, as `sabbatical demo --json` prints it."""

    data: str
    seconds: float
    steps: list[dict[str, Any]]
    naive: dict[str, Any]
    turns: list[dict[str, Any]]
    drift: list[dict[str, Any]]
    loop: dict[str, Any] | None
    report: Path

    def as_json(self) -> dict[str, Any]:
        return {
            "data": self.data,
            "seconds": self.seconds,
            "steps": self.steps,
            "naive": self.naive,
            "turns": self.turns,
            "drift": self.drift,
            **({"loop": self.loop} if self.loop else {}),
            "report": str(self.report),
        }


Telling = Callable[[Contest, Teller], Story]


def play(workspace: Workspace, server: Server, data: str, folder: Path, teller: Teller) -> tuple[Outcome, Contest]:
    """Play the loop on a workspace and its server, and write the report into `folder`.

    On the built-in world and on texts there is a second turn; other data do not go on arriving.

    Raises:
        NotFound, Unavailable: there is no such data, or no mirror to get it from.
        NotReady: the masked model did not pass its gates.
    """
    from sabbatical.demo.boxes import tell_boxes  # noqa: PLC0415 - these build on this file
    from sabbatical.demo.loop import turn_over  # noqa: PLC0415
    from sabbatical.demo.texts import tell_texts, text_contest  # noqa: PLC0415
    from sabbatical.demo.turns import as_json, loop_as_json  # noqa: PLC0415

    began = time.perf_counter()
    ready = _data(workspace, data, folder, teller)
    project, findings = _customers(workspace, ready, teller)
    taken = _take(ready, project, findings, teller)
    contest: Contest
    turned = None
    if ready.plan.task == "text":
        contest = turns = text_contest(taken, teller)
        story = tell_texts(turns, teller)
    else:
        contest = box_contest(taken, teller)
        turned = turn_over(contest, server, teller) if data == "world" else None
        story = tell_boxes(contest, teller, turned)
    report = folder / f"{data}-report.html"
    report.write_text(demo_page(story), encoding="utf-8")
    first = contest.evaluations[0].report
    outcome = Outcome(
        data=data,
        seconds=round(time.perf_counter() - began, 1),
        steps=teller.as_json(),
        naive={"metrics": first.metrics.model_dump(mode="json", exclude_none=True)},
        turns=as_json(contest, turned),
        drift=[one.model_dump() for one in turned.drift.record.drifts] if turned else [],
        loop=loop_as_json(turned) if turned else None,
        report=report,
    )
    return outcome, contest


def _data(workspace: Workspace, data: str, folder: Path, teller: Teller) -> Ready:
    why = "Street scenes are drawn: perspective, weather, night." if data == "world" else "Public data, checked."
    with teller.step("Data", why) as told:
        ready = make_ready(data, workspace, folder, teller.watch)
        sources = [source.source for source in ready.plan.sources if source.turn == 1]
        told.summary = f"{len(sources)} sources: {', '.join(sources)}."
    return ready


def _customers(workspace: Workspace, ready: Ready, teller: Teller) -> tuple[Project, list[TaxonomyFinding]]:
    with teller.step("Customers", "Each labels other things, under other names.") as told:
        project = workspace.create_project(ready.plan.project, ready.plan.task, salt=SALT, **ready.shares)
        project.taxonomy_add(ready.path(ready.plan.super_taxonomy))
        judge = None
        for file in [file for file in ready.plan.taxonomies if file not in later_taxonomies(ready)]:
            if file == f"{ready.judge}.yaml" and ready.judge not in ready.learners:
                judge = file
            else:
                project.taxonomy_add(ready.path(file))
        findings = project.taxonomy_check()
        if judge is not None:  # it labels everything, which would hide what no customer labels
            project.taxonomy_add(ready.path(judge))
        said = " ".join(finding.message for finding in findings if finding.level != "note")
        told.summary = f"One super-taxonomy, {len(ready.learners)} mappings. {said}"
    return project, findings


def later_taxonomies(ready: Ready) -> list[str]:
    """Files of versions that come in a later turn, in the order in which they are added."""
    documents = ((file, parse_yaml(ready.path(file).read_text("utf-8"))) for file in ready.plan.taxonomies)
    return [file for file, document in documents if document.get("version", 1) != 1]


def _take(ready: Ready, project: Project, findings: list[TaxonomyFinding], teller: Teller) -> Taken:
    reports: dict[str, IngestReport] = {}
    with teller.step("Ingest", "Items are stored once, checked, and fall into splits that never change.") as told:
        # What judges comes first, so that its near duplicates among the rest cannot be learned from.
        for source in sorted(ready.plan.sources, key=lambda source: source.split != "test"):
            if source.turn > 1:
                continue
            reports[source.source] = project.ingest(
                ready.path(source.path),
                name=source.source,
                taxonomy=source.taxonomy,
                customer=source.customer,
                split="test" if source.split == "test" else None,
                progress=teller.watch,
            )
        added = ", ".join(f"{name} {report.added:,}" for name, report in reports.items())
        told.summary = f"{sum(report.added for report in reports.values()):,} items: {added}."
    with teller.step("Snapshot", "What is labeled now, frozen under the hash of its content.") as told:
        snapshot = project.snapshot(progress=teller.watch)
        counts = snapshot.counts
        splits = ", ".join(f"{count:,} {name}" for name, count in counts["by_split"].items())
        told.summary = f"{snapshot.name}: {counts['items']:,} items, {counts['shapes']:,} labels; {splits}."
    return Taken(ready, project, findings, reports, snapshot)


def box_contest(taken: Taken, teller: Teller) -> Contest:
    """The naive super-dataset and tree masking, side by side on the same budget."""
    ready, snapshot = taken.ready, taken.snapshot
    settings = {"threads": 1, **ready.settings}
    with teller.step(
        "Train", "Two models on the same budget: what is not labeled is background, or it is masked."
    ) as told:
        asked = {"settings": settings, "taxonomies": ready.learners}
        first = snapshot.start_train(ready.recipe, masking="none", **asked)
        teller.begun(first)
        time.sleep(HEAD_START)  # models are numbered as they end, and the naive one is told of first
        second = snapshot.start_train(ready.recipe, masking="tree", **asked)
        naive, masked = teller.together([first, second], ("naive", "masked"))
        seconds = masked.record.record["seconds"]
        told.summary = f"{naive.name} naive, {masked.name} with tree masking, {seconds:.0f} s each, side by side."
    with teller.step("Evaluate", "Both on the same fully labeled test items.") as told:
        judge: dict[str, Any] = {"taxonomies": [ready.judge]}
        at_half: dict[str, Any] = {"plain_threshold": True}
        tests = [item.id for item in taken.project.items(split="test")]
        first_runs: list[Run[Any]] = [
            naive.start_evaluate(snapshot, **judge, **at_half),
            masked.start_predict(items=tests),  # once, for both that follow
        ]
        plain, _ = teller.together(first_runs, ("naive", "masked"))
        runs = [masked.start_evaluate(snapshot, against=naive, **judge, **more) for more in (at_half, {})]
        against, judged = teller.together(runs, ("at 0.5", "at thresholds of its own"))
        told.summary = judged.report.sentences[0]
    return Contest(taken, (naive, masked), (plain, against), judged)
