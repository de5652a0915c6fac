"""Files sent before a run uses them."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request

from sabbatical.api import routing, uploads
from sabbatical.api.access import allow
from sabbatical.api.context import Context
from sabbatical.api.runs import Key
from sabbatical.schemas.upload import Upload

router = routing.router("/uploads", "ingest")
Writer = Annotated[Context, allow("upload.write")]
BYTES = {"requestBody": {"required": True, "content": {"application/octet-stream": {}}}}


@router.post("", status_code=201, openapi_extra=BYTES)
async def send_file(
    context: Writer,
    request: Request,
    name: Annotated[str, Query(description="Its file name; a folder is sent as a tar.", max_length=1000)],
    key: Key = None,
) -> Upload:
    """Send a file as the body, as it is."""
    return await uploads.keep(context.workspace, name, request.stream(), key)


@router.delete("/{upload}", status_code=204)
def forget_file(context: Writer, upload: str) -> None:
    """Forget a file; what was made of it stays."""
    uploads.remove(context.workspace, upload)
