"""Plans: a dated table, `--plan` for any verb, and the cheapest that holds a need with its headroom."""

from pathlib import Path

import pytest

from harness.errors import ScenarioError
from harness.scenario import Overrides, load_scenario
from harness.sweep.plans import Plan, choose_plan, find_plan, load_plans

MB = 2**20
PLANS = (
    Plan("small", 512 * MB, 0.5, 7, "2025-09"),
    Plan("middle", 1024 * MB, None, 15, "2025-09"),
    Plan("dear", 1024 * MB, 1.0, 25, "2025-09"),
)


def test_every_plan_of_the_repository_is_dated_and_priced() -> None:
    """Nobody is to quote a price without knowing when it was read."""
    plans = load_plans()
    assert len(plans) >= 5
    assert all(one.dated and one.usd_a_month > 0 and one.memory_bytes >= 256 * MB for one in plans)
    assert len({one.name for one in plans}) == len(plans)


@pytest.mark.parametrize(
    ("need_mb", "chosen", "needed_mb"),
    [(300, "small", 461.5), (340, "middle", 523.1), (700, None, 1076.9)],
)
def test_the_cheapest_that_holds_the_need_with_headroom(need_mb: int, chosen: str | None, needed_mb: float) -> None:
    """The budget's share of the memory is what may be used."""
    choice = choose_plan(PLANS, need_mb * MB, 0.65)
    assert (choice.chosen.name if choice.chosen else None) == chosen
    assert choice.needed_bytes / MB == pytest.approx(needed_mb, abs=0.1)


def test_a_plan_sets_memory_and_cpu_of_a_scenario() -> None:
    """And what is given beside it wins."""
    starter = load_scenario(None, Overrides(plan="render:starter"))
    assert (starter.limit_bytes, starter.cpus) == (512 * MB, 0.5)
    assert starter.budget_bytes == int(0.65 * 512 * MB)
    mixed = load_scenario(None, Overrides(plan="render:starter", limit="1GB", cpus=2.0))
    assert (mixed.limit_bytes, mixed.cpus) == (1024 * MB, 2.0)


def test_a_table_of_your_own(tmp_path: Path) -> None:
    """By file; a mistake in it is told with its place."""
    path = tmp_path / "mine.toml"
    path.write_text('[[plans]]\nname = "box"\nmemory = "3GB"\nusd_a_month = 4.5\n', encoding="utf-8")
    scenario = load_scenario(None, Overrides(plan="box", plans=str(path)))
    assert (scenario.limit_bytes, scenario.cpus) == (3 * 1024 * MB, None)
    path.write_text('[[plans]]\nname = "box"\nmemry = "3GB"\n', encoding="utf-8")
    with pytest.raises(ScenarioError, match=r"mine\.toml.*did you mean memory"):
        load_plans(path)


def test_an_unknown_plan_is_told_with_the_nearest() -> None:
    """A typo suggests what was meant."""
    with pytest.raises(ScenarioError, match="did you mean render:starter"):
        find_plan("render:startr")
