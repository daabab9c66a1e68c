"""Runs `halfgig load` as a user does, with a scenario that the test writes."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HALFGIG = (sys.executable, "-m", "harness")
TIMEOUT_S = 240
PEOPLE = """
[load.people]
import = { weight = 1, think = "500ms-1s", documents = [1, 2] }
search = { weight = 5, think = "300ms-700ms" }
results = { weight = 1, think = "500ms-1s" }
"""


@dataclass(frozen=True, slots=True)
class Loaded:
    """How it ended: exit status, result, and what was said on standard error."""

    status: int
    result: dict[str, Any]
    said: str

    @property
    def codes(self) -> set[str]:
        """Codes of the reasons."""
        return {one["code"] for one in self.result["reasons"]}

    def verdicts(self) -> dict[str, str]:
        """Threshold to its verdict."""
        return {one["name"]: one["verdict"] for one in self.result["thresholds"]}

    def figures(self, name: str) -> dict[str, Any]:
        """All stages together, of one request."""
        found: dict[str, Any] = next(
            one for one in self.result["by_request"] if one["name"] == name and one["stage"] is None
        )
        return found


def write_scenario(
    folder: Path, load: str, *, people: str = PEOPLE, target: Path | None = None, more: str = ""
) -> Path:
    """A scenario file with this `[load]` section."""
    path = folder / "scenario.toml"
    path.write_text(
        f'target = "{target or "importer"}"\nlimit = "512MB"\ncorpus = "synthetic:50"\n'
        f"[knobs]\nextraction = false\n{more}\n[load]\n{load}\n{people}",
        encoding="utf-8",
    )
    return path


def load(scenario: Path, *options: str) -> Loaded:
    """Run it to its end."""
    done = subprocess.run(
        (*HALFGIG, "load", str(scenario), "--json", "--runs", str(scenario.parent / "runs"), *options),
        timeout=TIMEOUT_S, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    result = json.loads(done.stdout) if done.stdout else {}
    return Loaded(done.returncode, result, done.stderr)
