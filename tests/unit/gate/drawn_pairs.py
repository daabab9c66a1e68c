"""Pairs of runs that are drawn instead of measured."""

import random
from collections.abc import Callable
from dataclasses import dataclass

from harness.gate.metrics import METRICS, Measured
from harness.gate.sequential import Pair

MB = 2.0**20
JUDGED = tuple(one for one in METRICS if one.resolution is not None)
Draw = Callable[[random.Random], float]


def normal(rng: random.Random) -> float:
    """Noise as in the books, of standard deviation 1."""
    return rng.gauss(0, 1)


def heavy(rng: random.Random) -> float:
    """Mostly quiet, and in one run of twenty four times as loud."""
    return rng.gauss(0, 1) * (4 if rng.random() < 0.05 else 0.9)


def two_clusters(rng: random.Random) -> float:
    """One run in four lands three further up."""
    return rng.gauss(0, 0.3) + (3 if rng.random() < 0.25 else 0)


@dataclass(slots=True)
class Drawn:
    """A Source that draws: noise of `sd_bytes`, and the head's runs `growth_bytes` above the base's."""

    rng: random.Random
    draw: Draw
    sd_bytes: float
    growth_bytes: float = 0.0
    pairs_left: int = 1000
    has_base: bool = True
    oom_kills: tuple[int, ...] = ()
    """Of the head's runs, one after another; then none."""
    taken: int = 0

    def run(self, growth_bytes: float) -> Measured:
        """One run of a side: its own peak, a VmHWM that goes with it, and a growth of its own."""
        peak = 80 * MB + self.sd_bytes * self.draw(self.rng) + growth_bytes
        rss = peak + 25 * MB + 0.5 * self.sd_bytes * self.draw(self.rng)
        growth = 11 * MB + 4 * self.sd_bytes * self.draw(self.rng) + growth_bytes
        return dict(zip([one.name for one in METRICS], (peak, rss, growth, 0.0), strict=True))

    def pair(self) -> Pair:
        """The next pair."""
        head = dict(self.run(self.growth_bytes))
        if self.taken < len(self.oom_kills):
            head["oom_kills"] = float(self.oom_kills[self.taken])
        self.taken += 1
        return Pair(self.run(0.0) if self.has_base else None, head)

    def has_time(self) -> bool:
        """Whether there is a pair left."""
        return self.taken < self.pairs_left


@dataclass(slots=True)
class Disturbed:
    """The head's first runs are 10 MB larger by something that then ends."""

    inner: Drawn
    runs: int

    def pair(self) -> Pair:
        """The next pair."""
        pair = self.inner.pair()
        if self.inner.taken > self.runs:
            return pair
        return Pair(pair.base, {name: figure and figure + 10 * MB for name, figure in pair.head.items()})

    def has_time(self) -> bool:
        """As the inner one."""
        return self.inner.has_time()


@dataclass(slots=True)
class Without:
    """Runs that do not tell one of the metrics."""

    inner: Drawn
    metric: str

    def pair(self) -> Pair:
        """The next pair."""
        pair = self.inner.pair()
        return Pair({**(pair.base or {}), self.metric: None}, {**pair.head, self.metric: None})

    def has_time(self) -> bool:
        """As the inner one."""
        return self.inner.has_time()
