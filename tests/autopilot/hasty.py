"""The worker of the product, which looks every second whether a turn is due."""

from __future__ import annotations

import sys

from sabbatical import worker
from sabbatical.durable import queue

if __name__ == "__main__":
    queue.TICK = "* * * * * *"
    sys.exit(worker.main(sys.argv[1:]))
