"""Growth that somebody meant: one committed line each, with a bound, a reason, a name and an end."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from harness import tables
from harness.errors import GateError, ScenarioError
from harness.gate.metrics import METRICS

FILE = "accepted.toml"
_KEYS = ("scenario", "metric", "up_to", "reason", "who", "until")


@dataclass(frozen=True, slots=True)
class Acceptance:
    """Up to where a metric of a scenario may go, why, who says so, and the last day on which that holds."""

    scenario: str
    metric: str
    up_to: float
    """In the unit of the metric; bytes for a peak."""
    reason: str
    who: str
    until: date


def read_acceptances(path: Path) -> tuple[Acceptance, ...]:
    """Every accepted line of the file; none where there is no file. GateError says which line cannot be used."""
    if not path.exists():
        return ()
    try:
        lines = tables.value(tables.read_toml(path), "accepted", list, [], str(path))
        return tuple(_acceptance(line, f"{path}, line {place} of [[accepted]]") for place, line in enumerate(lines, 1))
    except ScenarioError as error:
        raise GateError(str(error)) from None


def add_acceptances(path: Path, lines: Sequence[Acceptance]) -> None:
    """Write more lines at the end of the file; what stands there already stays as it is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    before = path.read_text(encoding="utf-8") if path.exists() else "# Growth that was meant. Each line is reviewed.\n"
    path.write_text(before + "".join(f"\n{_written(line)}" for line in lines), encoding="utf-8")


def applying(lines: Sequence[Acceptance], scenario: str, metric: str, today: date) -> Acceptance | None:
    """The line with the highest bound that holds for this metric today."""
    held = [one for one in lines if (one.scenario, one.metric) == (scenario, metric) and today <= one.until]
    return max(held, key=lambda one: one.up_to, default=None)


def _acceptance(line: Any, where: str) -> Acceptance:
    if not isinstance(line, dict):
        raise GateError(f"{where}: not a table")
    tables.refuse_unknown(line, _KEYS, where)
    metric = tables.value(line, "metric", str, None, where)
    tables.refuse_unknown([metric], [one.name for one in METRICS], where, "metric")
    until = line.get("until")
    if type(until) is not date:
        raise GateError(f"{where}: until = {until!r} is not a day; write it like until = 2027-03-31, without quotes")
    reason, who = (tables.value(line, key, str, None, where).strip() for key in ("reason", "who"))
    if not (reason and who):
        raise GateError(f"{where}: reason and who say something")
    return Acceptance(
        scenario=tables.value(line, "scenario", str, None, where),
        metric=metric,
        up_to=tables.value(line, "up_to", float, None, where),
        reason=reason,
        who=who,
        until=until,
    )


def _written(line: Acceptance) -> str:
    texts = {"scenario": line.scenario, "metric": line.metric, "reason": line.reason, "who": line.who}
    shown = {name: json.dumps(text, ensure_ascii=False) for name, text in texts.items()}
    return (
        f"[[accepted]]\nscenario = {shown['scenario']}\nmetric = {shown['metric']}\nup_to = {line.up_to:.0f}\n"
        f"reason = {shown['reason']}\nwho = {shown['who']}\nuntil = {line.until.isoformat()}\n"
    )
