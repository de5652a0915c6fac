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

if __name__ == "__main__":
    patch.object(socket, "gethostname", lambda: HOST).start()
    runs.STALE_SECONDS = 3.0
    queue.PUT_AGAIN_SECONDS = 2.0
    children.MODULE = __spec__.name
    sys.exit(worker.main(sys.argv[1:]))
