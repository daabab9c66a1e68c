"""From a failed gate to the lines that accept its growth; the gate itself stays failed."""

import getpass
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from harness.gate.acceptance import FILE, Acceptance, add_acceptances
from reports.gate_body import Comparison
from reports.quantities import plural
from reports.result import GateResult


@dataclass(frozen=True, slots=True)
class Meant:
    """Why a growth is meant, who says so, and until when that holds."""

    reason: str
    who: str
    until: date


def accept_growth(result: GateResult, meant: Meant, baselines: Path) -> GateResult:
    """Add a line for each metric that grew to the folder's file, and say so in the result."""
    lines = tuple(_lines(result, meant))
    if not lines:
        return _noted(result, "Nothing grew, so nothing was accepted.")
    path = baselines / FILE
    add_acceptances(path, lines)
    added = f"{plural(len(lines), 'line')} for {meant.who} at the end of {path}"
    return _noted(result, f"{added}: commit it, and the next gate lets this growth pass.")


def who_asks(folder: Path) -> str:
    """The name that git knows, else the one that the system knows."""
    asked = ("git", "-C", str(folder), "config", "user.name")
    try:
        told = subprocess.run(asked, capture_output=True, text=True, timeout=10, check=False).stdout.strip()
    except FileNotFoundError:
        told = ""
    return told or getpass.getuser()


def _lines(result: GateResult, meant: Meant) -> Iterator[Acceptance]:
    for row in result.body.comparisons:
        if row.verdict == "FAIL" and row.measured is not None:
            bound = row.measured + _room(row)
            yield Acceptance(row.scenario, row.metric, bound, meant.reason, meant.who, meant.until)


def _room(row: Comparison) -> float:
    """What noise may add to an accepted figure."""
    return 0.0 if row.threshold is None or row.baseline is None else row.threshold - row.baseline


def _noted(result: GateResult, note: str) -> GateResult:
    return replace(result, body=replace(result.body, notes=(*result.body.notes, note)))
