"""`sabbatical demo`: two turns of the loop, told step by step, with a report at the end."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from sabbatical.cli.output import err, out
from sabbatical.cli.session import Session, command
from sabbatical.cli.waiting import UNTIMED, Lines

if TYPE_CHECKING:
    from sabbatical.demo.play import Contest, Outcome
    from sabbatical.demo.telling import Told

REPORTS = Path("demo-report")
Data = Literal["world", "bccd", "made-with-ml"]


def register(app: typer.Typer) -> None:
    example = "sabbatical demo\nSABBATICAL_DATA_MIRROR=/mirror sabbatical demo --data bccd"
    command(app, "demo", example=example, project=False, url=False)(demo)


def demo(
    session: Session,
    data: Annotated[Data, typer.Option(help="world is built in, the others come from a mirror.")] = "world",
    folder: Annotated[Path, typer.Option(help="Where the report goes.")] = REPORTS,
) -> None:
    """Play the loop: one model for every customer, judged, released, served; then, in the built-in world, night falls.

    The loop notices, orders labels, trains, judges and releases by itself. A report with pictures tells all of it.

    It works in a workspace of its own that is removed at the end, unless --home names one to keep.
    """
    from sabbatical.demo.play import play  # noqa: PLC0415 - `--help` needs none of it
    from sabbatical.demo.served import served  # noqa: PLC0415
    from sabbatical.demo.telling import Teller  # noqa: PLC0415

    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="sabbatical-demo-") as scratch:
        home = session.home or Path(scratch) / "workspace"
        with Spoken() as spoken, served(home) as (workspace, server):
            outcome, contest = play(workspace, server, data, Path(scratch), Teller(spoken))
        report = folder.resolve() / outcome.report.name
        outcome.report.replace(report) if outcome.report.parent != folder else None
    document = outcome.as_json() | {"report": str(report)}
    session.answer(document, lambda: show(outcome, contest, report))


class Spoken:
    """The telling on a terminal: a line before each step, a bar (in a log: lines) while it runs, its outcome after."""

    def __init__(self) -> None:
        columns = (TextColumn("   {task.description}"), BarColumn(bar_width=20), TimeElapsedColumn())
        self._bar = Progress(*columns, console=err, transient=True, disable=not err.is_terminal)
        self._task: TaskID | None = None
        self._lines = Lines()

    def __enter__(self) -> Spoken:
        self._bar.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self._bar.stop()

    def begin(self, number: int, name: str, why: str) -> None:
        err.print(f"[bold]{number}. {escape(name)}[/]  [dim]{escape(why)}[/]")
        self._task = self._bar.add_task("", total=1.0)
        self._lines = Lines()

    def progress(self, fraction: float, message: str, kind: str = "") -> None:
        if not err.is_terminal:
            self._lines.say("  ", fraction, message, timed=kind not in UNTIMED)
        elif self._task is not None:
            self._bar.update(self._task, completed=fraction, description=escape(message[:50]))

    def end(self, told: Told) -> None:
        if self._task is not None:
            self._bar.remove_task(self._task)
        err.print(f"   {escape(told.summary)} [dim]{told.seconds:.1f} s[/]", highlight=False)


def show(outcome: Outcome, contest: Contest, report: Path) -> None:
    """The summary table of each turn, and where the report is."""
    last = contest
    for last in (contest, *contest.later):
        out.print()
        out.print(_table(last))
    out.print()
    for sentence in last.judged.report.sentences[:3]:
        out.print(escape(sentence))
    if outcome.loop is not None:
        _show_loop(outcome.loop)
    out.print(f"\nReport: [bold]{escape(str(report))}[/]  ({outcome.seconds:.0f} s in all)", soft_wrap=True)


def _show_loop(loop: dict[str, Any]) -> None:
    """What the second turn, by itself, changed by time of day and weather."""
    table = Table(
        "slice", "before", "after", "95 % of the change", "true", box=None, title="mAP50 after the second turn"
    )
    for name, one in loop["changes"].items():
        if name.startswith(("time_of_day", "weather")):
            low, high = one["interval"]
            cells = (
                f"{100 * one['before']:.0f}",
                f"{100 * one['after']:.0f}",
                f"{100 * low:+.1f} to {100 * high:+.1f}",
            )
            table.add_row(name, *cells, f"{one['n']:,}")
    out.print()
    if loop["changes"]:
        out.print(table)
    out.print(escape(f"The second turn, by itself: {loop['message']}"))
    if loop["gain"]:
        out.print(escape(loop["gain"]["sentence"]))


def _table(contest: Contest) -> Table:
    reports = [evaluation.report for evaluation in contest.evaluations]
    texts = reports[0].task == "text"
    head = ["class", *(name_of(contest, i) for i in range(len(reports))), "true"]
    table = Table(*head, box=None, title="F1 by class" if texts else "recall at a score of 0.5, AP at IoU 0.5")
    for name in reports[-1].classes:
        if not any(one.metrics.by_class[name].n for one in reports):
            continue
        cells = [_cell(one.metrics.by_class[name].model_dump(), texts) for one in reports]
        table.add_row(name, *cells, f"{reports[-1].metrics.by_class[name].n:,}")
    return table


def name_of(contest: Contest, i: int) -> str:
    """What to call a model of the contest."""
    if contest.names:
        return contest.names[i]
    model = contest.models[i]
    return "naive" if model.record.masking == "none" else "masked"


def _cell(scores: dict[str, Any], texts: bool) -> str:
    first, second = (scores.get("f1"), None) if texts else (scores.get("recall"), scores.get("ap50"))
    shown = [f"{100 * value:.0f}" for value in (first, second) if value is not None]
    return ", ".join(shown) or "-"
