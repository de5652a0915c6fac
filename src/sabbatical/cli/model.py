"""`sabbatical model`: the model versions that there are."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markdown import Markdown
from rich.markup import escape

from sabbatical.cli.output import first, more, out, say, table
from sabbatical.cli.session import Session, command, group
from sabbatical.cli.waiting import wait
from sabbatical.core.errors import NotFound

if TYPE_CHECKING:
    from sabbatical.sdk.project import Project

LOOKED_AT = 500  # evaluations
Name = Annotated[str | None, typer.Argument(help="Such as v2; the newest unless given.")]


def register(app: typer.Typer) -> None:
    noun = group(app, "model", "Model versions.")
    command(noun, "list", example="sabbatical model list")(list_models)
    command(noun, "show", example="sabbatical model show v2")(show)
    command(noun, "alias", example="sabbatical model alias\nsabbatical model alias champion")(alias)
    command(noun, "weights", example="sabbatical model weights street.safetensors --model v2")(weights)
    command(noun, "export", example="sabbatical model export v2 --onnx street.onnx")(export)


def list_models(
    session: Session, limit: Annotated[int | None, typer.Option(min=1, help="How many at most.")] = None
) -> None:
    """Newest first."""
    project = session.project
    found, there_are = first(project.models(), limit)
    records = [one.record for one in found]
    judged = _newest_scores(project)

    def words() -> None:
        rows = [
            (r.name, r.snapshot, r.family, r.masking, str(r.seed), r.created_at, _score(judged.get(r.name)))
            for r in records
        ]
        table(["name", "snapshot", "family", "masking", "seed", "made", "newest score"], rows)
        more(there_are, len(rows))

    models = [one.model_dump(mode="json") | {"newest_score": judged.get(one.name)} for one in records]
    session.answer({"models": models, "more": there_are}, words)


def _newest_scores(project: Project) -> dict[str, dict[str, Any]]:
    """The leading number of the newest evaluation of each model, as far as the newest evaluations reach."""
    found: dict[str, dict[str, Any]] = {}
    for evaluation in islice(project.evaluations(), LOOKED_AT):
        record = evaluation.record
        overall = record.summary["overall"]
        metric = next((name for name in ("map50", "f1") if name in overall), None)
        if record.model not in found and metric is not None:
            found[record.model] = {"metric": metric, "value": overall[metric], "snapshot": record.snapshot}
    return found


def _score(judged: dict[str, Any] | None) -> str | None:
    return f"{judged['metric']} {100 * judged['value']:.1f} on {judged['snapshot']}" if judged else None


def show(session: Session, name: Name = None) -> None:
    """The model card: what it is, what it learned from, what to know before using it."""
    model = session.project.model(name)
    session.answer(
        {"model": model.record.model_dump(mode="json")}, lambda: out.print(Markdown(model.card(), hyperlinks=False))
    )


def alias(
    session: Session,
    name: Annotated[str | None, typer.Argument(help="champion or challenger; all unless given.")] = None,
) -> None:
    """Which models the names that move stand for: the champion answers, the challenger is on its way."""
    found = [one for one in session.project.releases.aliases() if name in (None, one.name)]
    if name is not None and not found:
        raise NotFound(f"No model is the {name}.", hint="See `sabbatical release status`.")

    def words() -> None:
        table(["alias", "model", "since"], [(one.name, one.model, one.updated_at) for one in found])
        if not found:
            say("[dim]None yet; the first is released with `sabbatical release propose`.[/]")

    session.answer({"aliases": [one.model_dump(mode="json") for one in found]}, words)


def weights(
    session: Session,
    file: Annotated[Path, typer.Argument(help="Where to write them.")],
    model: Annotated[str | None, typer.Option(help="Such as v2; the newest unless given.")] = None,
) -> None:
    """Write the weights of a model (safetensors)."""
    found = session.project.model(model)
    written = found.weights(file)
    session.answer(
        {"model": found.name, "file": str(written)},
        lambda: say(f"The weights of {found.name} are in [bold]{escape(str(written))}[/]."),
    )


def export(
    session: Session,
    onnx: Annotated[Path, typer.Option("--onnx", metavar="FILE", help="Where to write it, as ONNX.")],
    name: Name = None,
) -> None:
    """Write a detector for other tools; its answers are compared with the model's."""
    found = session.project.model(name)
    written = wait(found.start_export_onnx(onnx))
    report = written.report

    def words() -> None:
        height, width = report["canvas"]
        say(f"[bold]{escape(str(written.file))}[/] is {found.name} as ONNX, {report['bytes'] / 1e6:.1f} MB.")
        say(f"It takes `images`, uint8 RGB (n, {height}, {width}, 3); it gives `boxes`, `scores` and `classes`.")
        compared = f"{report['same']:,} of {report['places']:,} places on {report['images']} images are the same"
        say(f"Compared with {found.name}: {compared}, to {report['difference']:.1e} at most.")

    session.answer({**report, "output": str(written.file)}, words)
