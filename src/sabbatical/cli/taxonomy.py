"""`sabbatical taxonomy`: the super-taxonomy and each customer's taxonomy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
import yaml
from rich.markup import escape
from rich.tree import Tree

from sabbatical.cli.ingest import given, sending
from sabbatical.cli.output import out, say, table
from sabbatical.cli.proposing import places, tell, write
from sabbatical.cli.session import Session, command, group
from sabbatical.cli.values import pairs
from sabbatical.cli.waiting import wait
from sabbatical.core.errors import BadTaxonomy

if TYPE_CHECKING:
    from sabbatical.schemas.project import LabelChange, TaxonomyVersion
    from sabbatical.schemas.taxonomy import TaxonomyFinding, TaxonomyTables
    from sabbatical.sdk.project import Project

COLOURS = {"error": "bold red", "warning": "yellow", "note": "dim"}


def register(app: typer.Typer) -> None:
    noun = group(app, "taxonomy", "The super-taxonomy and each customer's taxonomy, versioned.")
    command(noun, "add", example="sabbatical taxonomy add road.super.yaml customer-a.yaml")(add)
    example = "sabbatical taxonomy propose new.yaml --data basalt/\nsabbatical taxonomy propose texts.csv -o new.yaml"
    command(noun, "propose", example=example)(propose)
    example = "sabbatical taxonomy show\nsabbatical taxonomy show customer-a\nsabbatical taxonomy show road --yaml"
    command(noun, "show", example=example)(show)
    command(noun, "check", example="sabbatical taxonomy check")(check)
    command(noun, "tables", example="sabbatical taxonomy tables customer-a")(tables)


def add(
    session: Session,
    files: Annotated[list[Path], typer.Argument(help="YAML files, in this order.", exists=True, dir_okay=False)],
) -> None:
    """Add versions of taxonomies. A file that says what is known adds nothing."""
    project = session.project
    added = [_added(project, file) for file in files]

    def words() -> None:
        for one in added:
            what = "super-taxonomy" if one.kind == "super" else "taxonomy"
            say(f"The {what} [bold]{escape(one.name)}[/] stands at version {one.version}.")
            _say_changes(one.changes)
        say("See what follows with `sabbatical taxonomy check`.")

    session.answer({"taxonomies": [one.model_dump(mode="json") for one in added]}, words)


def propose(
    session: Session,
    labels: Annotated[
        str, typer.Argument(help="A taxonomy of the project by name, a YAML file of labels, or data with labels.")
    ],
    data: Annotated[
        Path | None, typer.Option(help="Labeled items to look at, where LABELS is no data itself.", exists=True)
    ] = None,
    name: Annotated[str | None, typer.Option(help="What to call the taxonomy; found out unless given.")] = None,
    model: Annotated[
        str | None, typer.Option(help="Such as v2, or none: names alone. The champion unless given, else the newest.")
    ] = None,
    things: Annotated[
        int, typer.Option(min=1, max=1000, help="How many labeled things of each label are looked at, at most.")
    ] = 50,
    option: Annotated[
        list[str] | None, typer.Option("--option", help="How to read data, as NAME=VALUE; can be repeated.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The file to write; NAME.proposed.yaml unless given.")
    ] = None,
) -> None:
    """Propose what a new customer's labels are: same as, child of or parent of a class, new, or ambiguous.

    Names are compared, and what the model finds on labeled items. Files are written for you to correct; none is added.
    """
    asked = given(taxonomy=name, model=model, things=things, options=pairs(option, "--option") or None)
    found = wait(session.project.start_propose(labels, data=data, tell=sending, **asked))
    files = places(found, output) if output or not session.as_json else []
    write(files)
    document = found.model_dump(mode="json") | {"written": [str(path.resolve()) for path, _ in files]}
    session.answer(document, lambda: tell(found, files))


def show(
    session: Session,
    name: Annotated[str | None, typer.Argument(help="One of them with all its versions; all without it.")] = None,
    as_yaml: Annotated[bool, typer.Option("--yaml", help="The newest version of NAME, as `add` reads it.")] = False,
) -> None:
    """The classes of the tree, or what a customer's labels stand for."""
    if as_yaml and name is None:
        raise typer.BadParameter("name one taxonomy.", param_hint="--yaml")
    project = session.project
    found = project.taxonomies() if name is None else project.taxonomy_history(name)

    def words() -> None:
        if as_yaml:
            typer.echo(yaml.safe_dump(found[0].document, sort_keys=False, allow_unicode=True), nl=False)
            return
        if name is not None:
            versions = ", ".join(str(one.version) for one in found)
            say(f"[bold]{escape(name)}[/], versions {versions}; the newest:")
        for one in found if name is None else found[:1]:
            out.print(_tree(one))
        if not found:
            say("No taxonomy yet: `sabbatical taxonomy add FILE`.")

    session.answer({"taxonomies": [one.model_dump(mode="json") for one in found]}, words)


