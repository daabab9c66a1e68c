"""Cells and the choice among them: intervals from common repeats, the budget by the upper bound, rivals by theirs."""

from harness.sweep.cells import cells_of, pareto, settings_of
from harness.sweep.choosing import choose_cell, contenders, more_trials_words
from harness.sweep.trial import Trial

from .made_trials import MB, repeated, trial

BUDGET_BYTES = 100 * MB


def test_the_fastest_whose_upper_bound_fits_is_chosen() -> None:
    """A mean within the budget is not enough."""
    trials = [
        *repeated({"w": "1"}, [80, 81, 79], [100, 101, 99]),
        *repeated({"w": "2"}, [90, 91, 89], [150, 151, 149]),
        *repeated({"w": "3"}, [99, 100.5, 98], [200, 201, 199]),
    ]
    choice = choose_cell(cells_of(trials), BUDGET_BYTES)
    assert choice.best is not None
    assert choice.best.setting == {"w": "2"}
    # The faster one may yet turn out to fit, so that it is worth another trial.
    assert [one.setting for one in choice.rivals] == [{"w": "3"}]
    assert not choice.is_decided


def test_a_choice_without_rivals_is_decided() -> None:
    """The others are surely slower, or surely too large."""
    trials = [
        *repeated({"w": "1"}, [80, 81, 79], [100, 101, 99]),
        *repeated({"w": "2"}, [90, 91, 89], [150, 151, 149]),
        *repeated({"w": "3"}, [140, 141, 139], [200, 201, 199]),
    ]
    choice = choose_cell(cells_of(trials), BUDGET_BYTES)
    assert choice.is_decided
    assert not contenders(choice, 5)
    assert more_trials_words(choice, cells_of(trials), 8.0) == ""


def test_nothing_is_decided_while_no_setting_was_repeated() -> None:
    """Single runs have no interval, whoever leads."""
    trials = [trial({"w": "1"}, 80, 100), trial({"w": "2"}, 80, 300)]
    choice = choose_cell(cells_of(trials), BUDGET_BYTES)
    assert choice.best is not None
    assert choice.best.setting == {"w": "2"}
    assert not choice.is_decided
    assert "repeated" in more_trials_words(choice, cells_of(trials), 8.0)


def test_what_was_struck_out_is_not_chosen_again() -> None:
    """A setting that failed under the real limit is out."""
    trials = [*repeated({"w": "1"}, [80, 81], [100, 101]), *repeated({"w": "2"}, [80, 81], [150, 151])]
    choice = choose_cell(cells_of(trials), BUDGET_BYTES, [{"w": "2"}])
    assert choice.best is not None
    assert choice.best.setting == {"w": "1"}


def test_a_killed_trial_takes_its_cell_out() -> None:
    """It has no number, and what was killed under the generous limit fits no smaller one."""
    trials = [
        *repeated({"w": "1"}, [80, 81], [100, 101]),
        *repeated({"w": "2"}, [80, 81], [150, 151]),
        trial({"w": "2"}, None, None, end="killed", repeat=2),
    ]
    found = cells_of(trials)
    assert [one.killed for one in found.all] == [0, 1]
    choice = choose_cell(found, BUDGET_BYTES)
    assert choice.best is not None
    assert choice.best.setting == {"w": "1"}


def test_what_early_stopping_may_miss_is_added() -> None:
    """Where a whole trial's peak rose by a tenth after its plateau, that much is added to the bounds of others."""
    from dataclasses import replace

    from harness.sweep.trial import Foreseen

    whole = trial({"w": "1"}, 88, 100)
    whole = replace(whole, measured=replace(whole.measured, foreseen=Foreseen(0.3, 80 * MB, 100.0)))
    stopped = [trial({"w": "2"}, peak, 100, end="stopped_early", repeat=n) for n, peak in enumerate((80, 80.2, 79.8))]
    plain = cells_of(stopped).all[0]
    warned = cells_of([whole, *stopped]).all[1]
    assert plain.peak_most is not None
    assert warned.peak_most is not None
    assert warned.peak_most > 1.09 * plain.peak_most


def test_the_pareto_front_leaves_out_what_is_beaten_in_everything() -> None:
    """Smaller, faster and fewer calls at once."""
    trials: list[Trial] = [
        trial({"w": "1"}, 80, 100, calls=50),
        trial({"w": "2"}, 90, 150, calls=50),
        trial({"w": "3"}, 95, 140, calls=60),
        trial({"w": "4"}, 95, 140, calls=10),
    ]
    assert [one.setting["w"] for one in pareto(cells_of(trials).all)] == ["1", "2", "4"]


def test_every_combination_is_a_cell() -> None:
    """In the order of the axes."""
    assert settings_of({"a": ("1", "2"), "b": ("x", "y")})[:2] == [{"a": "1", "b": "x"}, {"a": "1", "b": "y"}]
    assert len(settings_of({"a": ("1", "2"), "b": ("x", "y", "z")})) == 6
