"""`sabbatical study`: the studies behind our claims, each with one command."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from sabbatical.cli.output import err, say, table
from sabbatical.cli.session import Session, command, group
from sabbatical.cli.values import pairs
from sabbatical.cli.waiting import Lines, wait
from sabbatical.core.errors import Interrupted

if TYPE_CHECKING:
    from sabbatical.schemas.study import Claim, StudyResult
    from sabbatical.sdk.studies import Study, Trials

Methods = Annotated[list[str] | None, typer.Option("--method", "-m", help="Only these; can be repeated.")]
Seeds = Annotated[int, typer.Option(min=1, help="How many; three judge every image once.")]
First = Annotated[int, typer.Option(min=0, help="The first seed, for seeds that were not tuned on.")]
Settings = Annotated[
    list[str] | None, typer.Option("--set", "-s", help="A field of the recipe, as NAME=VALUE; can be repeated.")
]
Now = Annotated[bool, typer.Option("--now", help="Start nothing: judge what has ended.")]
Page = Annotated[Path | None, typer.Option(help="Write the report as one page of HTML to this file.")]
AtOnce = Annotated[int | None, typer.Option(min=1, help="Trials at one time; one a core unless given.")]

SHOWN = 8


def register(app: typer.Typer) -> None:
    noun = group(app, "study", "The studies behind our claims; what was done before is not done again.")
    example = """sabbatical study masking --data bccd --seeds 3
sabbatical study masking --data road --method naive --method tree --page road.html
sabbatical study masking --now            # what has ended so far"""
    command(noun, "masking", example=example, project=False)(masking)
    command(noun, "ramp", example="sabbatical study ramp --page ramp.html", project=False)(ramp)
    command(noun, "growth", example="sabbatical study growth --page growth.html", project=False)(growth)
    command(noun, "rules", example="sabbatical study rules --page rules.html", project=False)(rules)
    command(noun, "list", example="sabbatical study list", project=False)(list_studies)


def list_studies(session: Session) -> None:
    """What can be studied, and by which methods."""
    found = session.workspace.study_tasks()

    def words() -> None:
        rows = [(f"{one.study} --data {one.data}", ", ".join(one.methods)) for one in found]
        table(["sabbatical study", "*methods"], rows)

    session.answer({"studies": [one.model_dump(mode="json") for one in found]}, words)


def masking(
    session: Session,
    data: Annotated[str, typer.Option(help="A task of `sabbatical study list`.")] = "bccd",
    seeds: Seeds = 3,
    first: First = 0,
    method: Methods = None,
    setting: Settings = None,
    at_once: AtOnce = None,
    now: Now = False,
    page: Page = None,
) -> None:
    """Train by every method on the same partial labels, and judge all on the same images.

    Each seed judges another part of the images, so that three judge every image once. A trial is kept as it ends: the
    same command goes on where it stopped.
    """
    study = session.workspace.study("masking", data, **_asked(seeds, first, method, setting))
    _do(session, study, at_once, now, page)


def ramp(
    session: Session,
    data: Annotated[str, typer.Option(help="A task of `sabbatical study list`.")] = "newcomer",
    seeds: Seeds = 3,
    first: First = 0,
    method: Methods = None,
    setting: Settings = None,
    at_once: AtOnce = None,
    now: Now = False,
    page: Page = None,
) -> None:
    """How well a new customer is served with 0, 10, 30, 100 and 300 labeled images.

    By one masked model of all customers, by a model of its own, and by a new head on a shared backbone.
    """
    study = session.workspace.study("ramp", data, **_asked(seeds, first, method, setting))
    _do(session, study, at_once, now, page)


def growth(
    session: Session,
    data: Annotated[str, typer.Option(help="A task of `sabbatical study list`.")] = "weeks",
    seeds: Seeds = 3,
    first: First = 0,
    method: Methods = None,
    setting: Settings = None,
    at_once: AtOnce = None,
    now: Now = False,
    page: Page = None,
) -> None:
    """A stream learned week by week: by warm start with replay, from scratch, and from the new week alone.

    Each week's model is judged on the new week and on those before.
    """
    study = session.workspace.study("growth", data, **_asked(seeds, first, method, setting))
    _do(session, study, at_once, now, page)


def rules(
    session: Session,
    data: Annotated[str, typer.Option(help="A task of `sabbatical study list`.")] = "bccd-rules",
    seeds: Seeds = 3,
    first: First = 0,
    method: Methods = None,
    setting: Settings = None,
    at_once: AtOnce = None,
    now: Now = False,
    page: Page = None,
) -> None:
    """Where a box ends, if half of the images are drawn by another rule: weights, oversampling, fine-tuning.

    One customer draws boxes as they are, one with a margin; tight boxes judge.
    """
    study = session.workspace.study("rules", data, **_asked(seeds, first, method, setting))
    _do(session, study, at_once, now, page)


