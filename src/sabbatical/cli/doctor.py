"""`sabbatical doctor`: what is installed, what is missing, what to do."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

import typer
from rich.markup import escape

from sabbatical.cli.output import say
from sabbatical.cli.session import Session, command
from sabbatical.core.errors import SabbaticalError

if TYPE_CHECKING:
    from sabbatical.core.settings import Settings

LEAST_FREE = 2 << 30
MARKS = {"ok": "[green]ok[/]  ", "note": "[yellow]note[/]", "wrong": "[red]wrong[/]"}


class Finding(NamedTuple):
    """One thing that was looked at."""

    what: str
    state: Literal["ok", "note", "wrong"]
    found: str
    hint: str | None = None


def register(app: typer.Typer) -> None:
    command(app, "doctor", example="sabbatical doctor", project=False)(doctor)


def doctor(session: Session) -> None:
    """What is installed, what is missing, what to do. Fails if something is wrong."""
    # Pydantic is slow to load, and `--help` needs none of it.
    from sabbatical.core.settings import load  # noqa: PLC0415

    settings = load(home=session.home, url=session.url)
    found = [finding for look in LOOKS for finding in look(session, settings)]

    def words() -> None:
        for one in found:
            say(f"{MARKS[one.state]} [bold]{one.what}[/]: {escape(one.found)}")
            if one.hint:
                say(f"       {escape(one.hint)}")

    session.answer({"findings": [one._asdict() for one in found]}, words)
    if any(one.state == "wrong" for one in found):
        raise typer.Exit(1)


def _python(_session: Session, _settings: Settings) -> Iterator[Finding]:
    yield Finding("Python", "ok", f"{sys.version.split()[0]}, {os.cpu_count()} processors")


def _disk(_session: Session, settings: Settings) -> Iterator[Finding]:
    folder = _existing(settings.home.resolve())
    free = shutil.disk_usage(folder).free
    words = f"{free / 1e9:,.1f} GB free at {folder}"
    if not os.access(folder, os.W_OK):
        yield Finding("disk", "wrong", f"{folder} cannot be written", "Choose another folder with --home.")
    elif free < LEAST_FREE:
        yield Finding("disk", "note", words, "Images, checkpoints and models may need more.")
    else:
        yield Finding("disk", "ok", words)


def _workspace(session: Session, settings: Settings) -> Iterator[Finding]:
    if _is_new(session, settings):
        yield Finding("workspace", "note", f"none at {settings.home.resolve()} yet", "The first command makes it.")
        return
    try:
        health = session.workspace.health()
    except SabbaticalError as error:
        yield Finding("workspace", "wrong", error.message, error.hint)
        return
    where = settings.url or str(settings.home.resolve())
    yield Finding("workspace", "ok", f"{where}, version {health['version']} on {health['database']}")


def _models(session: Session, settings: Settings) -> Iterator[Finding]:
    if _is_new(session, settings):
        return
    try:
        projects = list(session.workspace.projects())
    except SabbaticalError:  # told of the workspace
        return
    for project in projects:
        serving = project.online.status()
        for one in serving.refused:
            found = f"{one.model} of {project.name} cannot answer: {one.reason}"
            yield Finding("models", "wrong", found, "See `sabbatical served status`.")


def _mirror(_session: Session, settings: Settings) -> Iterator[Finding]:
    place = settings.data_mirror
    if place is None:
        hint = "Set SABBATICAL_DATA_MIRROR to a folder or an address to use public data sets; the demo needs none."
        yield Finding("data mirror", "note", "not set", hint)
    elif "://" not in place and not Path(place).is_dir():
        yield Finding("data mirror", "wrong", f"{place} is no folder", "Correct SABBATICAL_DATA_MIRROR.")
    else:
        yield Finding("data mirror", "ok", place)


def _packages(_session: Session, _settings: Settings) -> Iterator[Finding]:
    needs = {"torch": "to train and to predict", "onnxruntime": "to run exported models"}
    for name, why in needs.items():
        try:
            yield Finding(name, "ok", version(name))
        except PackageNotFoundError:
            yield Finding(name, "note", f"missing, needed {why}", "pip install 'sabbatical[train]'")


def _threads(_session: Session, settings: Settings) -> Iterator[Finding]:
    limit = os.environ.get("OMP_NUM_THREADS")
    words = f"{settings.workers} heavy runs at one time" + (f", OMP_NUM_THREADS={limit}" if limit else "")
    yield Finding("threads", "ok", words)


def _is_new(session: Session, settings: Settings) -> bool:
    """Whether there is no workspace yet: to look at it would make one."""
    return session.url is None and settings.url is None and not settings.home.exists()


def _existing(path: Path) -> Path:
    return path if path.exists() else _existing(path.parent)


Look = Callable[[Session, "Settings"], Iterator[Finding]]
LOOKS: tuple[Look, ...] = (_python, _disk, _workspace, _models, _mirror, _packages, _threads)
