"""Traffic for a server: clients with a connection each, as fast as they are answered or at random moments of a rate.

    python -m benchmarks.traffic '{"url": ..., "images": FOLDER, "clients": 4, "seconds": 8}'

is one such load in a process of its own; it prints its figures as JSON. No benchmark by itself.
"""

from __future__ import annotations

import http.client
import json
import random
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np

PROJECT = "street"


@dataclass(frozen=True)
class Answered:
    """One request: when it was due and when its answer was there (seconds since 1970), and what that said."""

    due: float
    ended: float
    status: int
    model: str | None
    id: str | None


@dataclass(frozen=True)
class Asked:
    """A load. With a `rate`, requests are due at random moments (Poisson), else as soon as a client is free.

    `patient` clients ask again until they are answered, as the SDK does.
    """

    url: str
    images: str
    clients: int
    seconds: float
    rate: float | None = None
    record: bool = True
    patient: bool = False

    def run(self) -> list[Answered]:
        """Send it; every image again and again, with some bytes behind its end so that each is a new one."""
        files = [file.read_bytes() for file in sorted(Path(self.images).iterdir())]
        moments, lock = self._moments(), threading.Lock()

        def client(_: int) -> list[Answered]:
            found: list[Answered] = []
            connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=60)
            while True:
                with lock:
                    number, due = next(moments, (-1, 0.0))
                if number < 0:
                    return found
                time.sleep(max(0.0, due - time.time()))
                body = files[number % len(files)] + f"{time.time_ns()} {number}".encode()
                found.append(self._ask(connection, body, due if self.rate else time.time()))

        with ThreadPoolExecutor(self.clients) as pool:
            return [one for part in pool.map(client, range(self.clients)) for one in part]

    def _moments(self) -> Iterator[tuple[int, float]]:
        dice, number, due = random.Random(0), 0, time.time()
        end = due + self.seconds
        while (due if self.rate else time.time()) < end:
            yield number, due
            number += 1
            due += dice.expovariate(self.rate) if self.rate else 0.0

    def _ask(self, connection: http.client.HTTPConnection, body: bytes, due: float) -> Answered:
        path = f"/v1/projects/{PROJECT}/predict" + ("" if self.record else "?record=false")
        headers = {"Content-Type": "image/jpeg", "Idempotency-Key": f"{due} {id(connection)}"}
        while True:
            try:
                connection.request("POST", path, body, headers)
                response = connection.getresponse()
                said: dict[str, Any] = json.loads(response.read())
                return Answered(due, time.time(), response.status, said.get("model"), said.get("id"))
            except (OSError, http.client.HTTPException):
                connection.close()
                if not self.patient:
                    return Answered(due, time.time(), 0, None, None)
                time.sleep(0.02)


def summary(answers: Sequence[Answered]) -> dict[str, float]:
    """Answers a second, those that failed, and percentiles of the time from due to answered in ms."""
    took_ms = [(one.ended - one.due) * 1000 for one in answers if one.status == 200]
    spent = max(one.ended for one in answers) - min(one.due for one in answers)
    p50, p95, p99 = np.quantile(took_ms, [0.5, 0.95, 0.99]).tolist()
    return {"rate": len(took_ms) / spent, "failed": len(answers) - len(took_ms), "p50": p50, "p95": p95, "p99": p99}


if __name__ == "__main__":
    print(json.dumps(summary(Asked(**json.loads(sys.argv[1])).run())))
