"""Every error a caller can meet, as one tree.

    SabbaticalError
    ├── BadInput            400  what was sent cannot be used; says file, line and field
    │   ├── BadRequest           it was asked wrongly: a field, an option, a setting or a path that cannot be
    │   ├── BadFile              a file or archive that cannot be read
    │   ├── BadTaxonomy          a tree or mapping that contradicts itself
    │   ├── EmptyDataset         nothing is left to learn from or to judge
    │   └── Diverged             a training whose loss is no number any more; what was saved before is kept
    ├── NotAllowed          403  the caller may not do this
    ├── NotFound            404  no such thing under this name
    ├── Conflict            409  it exists already, or changed meanwhile
    ├── NotReady            409  something must happen first
    ├── Interrupted         409  a person or a shutdown stopped it; run it again to go on
    │   └── Stopped              a person or a rule ended it; it does not go on by itself
    ├── Unavailable         503  a service or an optional package is missing
    │   └── NewerWorkspace       written by a newer version of Sabbatical
    ├── StorageFull         507  the disk is full; nothing was half written
    ├── OverLimit           507  it took more time or memory than the settings allow
    └── Broken              500  our fault: an invariant does not hold

A command line ends with exit code 1, and with 2 where it was used wrongly (BadRequest).

A code is stable: clients may branch on it. A message says what was wrong, `where` says in which file, line or
field, `hint` says what to do.
"""

from __future__ import annotations

from typing import Any, ClassVar


class SabbaticalError(Exception):
    """Root of the tree; never raised itself."""

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 500
    retry: ClassVar[bool] = False
    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, where: str | None = None, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.hint = hint

    def __str__(self) -> str:
        text = self.message
        if self.where:
            text = f"{self.where}: {text}"
        if self.hint:
            text = f"{text} {self.hint}"
        return text

    def to_dict(self) -> dict[str, Any]:
        """The error as every interface shows it (HTTP body, `--json`, run record)."""
        return {
            "code": self.code,
            "message": self.message,
            "where": self.where,
            "hint": self.hint,
            "retry": self.retry,
        }


class BadInput(SabbaticalError):
    code = "bad_input"
    status = 400


class BadRequest(BadInput):
    code = "bad_request"
    exit_code = 2


class BadFile(BadInput):
    code = "bad_file"


class BadTaxonomy(BadInput):
    code = "bad_taxonomy"


class EmptyDataset(BadInput):
    code = "empty_dataset"


class Diverged(BadInput):
    code = "diverged"


class NotAllowed(SabbaticalError):
    code = "not_allowed"
    status = 403


class NotFound(SabbaticalError):
    code = "not_found"
    status = 404


class Conflict(SabbaticalError):
    code = "conflict"
    status = 409


class NotReady(SabbaticalError):
    code = "not_ready"
    status = 409


class Interrupted(SabbaticalError):
    code = "interrupted"
    status = 409
    retry = True


class Stopped(Interrupted):
    code = "stopped"
    retry = False


class Unavailable(SabbaticalError):
    code = "unavailable"
    status = 503
    retry = True


class NewerWorkspace(Unavailable):
    code = "newer_workspace"
    retry = False


class StorageFull(SabbaticalError):
    code = "storage_full"
    status = 507
    retry = True


class OverLimit(SabbaticalError):
    code = "over_limit"
    status = 507


class Broken(SabbaticalError):
    code = "broken"


def by_code() -> dict[str, type[SabbaticalError]]:
    """Every error class by its code, so that a client can raise what the server meant."""
    found: dict[str, type[SabbaticalError]] = {}
    waiting: list[type[SabbaticalError]] = [SabbaticalError]
    while waiting:
        kind = waiting.pop()
        found[kind.code] = kind
        waiting.extend(kind.__subclasses__())
    return found


def from_dict(error: dict[str, Any]) -> SabbaticalError:
    """The error that `to_dict` described; an unknown code becomes `Broken`."""
    kind = by_code().get(str(error.get("code")), Broken)
    return kind(str(error.get("message")), where=error.get("where"), hint=error.get("hint"))
