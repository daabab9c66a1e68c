"""What runs of one commit differ by anyway, and what can therefore be seen."""

import random
from statistics import median

import pytest

from harness.memory.noise import (
    POWER,
    Noise,
    combined,
    detectable,
    floor_of,
    is_stale,
    runs_needed,
    tolerance,
    within,
)

MB = 2.0**20


def _normal(seed: int, runs: int, sd: float = MB) -> list[float]:
    rng = random.Random(seed)  # noqa: S311 - reproducible, not secret
    return [rng.gauss(80 * MB, sd) for _ in range(runs)]


def test_a_floor_is_near_the_true_spread() -> None:
    """Of sixty normal runs the floor is the standard deviation, give or take a third."""
    floors = [floor_of(_normal(seed, 60), 0.0).sd for seed in range(50)]
    assert 0.9 * MB < median(floors) < 1.25 * MB
    assert min(floors) > 0.6 * MB
    assert max(floors) < 1.7 * MB


def test_one_odd_run_hardly_moves_a_floor() -> None:
    """A run that needed twice as much is no reason to be blind from then on."""
    runs = _normal(1, 59)
    assert floor_of([*runs, 160 * MB], 0.0).sd < 1.5 * floor_of(runs, 0.0).sd


def test_a_second_cluster_is_noise_too() -> None:
    """Where one run in five needs 4 MB more, the middle half alone would say that there is no noise."""
    runs = [80 * MB + place % 3 for place in range(48)] + [84 * MB] * 12
    assert floor_of(runs, 0.0).sd > 1 * MB


def test_nothing_is_quieter_than_what_can_be_resolved() -> None:
    """Runs that are equal to the byte do not make a byte a regression."""
    assert floor_of([80 * MB] * 20, MB / 8).sd == MB / 8
    quiet = within(([80 * MB] * 3, [80 * MB] * 3), MB / 8)
    assert quiet == Noise(MB / 8, 4)


def test_a_growth_between_the_sides_is_not_noise() -> None:
    """The spread is measured inside of each side, so a regression does not hide itself."""
    near = within(([80.0, 82.0, 84.0], [80.0, 82.0, 84.0]), 0.0)
    far = within(([80.0, 82.0, 84.0], [180.0, 182.0, 184.0]), 0.0)
    assert near == far == Noise(2.0, 4)


def test_a_single_run_says_nothing_of_noise() -> None:
    """Without two runs of a side there is no spread."""
    assert within(([80.0], [90.0]), 0.0) is None


def test_a_recorded_floor_and_the_runs_of_now_are_weighed_by_what_they_know() -> None:
    """Fifty-nine degrees of freedom outweigh four."""
    both = combined(Noise(1.0, 59), Noise(1.6, 4))
    assert both is not None
    assert both.degrees == 63
    assert 1.0 < both.sd < 1.1


def test_a_floor_from_a_quieter_machine_is_put_aside() -> None:
    """Runs that scatter ten times as much are judged by themselves."""
    floor, now = Noise(0.1, 59), Noise(1.0, 4)
    assert is_stale(floor, now)
    assert combined(floor, now) == now
    assert not is_stale(Noise(1.0, 59), Noise(1.2, 4))


@pytest.mark.parametrize("known", [(None, Noise(1.0, 4)), (Noise(1.0, 59), None)])
def test_what_is_not_known_does_not_count(known: tuple[Noise | None, Noise | None]) -> None:
    """Either one serves alone."""
    assert combined(*known) == (known[0] or known[1])


@pytest.mark.parametrize("runs", [3, 6, 12])
def test_noise_exceeds_the_tolerance_as_rarely_as_it_says(runs: int) -> None:
    """Medians of pure noise differ by more than the tolerance for 5 % in one case of twenty."""
    rng = random.Random(runs)  # noqa: S311
    allowed, most = tolerance(Noise(1.0, 100_000), runs, runs, 0.05), 4000
    over = sum(
        median(rng.gauss(0, 1) for _ in range(runs)) - median(rng.gauss(0, 1) for _ in range(runs)) > allowed
        for _ in range(most)
    )
    assert 0.03 < over / most < 0.06


def test_a_detectable_growth_is_detected_as_often_as_it_says() -> None:
    """Nineteen times in twenty."""
    rng, noise = random.Random(7), Noise(1.0, 100_000)  # noqa: S311
    grown, allowed = detectable(noise, 6, 6, 0.001), tolerance(noise, 6, 6, 0.001)
    seen = sum(
        median(rng.gauss(grown, 1) for _ in range(6)) - median(rng.gauss(0, 1) for _ in range(6)) > allowed
        for _ in range(4000)
    )
    assert POWER - 0.015 < seen / 4000 < POWER + 0.015


def test_a_smaller_growth_takes_more_runs() -> None:
    """And so many runs do see it, while one fewer do not."""
    noise = Noise(MB, 100)
    needed = [runs_needed(noise, size * MB, 0.001) for size in (8, 3, 1)]
    assert None not in needed
    assert needed == sorted(needed)  # type: ignore[type-var]
    for size, runs in zip((8, 3, 1), needed, strict=True):
        assert runs is not None
        assert detectable(noise, runs, runs, 0.001) <= size * MB
        assert runs == 2 or detectable(noise, runs - 1, runs - 1, 0.001) > size * MB


def test_what_no_number_of_runs_sees_is_told_so() -> None:
    """A growth of a ten-thousandth of the noise is out of reach."""
    assert runs_needed(Noise(MB, 100), MB / 10_000, 0.001) is None
