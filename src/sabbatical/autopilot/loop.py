"""The steps of a turn: what each asks of the stages, and what it waits for."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from sabbatical.autopilot import endings, policies
from sabbatical.core.errors import BadRequest, Conflict
from sabbatical.durable import runs
from sabbatical.durable.flow import Flow, Look, Result
from sabbatical.schemas.campaign import Campaign
from sabbatical.schemas.dataset import SnapshotQuery
from sabbatical.schemas.mine import MineRequest
from sabbatical.schemas.monitor import MonitorRequest
from sabbatical.schemas.policy import Policy
from sabbatical.schemas.project import Project
from sabbatical.schemas.release import Evidence, ProposeRequest, Release
from sabbatical.schemas.train import TrainRequest
from sabbatical.stages.dataset import actions as datasets
from sabbatical.stages.label import actions as labels
from sabbatical.stages.mine import actions as mining
from sabbatical.stages.monitor import actions as monitoring
from sabbatical.stages.project import actions as projects
from sabbatical.stages.release import actions as releases
from sabbatical.stages.serve import actions as serving
from sabbatical.stages.train import actions as models
from sabbatical.stages.train import asking as training
from sabbatical.storage.tables import RunRow

ON_THE_WAY = ("gate", "shadow", "canary", "ab")
NO_FURTHER = ("gate", "failed", "rejected", "reverted")
BLOCKED = "blocked"
SAID = 100  # the newest decisions on a release, among which its proposal is
BY: dict[str, Any] = {"actor": "autopilot", "actor_kind": "loop"}


class Loop:
    """The bodies of a turn's steps. What an earlier step answered is in `flow.done`."""

    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        self._done = flow.done

    @property
    def policy(self) -> Policy:
        """The policy that was in force when the turn began; a newer one counts from the next turn on."""
        return Policy.model_validate(self._done["begin"]["policy"])

    def begin(self, session: Session) -> Result:
        """The policy, the champion, and the release that is under way, if any."""
        project = self._project(session)
        champion = releases.champion(session, project)
        release = releases.current(session, project)
        if release is not None and release.stage == "gate" and not (release.passed or self._held(session, release)):
            release = None  # the gates cannot tell, and it waits for nobody: it gives way to a new one
        told = f"{release.name} is under way ({release.stage})" if release else "No release is under way"
        return {
            "policy": policies.current(session, project).policy.model_dump(mode="json"),
            "champion": champion and champion.name,
            "release": release and release.name,
            "stage": release and release.stage,
            "message": f"{f'{champion.name} answers' if champion else 'No model answers yet'}. {told}.",
        }

    def monitor(self, session: Session) -> RunRow:
        asked = MonitorRequest(model=self._done["begin"]["champion"], **self.policy.watch.model_dump())
        return monitoring.ask(session, self._project(session), asked, self._flow.now(), self._flow.key("monitor"))

    def mine(self, session: Session) -> RunRow:
        asked = MineRequest(model=self._done["begin"]["champion"], drift=self._done["monitor"].get("drift"))
        return mining.ask(session, self._project(session), asked, self._flow.now(), self._flow.key("mine"))

    def order(self, session: Session) -> Result:
        """Campaigns for the issues that were found, and those of before whose labels are still awaited."""
        numbers = self._issues()
        if not numbers:
            return {"campaigns": [], "message": "No failures to order labels for."}
        key = self._flow.key("order")
        made = mining.order(session, self._project(session), numbers, self.policy.label, self._flow.now(), key)
        names = [one.name for one in made.campaigns]
        told = f"{made.tasks:,} tasks ordered, in {', '.join(names)}." if made.tasks else "No new tasks."
        return {"campaigns": names, "tasks": made.tasks, "message": " ".join([told, *made.notes])}

    def person_orders(self, session: Session) -> Look:
        """The policy leaves ordering labels to a person: wait until every issue is ordered or closed."""
        project = self._project(session)
        issues = [mining.get(session, project, number) for number in self._issues()]
        names = list(dict.fromkeys(name for one in issues for name in one.campaigns))
        left = [str(one.number) for one in issues if one.state == "open"]
        if left:
            return Look(f"A person is to order labels for issues {', '.join(left)}, or to dismiss them")
        return Look(f"Labels ordered in {len(names)} campaigns.", {"campaigns": names})

    def labels(self, session: Session) -> Look:
        """Wait until enough of the tasks are done; one that was skipped is answered too."""
        project = self._project(session)
        ordered = [labels.campaign(session, project, name) for name in self._done["order"].get("campaigns", [])]
        total = sum(sum(one.tasks.values()) for one in ordered)
        if not total:
            return Look("No labels are waited for.", {"done": 0, "of": 0})
        answered = sum(_answered(one) for one in ordered)
        enough = math.ceil(round(self.policy.label.enough * total, 6))
        suffice = f" ({enough:,} suffice)" if enough < total else ""
        told = f"{answered:,} of {total:,} tasks are done{suffice} in {', '.join(one.name for one in ordered)}"
        done = {"done": answered, "of": total, "message": f"{told}."}
        return Look(told, done if answered >= enough else None)

    def snapshot(self, session: Session) -> RunRow:
        return datasets.ask(session, self._project(session), SnapshotQuery(), self._flow.now())

    def news(self, session: Session) -> Result:
        """Whether there is anything to learn that no model on its way here has learned from."""
        project = self._project(session)
        snapshot = self._done["snapshot"]["snapshot"]
        begun = self._done["begin"]["champion"]
        champion = models.get(session, project, begun) if begun else None
        if champion is not None and champion.snapshot == snapshot:
            return {"new": False, "message": f"There are no new labels since {snapshot}, from which {begun} learned."}
        last = next(iter(releases.page(session, project, None, 1).rows), None)
        tried = last is not None and last.stage in NO_FURTHER
        if last is not None and tried and models.get(session, project, last.model).snapshot == snapshot:
            told = f"{last.model} learned from the same labels ({snapshot})"
            return {"new": False, "message": f"{told} and came no further ({last.name}: {last.stage})."}
        since = f" since {champion.snapshot}" if champion else ""
        return {"new": True, "message": f"{snapshot} has labels that are new{since}."}

    def train(self, session: Session) -> RunRow:
        """Go on from the champion where the policy says so and its weights fit, else begin anew."""
        rules, project = self.policy.train, self._project(session)
        champion = self._done["begin"]["champion"] if rules.start == "champion" else None
        anew = TrainRequest(
            snapshot=self._done["snapshot"]["snapshot"],
            recipe=rules.recipe,
            settings=rules.settings,
            taxonomies=rules.taxonomies,
        )
        if champion is not None:
            try:
                asked = anew.model_copy(update={"start": champion})
                return training.ask(session, project, asked, self._flow.now())
            except BadRequest:  # another recipe or shape than the champion's
                pass
        return training.ask(session, project, anew, self._flow.now())

    def propose(self, session: Session) -> RunRow:
        asked = ProposeRequest(
            model=self._done["train"]["model"],
            snapshot=self._done["snapshot"]["snapshot"],
            rules=self.policy.release,
            hold=self._asks_before_release(),
            why=f"It learned from {self._done['snapshot']['snapshot']}.",
            **BY,
        )
        return releases.ask_propose(session, self._project(session), asked, self._flow.now(), self._flow.key("propose"))

    def _asks_before_release(self) -> bool:
        """Whether a person is to begin the release; so too where its first stage is all traffic, if that is asked."""
        asked, stages = self.policy.ask_a_person, self.policy.release.stages
        at_once = self._done["begin"]["champion"] is None or stages[0].stage == "full"
        return "release" in asked or ("full" in asked and at_once)

    def patience(self, stage: str) -> timedelta:
        """How long a stage of the release under way is waited in."""
        with self._flow.workspace.database.reading() as session:
            rules = self._release(session).rules
        return next((one.wait for one in rules.stages if one.stage == stage), rules.stages[0].wait)

    def watch(self, stage: str) -> Callable[[Session], Look]:
        """A look at whether the release may leave its stage, has left it, or never will."""

        def look(session: Session) -> Look:
            release = self._release(session)
            if release.stage != stage:
                told = f"{release.name} went from {stage} to {release.stage} by somebody's decision."
                return Look(told, {"go": True, "to": release.stage, "message": told})
            if (waits_for := self._person(session, release)) is not None:
                return Look(waits_for)
            return _by_gates(release) if stage == "gate" else self._by_traffic(session, release)

        return look

    def leave(self, stage: str) -> Callable[[Session], Result]:
        """Take the release on, or out if its traffic is bad; a person who was faster wins."""

        def body(session: Session) -> Result:
            seen = self._done[stage]
            if "to" in seen:
                return {"stage": seen["to"], "message": seen["message"]}
            decide = {**BY, "key": self._flow.key(f"leave-{stage}"), "now": self._flow.now()}
            project, name = self._project(session), self._name()
            bad, evidence = self._seen_now(session, seen, stage)
            try:
                if bad:
                    release = releases.reject(session, project, name, why=" ".join(bad), **decide)
                else:
                    release = releases.advance(session, project, name, evidence=evidence, stage=stage, **decide)
            except Conflict as error:
                there = self._release(session).stage
                return {"stage": BLOCKED if there == stage else there, "message": error.message}
            told = f"{release.name} went from {stage} to {release.stage}."
            return {"stage": release.stage, "message": told, "bad": [one for one in bad if one not in seen["bad"]]}

        return body

    def _seen_now(self, session: Session, seen: Result, stage: str) -> tuple[list[str], Evidence | None]:
        """What is bad about the traffic, and the evidence, as they are now: the wait may have ended long ago.

        What was bad then is bad; what the wait saw counts, too, where nothing that is there now tells more.
        """
        release = self._release(session)
        evidence = serving.evidence(session, release) if release.stage == stage and not seen["bad"] else None
        if evidence is not None:
            traffic = releases.traffic(session, self._project(session), release.id, evidence)
            bad = [one.reason for one in traffic.verdicts if one.verdict == "failed"]
            if bad or traffic.ready:
                return bad, evidence
        kept = seen.get("evidence")
        return list(seen["bad"]), Evidence.model_validate(kept) if kept else None

    def end_without_model(self, session: Session) -> Result:
        project = self._project(session)
        self._close_learned(session, project)
        return endings.without_model(session, project, self._done)

    def end_in_the_way(self, error: Conflict) -> Callable[[Session], Result]:
        """The model may not be proposed, for what a person decided meanwhile."""
        return lambda session: endings.in_the_way(session, self._project(session), error, self._done)

    def end_waiting(self, stage: str) -> Callable[[Session], Result]:
        """The turn ends while the release stays where it is."""

        def body(session: Session) -> Result:
            release = self._release(session)
            return endings.waiting(release, self._person(session, release), self._done, self._done[stage])

        return body

    def end(self, session: Session) -> Result:
        """The turn ends with the release."""
        project = self._project(session)
        self._close_learned(session, project)
        return endings.released(session, project, self._release(session), self._done)

    def _close_learned(self, session: Session, project: Project) -> None:
        """Resolve what the champion has learned, in whatever turn it was ordered and whoever released the model."""
        champion = releases.champion(session, project)
        if champion is not None:
            mining.learned(session, project, champion, self._flow.now())

    def _person(self, session: Session, release: Release) -> str | None:
        """Which person's decision a release waits for, in words."""
        if release.stage == "gate" and self._held(session, release):
            return f"{release.name} waits at the gate for a person"
        if release.held_by == "person":
            return f"A person holds {release.name} in {release.stage}"
        if release.next != "full":
            return None
        pinned = releases.standing(session, self._project(session)).pinned_by
        if pinned is not None:
            return f"{pinned} pinned the champion, so {release.name} stays in {release.stage}"
        if "full" in self.policy.ask_a_person:
            return f"A person is to give {release.name} all traffic"
        return None

    def _held(self, session: Session, release: Release) -> bool:
        """Whether a release waits for a person's word: a person holds it, or it was proposed to wait at the gate.

        One that the loop held for a pin alone waits for its end; see `_person`.
        """
        if release.held_by != "loop":
            return release.held_by is not None
        said = releases.decisions(session, self._project(session), release.name, None, SAID).rows
        asked = next((one.evidence["run"] for one in said if one.kind == "propose"), None)
        return asked is None or bool(runs.get(session, asked).params.get("hold"))

    def _by_traffic(self, session: Session, release: Release) -> Look:
        evidence = serving.evidence(session, release)
        seen = releases.traffic(session, self._project(session), release.id, evidence)
        told = " ".join(one.reason for one in seen.verdicts)
        bad = [one.reason for one in seen.verdicts if one.verdict == "failed"]
        if evidence is None or not (seen.ready or bad):
            return Look(told)
        kept = evidence.model_dump(mode="json")
        return Look(told, {"go": True, "bad": bad, "evidence": kept, "message": told})

    def _issues(self) -> list[int]:
        found = self._done["mine"]
        return [*found.get("issues", []), *found.get("waiting", [])]

    def _name(self) -> str:
        """The release of this turn."""
        proposed = self._done.get("propose") or self._done["begin"]
        return str(proposed["release"])

    def _release(self, session: Session) -> Release:
        return releases.get(session, self._project(session), self._name())

    def _project(self, session: Session) -> Project:
        return projects.by_id(session, self._flow.project_id)


def _answered(campaign: Campaign) -> int:
    return campaign.tasks.get("done", 0) + campaign.tasks.get("skipped", 0)


def _by_gates(release: Release) -> Look:
    """Nobody holds it: it goes on where the gates let it; where they cannot tell, no waiting helps."""
    if release.passed:
        told = f"{release.name} passed the gates, and nobody holds it."
        return Look(told, {"go": True, "bad": [], "message": told})
    told = " ".join(one.reason for one in release.gates if one.verdict == "undecided")
    return Look(told, {"undecided": True, "message": told})
