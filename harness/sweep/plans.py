"""Instance plans: what memory and CPU they give, for how much a month; and the cheapest one that holds a need."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness import tables
from harness.errors import ScenarioError
from harness.quantities import parse_bytes
from harness.target import SCENARIOS

PLANS = SCENARIOS / "plans" / "hosters.toml"
_KEYS = ("name", "memory", "cpus", "usd_a_month", "dated")


@dataclass(frozen=True, slots=True)
class Plan:
    """One plan of one hoster."""

    name: str
    memory_bytes: int
    cpus: float | None
    """None where the table does not say."""
    usd_a_month: float
    dated: str
    """When the price was read."""


def load_plans(path: Path | None = None) -> tuple[Plan, ...]:
    """The plans of a table, by default those of the repository."""
    found = path or PLANS
    table = tables.read_toml(found)
    tables.refuse_unknown(table, ("plans",), str(found))
    rows = tables.value(table, "plans", list, None, str(found))
    return tuple(_plan(row, f"{found} [[plans]] {place}") for place, row in enumerate(rows, 1))


def find_plan(name: str, path: Path | None = None) -> Plan:
    """The plan of this name; ScenarioError with the nearest names."""
    plans = {one.name: one for one in load_plans(path)}
    if name not in plans:
        raise ScenarioError(f"--plan: there is no plan {name!r}{tables.suggestion(name, sorted(plans))}")
    return plans[name]


@dataclass(frozen=True, slots=True)
class PlanChoice:
    """What the table says to a need."""

    needed_bytes: int
    """Memory that a plan must have: the need, with the headroom that the budget leaves."""
    chosen: Plan | None
    """The cheapest that has it; None where none has."""


def choose_plan(plans: tuple[Plan, ...], need_bytes: int, budget_share: float) -> PlanChoice:
    """The cheapest plan of whose memory the need takes no more than the budget's share."""
    needed_bytes = int(need_bytes / budget_share)
    holding = [one for one in plans if one.memory_bytes >= needed_bytes]
    return PlanChoice(needed_bytes, min(holding, key=lambda one: (one.usd_a_month, one.memory_bytes), default=None))


def _plan(row: Any, where: str) -> Plan:
    if not isinstance(row, dict):
        raise ScenarioError(f"{where}: not a table")
    tables.refuse_unknown(row, _KEYS, where)
    cpus = tables.value(row, "cpus", float, 0.0, where) or None
    return Plan(
        name=tables.value(row, "name", str, None, where),
        memory_bytes=parse_bytes(tables.value(row, "memory", str, None, where), f"{where} memory"),
        cpus=cpus,
        usd_a_month=tables.value(row, "usd_a_month", float, None, where),
        dated=tables.value(row, "dated", str, "", where),
    )
