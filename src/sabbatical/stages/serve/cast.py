"""Who answers: the champion, or while it cannot the last that could; the challenger, unless it is on its way."""

from __future__ import annotations

from concurrent.futures import TimeoutError as LateError

from sabbatical.core.errors import NotReady, SabbaticalError, Unavailable
from sabbatical.schemas.serve import Refused, Serving
from sabbatical.stages.serve.engines import Engine, Engines
from sabbatical.stages.serve.routes import Route
from sabbatical.stages.train import actions as models
from sabbatical.storage.workspace import Workspace

LOAD_SECONDS = 30.0


class Cast:
    """The models that answer, by route. Safe to use from any thread."""

    def __init__(self, workspace: Workspace, width: int) -> None:
        self._workspace = workspace
        self._engines = Engines(workspace, width)
        self._good: dict[str, str] = {}
        """By project, the model that answered last as the champion."""

    def call(self, route: Route) -> None:
        """Begin to load whatever may have to answer, so that a revert finds the model before in memory."""
        for model_id in route.model_ids:
            if self._engines.warm(model_id) is None:
                self._engines.bring(route.project, model_id)

    def champion(self, route: Route) -> Engine:
        """The champion; while it is on its way or refused, the last that answered, or the champion before.

        A model that was reverted does not answer any more, whatever became of the one before it.

        Raises:
            NotReady: no model is released.
            Unavailable: neither the champion nor the one before it can be loaded.
        """
        wanted = route.routing.champion_id
        if wanted is None:
            raise NotReady(
                f"No model of '{route.project.name}' is released yet.",
                hint="`sabbatical release propose` judges a model and releases it.",
            )
        engine = self._engines.warm(wanted) or self._last(route) or self._wait(route, wanted)
        self._good[route.project.id] = engine.model.id
        return engine

    def _last(self, route: Route) -> Engine | None:
        last = self._good.get(route.project.id)
        return self._engines.warm(last) if last is not None and last in route.model_ids else None

    def challenger(self, route: Route) -> Engine | None:
        """The model of the release under way if it is in memory; None while it is on its way.

        Raises:
            SabbaticalError: it is refused.
        """
        release = route.routing.release
        if release is None:
            return None
        refusal = self._engines.refusal(release.model_id)
        engine = self._engines.warm(release.model_id)
        if engine is None and refusal is not None:
            raise refusal.error
        return engine

    def shadow(self, route: Route) -> Engine | None:
        """The model of the release under way, waited for.

        Raises:
            SabbaticalError: it is refused.
        """
        release = route.routing.release
        return self._engines.bring(route.project, release.model_id).result(LOAD_SECONDS) if release else None

    def status(self, route: Route, answered: int, failed: int) -> Serving:
        """Who answers for a project, and who is refused."""
        release, champion, ids = route.routing.release, route.routing.champion_id, route.model_ids
        answers = self._last(route)
        last = answers.model.id if answers else None
        warm = self._engines.names()
        with self._workspace.database.reading() as session:
            names = warm | {key: models.get(session, route.project, key).name for key in ids if key not in warm}
        answering = champion if champion in warm else last
        refused = [found for key in ids if (found := self._engines.refusal(key)) is not None]
        return Serving(
            champion=names[champion] if champion else None,
            answering=names.get(answering) if answering else None,
            challenger=names[release.model_id] if release else None,
            stage=release.stage if release else None,
            share=release.share if release else 0.0,
            warm=sorted(name for key, name in warm.items() if key in {*ids, last}),
            refused=[Refused(model=one.model, reason=str(one.error), since=one.since) for one in refused],
            answered=answered,
            failed=failed,
        )

    def close(self) -> None:
        self._engines.close()

    def _wait(self, route: Route, wanted: str) -> Engine:
        """The champion when it is loaded, or where it is refused the one before."""
        said: list[str] = []
        for model_id in (wanted, route.routing.former_id):
            if model_id is None:
                continue
            try:
                return self._engines.bring(route.project, model_id).result(LOAD_SECONDS)
            except (SabbaticalError, LateError) as error:
                said.append(_why(error))
        raise Unavailable(
            f"The released model cannot answer, nor one before it: {' '.join(said)}",
            hint="Release another model: `sabbatical release propose`. Or put a damaged file back from a backup.",
        )


def _why(error: SabbaticalError | LateError) -> str:
    """Without its hint, which would be told once for each model."""
    if not isinstance(error, SabbaticalError):
        return f"it was not loaded within {LOAD_SECONDS:.0f} s."
    return f"{error.where}: {error.message}" if error.where else error.message
