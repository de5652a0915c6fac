"""What every benchmark shares: a run as a process of its own, its time and memory, and rows of figures as JSON."""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"


def asked(description: str | None, items: int) -> argparse.Namespace:
    """The options of a benchmark on a filled workspace; `items` unless told."""
    options = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--items", type=int, default=items)
    options.add_argument("--runs", type=int, default=3)
    options.add_argument("--home", type=Path, help="a workspace that is filled once, kept, and used again")
    options.add_argument("--child", nargs=2, metavar=("WHAT", "HOME"), help=argparse.SUPPRESS)
    return options.parse_args()


@contextmanager
def kept(home: Path | None) -> Iterator[Path]:
    """The folder that was named, or one that is gone afterwards."""
    if home is not None:
        yield home
        return
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        yield Path(folder)


def child(module: str, *arguments: str) -> dict[str, Any]:
    """Run `python -m module arguments` and answer the JSON document that it prints last."""
    done = subprocess.run([sys.executable, "-m", module, *arguments], check=True, stdout=subprocess.PIPE)
    document: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return document


@contextmanager
def measured() -> Iterator[dict[str, float]]:
    """Filled at the end: `seconds` of the clock, `cpu` seconds of this process (all threads), `peak_mb` of memory."""
    found: dict[str, float] = {}
    seconds, cpu = time.perf_counter(), time.process_time()
    yield found
    found["seconds"], found["cpu"] = time.perf_counter() - seconds, time.process_time() - cpu
    found["peak_mb"] = peak_mb()


def rows(figure: str, runs: Sequence[dict[str, Any]], **facts: Any) -> list[dict[str, Any]]:
    """The figures that `measured` fills, over several runs."""
    units = {"seconds": "s", "cpu": "s", "peak_mb": "MB"}
    return [row(f"{figure}.{name}", unit, [run[name] for run in runs], **facts) for name, unit in units.items()]


def row(figure: str, unit: str, values: Sequence[float], **facts: Any) -> dict[str, Any]:
    """One figure over several runs."""
    return {
        "figure": figure,
        "unit": unit,
        "runs": len(values),
        "min": float(f"{min(values):.4g}"),
        "median": float(f"{statistics.median(values):.4g}"),
        "max": float(f"{max(values):.4g}"),
        **facts,
    }


def publish(name: str, rows: list[dict[str, Any]]) -> None:
    """Print the rows and keep them under `benchmarks/results`."""
    RESULTS.mkdir(exist_ok=True)
    text = "".join(json.dumps(one) + "\n" for one in rows)
    sys.stdout.write(text)
    (RESULTS / f"{name}.jsonl").write_text(text)


def peak_mb() -> float:
    """The most memory this process has held, in MB (VmHWM; unlike ru_maxrss it forgets the parent's)."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024
