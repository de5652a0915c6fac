"""The studies there are: of which data, by which methods, which trials each needs, and what they say together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from sabbatical.core.errors import BadRequest, NotFound
from sabbatical.schemas.study import StudyName, StudyRequest, StudyResult, StudyTask, TrialRequest
from sabbatical.study.box_tasks import BOX_TASKS
from sabbatical.study.curves import growth_of, growth_trials, ramp_of, ramp_trials
from sabbatical.study.growth import WAYS
from sabbatical.study.masking import study_of, trials_of
from sabbatical.study.methods import METHODS, RAMP, RULES
from sabbatical.study.trial import Trial
from sabbatical.taxonomy.names import did_you_mean

Data = Callable[[str], Path]


@dataclass(frozen=True)
class Study:
    """One study.

    Attributes:
        tasks: what it can be done on.
        methods: names of the ways that it compares.
        trials: every trial that a request needs.
        result: what the trials that have ended say.
    """

    tasks: tuple[str, ...]
    methods: tuple[str, ...]
    trials: Callable[[StudyRequest], list[Trial]]
    result: Callable[[StudyRequest, Path, Data], StudyResult]


STUDIES: Mapping[StudyName, Study] = {
    "masking": Study(("bccd", "bccd-depths", "road", "world"), tuple(METHODS), trials_of, study_of),
    "ramp": Study(("newcomer",), tuple(RAMP), ramp_trials, ramp_of),
    "rules": Study(("bccd-rules",), tuple(RULES), trials_of, study_of),
    "growth": Study(("weeks",), tuple(WAYS), growth_trials, growth_of),
}


def tasks() -> list[StudyTask]:
    """What can be studied."""
    return [
        StudyTask(study=name, data=data, methods=list(study.methods), sets=list(BOX_TASKS[data]))
        for name, study in STUDIES.items()
        for data in study.tasks
    ]


def checked(name: StudyName, data: str, methods: list[str]) -> Study:
    """The study of a request.

    Raises:
        NotFound: it is not done on this data.
        BadRequest: it has no such method.
    """
    study = STUDIES[name]
    if data not in study.tasks:
        raise NotFound(f"There is no study of {name} on '{data}'.", hint=did_you_mean(data, study.tasks))
    for method in methods:
        if method not in study.methods:
            hint = did_you_mean(method, study.methods)
            raise BadRequest(f"The study of {name} has no method '{method}'.", where="field methods", hint=hint)
    return study


def wire(trial: Trial) -> TrialRequest:
    """A trial as it is asked for."""
    return TrialRequest(
        study=trial.study,
        data=trial.data,
        method=trial.method,
        seed=trial.seed,
        settings=dict(trial.settings),
        labeled=trial.labeled,
    )


def unwired(asked: TrialRequest) -> Trial:
    """The trial that was asked for."""
    return Trial(asked.data, asked.method, asked.seed, asked.settings, labeled=asked.labeled, study=asked.study)
