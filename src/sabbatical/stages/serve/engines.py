"""Models in memory: loaded beside those that answer, refused where their file is damaged, tried again later."""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime

from sabbatical.core.errors import Broken, SabbaticalError
from sabbatical.schemas.project import Project
from sabbatical.schemas.train import ModelVersion
from sabbatical.stages.serve.evidence import abstention
from sabbatical.stages.serve.gathering import Gathering
from sabbatical.stages.train import actions as models
from sabbatical.stages.train.actions import Abstention
from sabbatical.storage.workspace import Workspace

log = logging.getLogger("sabbatical.serve")
WARM, WARM_BYTES = 12, 1 << 30
"""Models stay in memory while there are so few, or their files are not larger together. Three are of one project: the
champion, its challenger, the one before."""
AGAIN_SECONDS = 10.0  # until a model that was refused is tried again


@dataclass(frozen=True)
class Engine:
    """A model that is ready to answer."""

    model: ModelVersion
    answer: Gathering
    unsure: Abstention
    bytes: int = 0
    """Of its file."""


@dataclass(frozen=True)
class Refusal:
    """A model that could not be loaded."""

    model: str
    error: SabbaticalError
    since: datetime
    again_at: float


class Engines:
    """The models in memory, the least recently used goes first. Safe to use from any thread."""

    def __init__(self, workspace: Workspace, width: int) -> None:
        """`width`: batches of one model at one time, each by one thread."""
        self._workspace = workspace
        self._width = width
        self._lock = threading.Lock()
        self._warm: OrderedDict[str, Engine] = OrderedDict()
        self._coming: dict[str, Future[Engine]] = {}
        self._refused: dict[str, Refusal] = {}
        self._loader = ThreadPoolExecutor(1, "sabbatical-load")

    def warm(self, model_id: str) -> Engine | None:
        """The model if it is in memory."""
        with self._lock:
            found = self._warm.get(model_id)
            if found is not None:
                self._warm.move_to_end(model_id)
            return found

    def refusal(self, model_id: str) -> Refusal | None:
        """Why a model is not in memory, if it was tried."""
        with self._lock:
            return self._refused.get(model_id)

    def bring(self, project: Project, model_id: str) -> Future[Engine]:
        """Begin to load a model, unless it is there or on its way; a refused one again after some seconds only.

        The future raises what `load_engine` does.
        """
        with self._lock:
            if model_id in self._warm:
                return _ended(self._warm[model_id])
            refusal = self._refused.get(model_id)
            if refusal is not None and time.monotonic() < refusal.again_at:
                return _failed(refusal.error)
            if model_id not in self._coming:
                self._coming[model_id] = self._loader.submit(self._load, project, model_id)
            return self._coming[model_id]

    def names(self) -> dict[str, str]:
        """The models in memory: id to name."""
        with self._lock:
            return {key: engine.model.name for key, engine in self._warm.items()}

    def close(self) -> None:
        self._loader.shutdown(cancel_futures=True)

    def _load(self, project: Project, model_id: str) -> Engine:
        name = model_id
        try:
            with self._workspace.database.reading() as session:
                model = models.get(session, project, model_id)
                unsure = abstention(session, model)
                file = models.artifact(session, model)
            name = model.name
            loaded = models.load_engine(self._workspace, model, threads=1)
            engine = Engine(model, Gathering(loaded, self._width), unsure, file.bytes if file else 0)
        except Exception as error:
            self._refuse(model_id, name, error)
            raise
        with self._lock:
            self._warm[model_id] = engine
            self._refused.pop(model_id, None)
            self._coming.pop(model_id, None)
            while len(self._warm) > WARM and sum(one.bytes for one in self._warm.values()) > WARM_BYTES:
                self._warm.popitem(last=False)
        log.info("%s of %s is ready to answer", model.name, project.name)
        return engine

    def _refuse(self, model_id: str, name: str, error: Exception) -> None:
        told = error if isinstance(error, SabbaticalError) else Broken(f"{name} cannot be loaded: {error}.")
        log.warning("%s is refused: %s", name, told)
        with self._lock:
            before = self._refused.get(model_id)
            refusal = Refusal(name, told, self._workspace.clock(), time.monotonic() + AGAIN_SECONDS)
            self._refused[model_id] = refusal if before is None else replace(refusal, since=before.since)
            self._coming.pop(model_id, None)


def _ended(engine: Engine) -> Future[Engine]:
    future: Future[Engine] = Future()
    future.set_result(engine)
    return future


def _failed(error: SabbaticalError) -> Future[Engine]:
    future: Future[Engine] = Future()
    future.set_exception(error)
    return future
