"""Plans: upgrade or not, with the number that decides, and whether more memory would pay."""

from harness.sweep.cells import Cell, cells_of
from harness.sweep.plans import load_plans
from harness.sweep.upgrade import plan_answer

from .made_trials import MB, scenario, trial


def _cells(*figures: tuple[str, float, float]) -> list[Cell]:
    """A cell for each window, peak in MB and rate, run three times."""
    return list(
        cells_of(
            [
                trial({"window": window}, peak + wobble, rate + wobble, repeat=n)
                for window, peak, rate in figures
                for n, wobble in enumerate((-2, 0, 2))
            ]
        ).all
    )


def test_the_plan_is_told_with_the_number_that_decides() -> None:
    """The upper bound of the peak over the budget's share."""
    base = scenario(axes={"window": ("64",)})
    best = cells_of([trial({"window": "64"}, peak, 200, repeat=n) for n, peak in enumerate((400, 402, 398))]).all[0]
    found = plan_answer(base, [best], best, load_plans())
    assert found is not None
    assert found.chosen == "render:standard"
    assert best.peak_most is not None
    assert abs(found.needed_bytes - best.peak_most / 0.65) < MB
    assert "65%" in found.text


def test_no_upgrade_where_the_limit_has_what_the_answer_needs() -> None:
    """The cheapest plan is told all the same, and that more memory would not make it faster."""
    cells = _cells(("64", 80, 200), ("256", 90, 201))
    found = plan_answer(scenario(), cells, cells[0], load_plans())
    assert found is not None
    assert found.text.startswith("No upgrade: the answer needs")
    assert "of the 512 MB" in found.text
    assert found.chosen == "fly:shared-cpu-1x"
    assert "More memory would not pay" in found.text


def test_an_upgrade_where_nothing_stays_within_the_budget() -> None:
    """For the setting that needs the least."""
    cells = _cells(("64", 420, 100), ("256", 450, 101))
    found = plan_answer(scenario(), cells, None, load_plans())
    assert found is not None
    assert found.text.startswith("Upgrade: even window=64 needs")
    assert found.chosen == "render:standard"


def test_what_more_memory_would_buy() -> None:
    """A setting beyond the budget that is faster, with the plan that has what it needs, or none."""
    cells = _cells(("64", 80, 100), ("1024", 600, 150), ("4096", 2000, 120))
    found = plan_answer(scenario(), cells, cells[0], load_plans())
    assert found is not None
    assert "More memory would buy 50% of speed: window=1024" in found.text
    assert "render:standard (2,048 MB, 25 USD a month, 2025-09) has" in found.text
    dear = plan_answer(scenario(), [cells[0], *_cells(("9", 3000, 200))], cells[0], load_plans())
    assert dear is not None
    assert "no plan of the table has" in dear.text


def test_a_killed_setting_tells_nothing_of_a_plan() -> None:
    """It has no peak."""
    cells = list(cells_of([trial({"window": "64"}, None, None, end="killed")]).all)
    assert plan_answer(scenario(), cells, None, load_plans()) is None
