"""Which instance plan holds the answer, whether that is an upgrade, and whether a bigger one would pay."""

from collections.abc import Sequence
from dataclasses import dataclass

from harness.scenario import Scenario
from harness.sweep.cells import Cell
from harness.sweep.plans import Plan, PlanChoice, choose_plan
from harness.sweep.trial import name_of
from reports import sweep_body as body
from reports.quantities import format_bytes, format_rate

FASTER = 0.03
"""What a setting that needs more memory must be faster by, to be worth a word."""


@dataclass(frozen=True, slots=True)
class Need:
    """What a setting asks of a plan."""

    cell: Cell
    bytes: int
    """The upper bound of its peak."""
    choice: PlanChoice


def plan_answer(
    scenario: Scenario, cells: Sequence[Cell], best: Cell | None, plans: tuple[Plan, ...]
) -> body.PlanAnswer | None:
    """The cheapest plan for the answer; where nothing stays within the budget, for what needs the least."""
    share = scenario.budget_bytes / scenario.limit_bytes
    needs = [_need(one, share, plans) for one in cells if one.peak_most is not None and not one.killed]
    need = next((one for one in needs if one.cell == best), min(needs, key=lambda one: one.bytes, default=None))
    if need is None:
        return None
    chosen, needed_bytes = need.choice.chosen, need.choice.needed_bytes
    rows = tuple(
        body.PlanRow(one.name, one.memory_bytes, one.cpus, one.usd_a_month, one.dated, one.memory_bytes >= needed_bytes)
        for one in plans
    )
    pay = _pay_words(need, needs, scenario.limit_bytes)
    text = " ".join((_upgrade_words(need, scenario, best), _cheapest_words(need.choice), pay))
    name = chosen.name if chosen else None
    return body.PlanAnswer(need.bytes, "upper bound of the peak", needed_bytes, name, text, rows)


def _need(cell: Cell, share: float, plans: tuple[Plan, ...]) -> Need:
    need_bytes = int(cell.peak_most or 0)
    return Need(cell, need_bytes, choose_plan(plans, need_bytes, share))


def _upgrade_words(need: Need, scenario: Scenario, best: Cell | None) -> str:
    needed, limit = need.choice.needed_bytes, format_bytes(scenario.limit_bytes)
    share = scenario.budget_bytes / scenario.limit_bytes
    why = f"its peak of at most {format_bytes(need.bytes)} is to be no more than {share:.0%} of the memory"
    who = "the answer" if best else f"even {name_of(need.cell.setting)}"
    if needed <= scenario.limit_bytes:
        return f"No upgrade: {who} needs {format_bytes(needed)} of the {limit}, because {why}."
    return f"Upgrade: {who} needs {format_bytes(needed)}, more than the {limit}, because {why}."


def _cheapest_words(choice: PlanChoice) -> str:
    if choice.chosen is None:
        return "No plan of the table has that."
    return f"The cheapest plan that has that is {_plan_words(choice.chosen)}."


def _pay_words(need: Need, needs: Sequence[Need], limit_bytes: int) -> str:
    """What more memory than there is, or than the answer needs, would buy: the fastest of what has to have it."""
    enough_bytes = max(limit_bytes, need.choice.needed_bytes)
    fastest = max((one for one in needs if one.choice.needed_bytes > enough_bytes), key=_rate, default=None)
    gain = _rate(fastest) / _rate(need) - 1 if fastest and _rate(need) else 0.0
    if fastest is None or gain <= FASTER:
        return "More memory would not pay: no setting that was tried and needs more is faster."
    plan = _plan_words(fastest.choice.chosen) if fastest.choice.chosen else "no plan of the table"
    found = f"{name_of(fastest.cell.setting)} does {format_rate(_rate(fastest), 'chunks')}"
    needed = format_bytes(fastest.choice.needed_bytes)
    return f"More memory would buy {gain:.0%} of speed: {found} and needs {needed}, which {plan} has."


def _rate(need: Need) -> float:
    return need.cell.rate.mean if need.cell.rate else 0.0


def _plan_words(plan: Plan) -> str:
    return f"{plan.name} ({format_bytes(plan.memory_bytes)}, {plan.usd_a_month:g} USD a month, {plan.dated})"
