"""The typed client: the same objects over HTTP, or in process on a workspace folder when no server runs."""

from sabbatical.sdk.workspace import Workspace, open  # noqa: A004 - `sb.open()` reads best

__all__ = ["Workspace", "open"]
