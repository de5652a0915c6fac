"""`python -m benchmarks [NAME ...]`: run some benchmarks, or list them."""

from __future__ import annotations

import pkgutil
import subprocess
import sys

import benchmarks

NAMES = sorted(
    found.name
    for found in pkgutil.iter_modules(benchmarks.__path__)
    if found.name not in {"__main__", "mapping", "measuring", "traffic"}
)


def main() -> int:
    asked = sys.argv[1:]
    unknown = [name for name in asked if name not in NAMES]
    if unknown or not asked:
        said = f"There is no benchmark {', '.join(unknown)}.\n" if unknown else ""
        sys.stderr.write(f"{said}Benchmarks: {', '.join(NAMES)}. Run one with `make bench NAME=...`.\n")
        return 2 if unknown else 0
    return max(subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=False).returncode for name in asked)


if __name__ == "__main__":
    sys.exit(main())
