"""The studies behind our claims, kept as they stand: figures, intervals and claims of one, as the command prints them.

    python -m benchmarks.studies masking bccd [--seeds 3] [--first 0] [--set NAME=VALUE] [--now] [--home FOLDER]

A trial is kept in the workspace as it ends, so the same command goes on where it stopped; --now starts none.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

RESULTS = Path(__file__).parent / "results"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("study", choices=["masking", "ramp", "growth", "rules"])
    options.add_argument("data")
    options.add_argument("--seeds", default="3")
    options.add_argument("--first", default="0")
    options.add_argument("--set", action="append", default=[], dest="settings")
    options.add_argument("--now", action="store_true")
    options.add_argument("--home", default=None)
    asked = options.parse_args()
    sabbatical = str(Path(sys.executable).with_name("sabbatical"))
    command = [sabbatical, "study", asked.study, "--data", asked.data, "--json"]
    command += ["--seeds", asked.seeds, "--first", asked.first]
    command += [word for one in asked.settings for word in ("--set", one)]
    command += ["--home", asked.home] if asked.home else []
    command += ["--now"] if asked.now else []
    said = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    document = json.loads(said.stdout)
    own = "".join(f"-{one.replace('=', '-')}" for one in asked.settings)
    file = RESULTS / f"study-{asked.study}-{asked.data}{own}.json"
    file.write_text(json.dumps(document, indent=1) + "\n")
    print(f"{len(document['methods'])} methods, {len(document['missing'])} trials missing: {file}")


if __name__ == "__main__":
    main()
