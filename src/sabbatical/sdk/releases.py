"""Releases of a project: propose a model, take it to all traffic step by step, take it back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sabbatical.schemas import release as schema
from sabbatical.schemas import run as run_schema
from sabbatical.schemas.policy import ReleaseRules
from sabbatical.sdk import documents
from sabbatical.sdk.client import Client, place, request
from sabbatical.sdk.run import Run, Watcher

Rules = ReleaseRules | Mapping[str, Any] | str | Path
"""Rules as they are, or the name of a YAML file that holds them."""
RULES_HINT = "Write fields gates, stages and judge, as in docs/releases.md."


class Release:
    """A model on its way to all traffic."""

    def __init__(self, client: Client, record: schema.Release) -> None:
        self._client = client
        self.record = record

    def __repr__(self) -> str:
        return f"<Release {self.name} of {self.record.project}: {self.record.model} in {self.stage}>"

    @property
    def name(self) -> str:
        return self.record.name

    @property
    def stage(self) -> schema.Where:
        return self.record.stage

    def refresh(self) -> schema.Release:
        """Where it is now."""
        self.record = schema.Release.model_validate(self._client.get(self._place()))
        return self.record

    def traffic(self) -> schema.Traffic:
        """What traffic shows of it in its stage, and whether that suffices to leave it."""
        return schema.Traffic.model_validate(self._client.get(self._place("traffic")))

    def decisions(self) -> Iterator[schema.Decision]:
        """Newest first."""
        where = place("projects", self.record.project, "decisions")
        return self._client.pages(schema.Decision, where, release=self.record.id)

    def advance(self, *, anyway: bool = False, **said: Any) -> schema.Release:
        """To the stage after the one in which it was seen last; `said`: why, actor, actor_kind.

        Raises:
            NotReady: gates or traffic do not suffice, and it was not asked for `anyway`.
            Conflict: it has ended or moved meanwhile.
        """
        return self._decide("advance", request(schema.AdvanceRequest, stage=self.stage, anyway=anyway, **said))

    def hold(self, **said: Any) -> schema.Release:
        """Keep it in its stage until `resume`, or until a person advances it."""
        return self._decide("hold", request(schema.DecisionRequest, **said))

    def resume(self, **said: Any) -> schema.Release:
        return self._decide("resume", request(schema.DecisionRequest, **said))

    def reject(self, **said: Any) -> schema.Release:
        """End it; the champion answers everything, and the loop does not propose the model again."""
        return self._decide("reject", request(schema.DecisionRequest, **said))

    def _decide(self, verb: str, asked: schema.DecisionRequest) -> schema.Release:
        self.record = schema.Release.model_validate(self._client.post(self._place(verb), asked))
        return self.record

    def _place(self, *parts: str) -> str:
        return place("projects", self.record.project, "releases", self.record.id, *parts)


class Releases:
    """All releases of a project, and the champion."""

    def __init__(self, client: Client, project: str) -> None:
        self._client = client
        self._project = project

    def __iter__(self) -> Iterator[Release]:
        """Newest first."""
        for record in self._client.pages(schema.Release, self._place("releases")):
            yield Release(self._client, record)

    def start_propose(self, model: str | None = None, *, rules: Rules | None = None, **asked: Any) -> Run[Release]:
        """Begin to judge a model, the newest unless given, by the policy's rules unless given; see `ProposeRequest`."""
        given, file, written = _rules(rules)
        asking = request(schema.ProposeRequest, model=model, rules=given, **asked)
        with documents.placed(file, "rules.", written):
            answer = self._client.post(self._place("releases"), asking)
        return Run(self._client, run_schema.Run.model_validate(answer), self._finish)

    def propose(self, model: str | None = None, *, progress: Watcher | None = None, **asked: Any) -> Release:
        """Judge a model by the gates against the champion; where they pass, its release begins.

        Raises:
            Conflict: it answers already, or another release is under way.
            BadRequest: rules that cannot be, naming the field.
        """
        return self.start_propose(model, **asked).wait(progress)

    def find(self, name: str | None = None) -> Release:
        """A release by name (`r2`), the newest without one."""
        answer = self._client.get(self._place("releases", name or "newest"))
        return Release(self._client, schema.Release.model_validate(answer))

    def current(self) -> Release | None:
        """The one under way, which may wait at the gate."""
        record = self.standing().release
        return None if record is None else Release(self._client, record)

    def standing(self) -> schema.Champion:
        """Which model answers, which is on its way, and which a revert would bring back."""
        return schema.Champion.model_validate(self._client.get(self._place("champion")))

    def aliases(self) -> list[schema.Alias]:
        """`champion` and `challenger`, as far as they are."""
        return [schema.Alias.model_validate(row) for row in self._client.get(self._place("aliases"))]

    def decisions(self) -> Iterator[schema.Decision]:
        """Of all releases, newest first."""
        return self._client.pages(schema.Decision, self._place("decisions"))

    def revert(self, **said: Any) -> schema.Reverted:
        """Take back the newest change of what answers; answers the release that was taken back, and what that changed.

        Raises:
            Conflict: there is nothing to go back to.
        """
        asked = request(schema.DecisionRequest, **said)
        return schema.Reverted.model_validate(self._client.post(self._place("champion", "revert"), asked))

    def pin(self, **said: Any) -> schema.Champion:
        """Forbid the loop to replace the champion."""
        return self._pin("pin", said)

    def unpin(self, **said: Any) -> schema.Champion:
        return self._pin("unpin", said)

    def _pin(self, verb: str, said: dict[str, Any]) -> schema.Champion:
        asked = request(schema.DecisionRequest, **said)
        return schema.Champion.model_validate(self._client.post(self._place("champion", verb), asked))

    def _finish(self, run: run_schema.Run) -> Release:
        return self.find(str((run.result or {})["release"]))

    def _place(self, *parts: str) -> str:
        return place("projects", self._project, *parts)


def _rules(given: Rules | None) -> tuple[ReleaseRules | None, Path | None, str]:
    """The rules, the file that they come from, and under which field they stand there.

    A file holds the rules, or a whole policy, of which they are the part `release`.

    Raises:
        BadFile, BadRequest: it cannot be read, or holds what no rules can be, by its place in the file.
    """
    if not isinstance(given, str | Path):
        return (request(ReleaseRules, **given) if isinstance(given, Mapping) else given), None, ""
    file = Path(given)
    document = documents.mapping(documents.read(file), file, RULES_HINT)
    written = "release." if "release" in document else ""
    rules = documents.mapping(document["release"], file, RULES_HINT) if written else document
    with documents.placed(file, written=written):
        return request(ReleaseRules, **rules), file, written
