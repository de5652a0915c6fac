"""The worker of `napping` as if on another machine; it does not wait long for one that is gone."""

from __future__ import annotations

import socket
import sys
from unittest.mock import patch

from sabbatical import worker
from sabbatical.durable import children, queue, runs
from tests.durable import napping

HOST = "elsewhere"
KINDS = napping


def main(arguments: list[str]) -> int:
    patch.object(socket, "gethostname", lambda: HOST).start()
    runs.STALE_SECONDS = 3.0
    queue.PUT_AGAIN_SECONDS = 2.0
    children.MODULE = "tests.durable.elsewhere"
    return worker.main(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