def check(session: Session) -> None:
    """What is ambiguous, unmapped or covered by nobody. Fails if something is wrong."""
    found = session.project.taxonomy_check()

    def words() -> None:
        for one in found:
            _say_finding(one)
        if not found:
            say("Nothing to say: every class is labeled by somebody, and nothing is ambiguous.")

    session.answer({"findings": [one.model_dump(mode="json") for one in found]}, words)
    if any(one.level == "error" for one in found):
        raise typer.Exit(1)


def tables(session: Session, name: Annotated[str, typer.Argument(help="A customer's taxonomy.")]) -> None:
    """What each label says about each class when a model learns, and what nothing drawn means."""
    found = session.project.taxonomy_tables(name)
    session.answer(found.model_dump(mode="json"), lambda: _show_tables(found))


def _added(project: Project, file: Path) -> TaxonomyVersion:
    """The version that a file adds; what is wrong with it is said with the file's name."""
    try:
        return project.taxonomy_add(file)
    except BadTaxonomy as error:
        error.where = ", ".join(part for part in (str(file), error.where) if part)
        raise


def _say_changes(changes: Sequence[LabelChange]) -> None:
    for one in changes:
        if one.change != "kept":
            level = "warning" if one.change == "dropped" or one.to is None else "note"
            say(f"[{COLOURS[level]}]{level:7}[/] {escape(one.words)}")
    kept = sum(one.change == "kept" for one in changes)
    if kept:
        say(f"[dim]{kept:,} of {len(changes):,} labels of the version before are unchanged.[/]")


def _show_tables(found: TaxonomyTables) -> None:
    coverage = {one.name: one for one in found.coverage}
    rows = [
        (
            name,
            "no such thing there" if background else "says nothing",
            coverage[name].state,
            ", ".join(coverage[name].labels),
        )
        for name, background in zip(found.classes, found.background, strict=True)
    ]
    table(["class", "nothing drawn", "coverage", "*labels"], rows, title=f"{found.taxonomy} {found.version}")
    out.print()
    for label in found.labels:
        said = {
            word: [name for name, says in zip(found.classes, label.says, strict=True) if says == value]
            for value, word in ((1, "is"), (0, "is not"), (None, "cannot tell"))
        }
        parts = "; ".join(f"{word} {', '.join(names)}" for word, names in said.items() if names)
        say(f"[bold]{escape(label.label)}[/]: {escape(parts if label.to else 'is never trained on')}.")


def _say_finding(found: TaxonomyFinding) -> None:
    say(f"[{COLOURS[found.level]}]{found.level:7}[/] {escape(found.message)}")


def _tree(version: TaxonomyVersion) -> Tree:
    root = Tree(f"[bold]{escape(version.name)}[/] [dim]version {version.version}, {version.kind}[/]")
    if version.kind == "super":
        _branch(root, version.document.get("classes"))
        return root
    labels: Any = version.document["labels"]
    for label, body in labels.items():
        to = body["class"] if isinstance(body, Mapping) else body
        root.add(f"{escape(str(label))} [dim]is[/] {escape(str(to))}")
    return root


def _branch(above: Tree, classes: Any) -> None:
    if not isinstance(classes, Mapping):
        return
    for name, body in classes.items():
        children = body.get("children") if isinstance(body, Mapping) else None
        whole = " [dim](nothing else)[/]" if isinstance(body, Mapping) and body.get("exhaustive") else ""
        _branch(above.add(f"{escape(str(name))}{whole}"), children)
