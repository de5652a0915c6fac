"""How a turn ends: its outcome, a sentence of it, what a person can do. Unless one is promoted, the champion stays."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from sabbatical.core.errors import SabbaticalError
from sabbatical.durable.flow import Result
from sabbatical.schemas.autopilot import Outcome
from sabbatical.schemas.project import Project
from sabbatical.schemas.release import Release
from sabbatical.stages.release import actions as releases

ONCE = "`sabbatical autopilot once`"
Done = dict[str, Result]


def without_model(session: Session, project: Project, done: Done) -> Result:
    """Nothing new to learn from; perhaps because labels did not come."""
    news = done["news"]["message"]
    late = done.get("labels", {}).get("late")
    if late is None:
        todo = f"Label more, or send more traffic to find failures in; then {ONCE}."
        return _ending("nothing", news, todo, done)
    where = " ".join(["sabbatical labels tasks", *done["order"].get("campaigns", [])[:1]])
    todo = f"Label them, see `{where}`; then {ONCE}."
    return _ending("no_labels", f"The labels did not come in time: {late}. {news}", todo, done)


def in_the_way(session: Session, project: Project, error: SabbaticalError, done: Done) -> Result:
    """The model that was trained could not be proposed, since a person began a release or decided on it meanwhile."""
    stays = _stays(session, project)
    told = f"{done['train']['model']} was trained but not proposed: {error.message} {stays}"
    return _ending("person", told, f"{error.hint or 'See `sabbatical release status`.'} Then {ONCE}.", done)


def waiting(release: Release, waits_for: str | None, done: Done, seen: Result) -> Result:
    """The release stays in its stage; the next turn goes on with it. `waits_for`: which person's decision it needs."""
    if seen.get("undecided"):
        told = f"The gates cannot tell whether {release.model} may go: {seen['message']}"
        anyway = f"`sabbatical release advance {release.name} --anyway`"
        return _ending("undecided", told, f"Label more items that judge, then {ONCE}; or go on anyway: {anyway}.", done)
    where = f"{release.name} stays in {release.stage}: {seen['late']}"
    if waits_for is not None:
        todo = f"Decide: `sabbatical release advance {release.name}` or `sabbatical release reject {release.name}`."
        return _ending("person", where, todo, done)
    todo = f"Send it traffic, then {ONCE} goes on; or end it: `sabbatical release reject {release.name}`."
    return _ending("no_traffic", where, todo, done)


def released(session: Session, project: Project, release: Release, done: Done) -> Result:
    """The release came to its end, or a person stopped the loop."""
    stays = _stays(session, project)
    blocked = next((seen for name, seen in done.items() if seen.get("stage") == "blocked"), None)
    if release.stage == "full":
        return _ending("promoted", f"{release.model} is the champion ({release.name}).", "", done)
    if release.stage == "failed":
        reasons = " ".join(one.reason for one in release.gates if one.verdict == "failed")
        todo = f"See `sabbatical release status`; mend what it lost, then {ONCE}."
        return _ending("kept", f"{release.model} did not pass the gates: {reasons} {stays}", todo, done)
    bad = [reason for seen in done.values() for reason in seen.get("bad", [])]
    if bad:
        todo = f"See `sabbatical release decisions`; then {ONCE}."
        return _ending("kept", f"{release.model} did not stand its traffic: {' '.join(bad)} {stays}", todo, done)
    told = blocked["message"] if blocked else f"A person decided that {release.name} is {release.stage}."
    return _ending("person", f"{told} {stays}", f"See `sabbatical release decisions`; {ONCE} begins anew.", done)


def _stays(session: Session, project: Project) -> str:
    champion = releases.champion(session, project)
    return f"{champion.name} stays the champion." if champion else "No model answers yet."


def _ending(outcome: Outcome, message: str, todo: str, done: Done) -> Result:
    return {"outcome": outcome, "message": message, "todo": todo, **_made(done)}


def _made(done: Done) -> dict[str, Any]:
    """What the turn found and made, by name."""
    wanted = {
        "drift": ("monitor", "drift"),
        "issues": ("mine", "issues"),
        "campaigns": ("order", "campaigns"),
        "snapshot": ("snapshot", "snapshot"),
        "model": ("train", "model"),
        "release": ("propose", "release"),
        "evaluation": ("propose", "evaluation"),
    }
    made = {name: done.get(step, {}).get(field) for name, (step, field) in wanted.items()}
    made["release"] = made["release"] or done.get("begin", {}).get("release")
    return {name: value for name, value in made.items() if value}