def _asked(seeds: int, first: int, method: list[str] | None, setting: list[str] | None) -> dict[str, Any]:
    return {
        "seeds": list(range(first, first + seeds)),
        "methods": method or [],
        "settings": pairs(setting, "--set"),
    }


def _do(session: Session, study: Study, at_once: int | None, now: bool, page: Path | None) -> None:
    if not now:
        _run_trials(study, at_once or len(os.sched_getaffinity(0)))
    run = study.start()
    found = wait(run)
    document = found.model_dump(mode="json")
    if page is not None:
        document["report"] = str(study.page(run, page).resolve())
    session.answer(document, lambda: _tell(found, page))


def _run_trials(study: Study, at_once: int) -> None:
    try:
        if err.is_terminal:
            _shown(study, at_once)
        else:
            lines = Lines()
            study.run_trials(at_once, lambda trials: lines.say("study", trials.fraction, _words(trials)))
    except KeyboardInterrupt:
        raise Interrupted(
            "The study was interrupted; trials that have ended are kept, the others keep their checkpoints.",
            hint="Run the same command again to go on, or with --now to see what has ended.",
        ) from None


def _shown(study: Study, at_once: int) -> None:
    columns = (TextColumn("{task.description}"), BarColumn(bar_width=24), TextColumn("{task.percentage:>3.0f}%"))
    with Progress(*columns, TimeRemainingColumn(), console=err, transient=True) as bar:
        task = bar.add_task("Trials", total=1.0)

        def show(trials: Trials) -> None:
            bar.update(task, completed=trials.fraction, description=_words(trials))

        study.run_trials(at_once, show)


def _words(trials: Trials) -> str:
    at_work = ", ".join(f"{run.record.params['method']} {run.record.params['seed']}" for run in trials.at_work)
    return f"{trials.done} of {trials.asked} trials{f'; {at_work}' if at_work else ''}"


def _tell(found: StudyResult, page: Path | None) -> None:
    curves = {name: one.curves for name, one in found.methods.items() if one.curves}
    if curves:
        for judged in next(iter(curves.values())):
            _tell_curves(found, judged)
    else:
        _tell_methods(found)
    table(["*claim", "found", "target", "met"], [_claim(one) for one in found.claims])
    if found.missing:
        more = " ..." if len(found.missing) > SHOWN else ""
        say(f"[yellow]{len(found.missing)} trials have not ended[/]: {escape(', '.join(found.missing[:SHOWN]))}{more}")
    if page is None:
        say("[dim]With pictures: the same command with --page study.html[/]")
    else:
        say(f"The report: [bold]{escape(str(page.resolve()))}[/]")


def _tell_methods(found: StudyResult) -> None:
    rows = [
        (
            one.title,
            _points(one.metrics["overall"]["map50"], one.intervals.get("map50")),
            _points(one.metrics["overall"]["map"], None),
            _points(one.metrics["overall"]["recall"], None),
            _plain(one.metrics["overall"]["calibration_error"]),
            f"{one.train_seconds / 60:.1f}",
        )
        for one in found.methods.values()
    ]
    table(["*method", "mAP@0.5", "and @0.75", "recall at .5", "calibration", "minutes"], rows)


def _tell_curves(found: StudyResult, judged: str) -> None:
    """One row a method, one column a point, in points of mAP@0.5."""
    xs = sorted({point.x for one in found.methods.values() for point in one.curves[judged]})
    rows = []
    for one in found.methods.values():
        at = {point.x: point.value for point in one.curves[judged]}
        rows.append((one.title, *[_points(at.get(x), None) for x in xs]))
    table([f"*{judged}", *[f"{x:g}" for x in xs]], rows)


def _claim(one: Claim) -> tuple[str, str, str, str]:
    span = f" ({one.interval[0]:.3f} to {one.interval[1]:.3f})" if one.interval else ""
    found = f"{_plain(one.value)}{span}"
    met = {True: "yes", False: "no", None: "-"}[one.met]
    return one.claim, found, one.target, f"{met}, surely" if one.sure and one.met else met


def _plain(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _points(value: float | None, interval: tuple[float, float] | None) -> str:
    if value is None:
        return "-"
    span = f" ({100 * interval[0]:.1f}-{100 * interval[1]:.1f})" if interval else ""
    return f"{100 * value:.1f}{span}"
