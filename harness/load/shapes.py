"""The shapes of a load, one function each: from a few numbers in the scenario to stages."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from harness import tables
from harness.errors import ScenarioError
from harness.load.errand import Stage
from harness.quantities import parse_seconds

USERS_MOST = 100_000


@dataclass(frozen=True, slots=True)
class Shape:
    """A way in which load comes and goes."""

    name: str
    summary: str
    keys: tuple[str, ...]
    stages: Callable[["Wishes"], Iterator[Stage]]


@dataclass(frozen=True, slots=True)
class Wishes:
    """The numbers of a shape as the scenario has them."""

    table: Mapping[str, Any]
    where: str

    def users(self, key: str, default: int | None = None) -> int:
        """A number of users."""
        users = tables.value(self.table, key, int, default, self.where)
        if not 1 <= users <= USERS_MOST:
            raise ScenarioError(f"{self.where}: {key} = {users} is not a number of users, 1 to {USERS_MOST}")
        return users

    def seconds(self, key: str, default: str | None = None) -> float:
        """A length of time."""
        return parse_seconds(tables.value(self.table, key, str, default, self.where), f"{self.where}: {key}")

    def rate(self, key: str = "rate") -> float | None:
        """Arrivals a second; None where users go on as soon as they have their answer."""
        return tables.number(self.table, key, 0.0, self.where) or None

    def hold(self, key: str = "hold") -> float:
        """How long a stage is held, which is some time."""
        seconds = self.seconds(key)
        if not seconds:
            raise ScenarioError(f"{self.where}: {key} is no time at all")
        return seconds

    def warm_up(self, users: int, rate: float | None) -> Iterator[Stage]:
        """The stage before the others, which no figure counts."""
        seconds = self.seconds("warmup", "5s")
        if seconds:
            yield Stage("warm-up", users, seconds, counted=False, rate_per_s=rate)


def _smoke(wishes: Wishes) -> Iterator[Stage]:
    users, rate = wishes.users("users"), wishes.rate()
    yield from wishes.warm_up(users, rate)
    yield Stage("hold", users, wishes.hold(), rate_per_s=rate)


def _ramp(wishes: Wishes) -> Iterator[Stage]:
    first, last, steps = wishes.users("from", 1), wishes.users("to"), wishes.users("steps", 4)
    rate = wishes.rate()
    yield from wishes.warm_up(first, rate and rate / steps)
    for step in range(1, steps + 1):
        share = (step - 1) / (steps - 1) if steps > 1 else 1.0
        users = round(first + (last - first) * share)
        yield Stage(f"{users} users", users, wishes.hold(), rate_per_s=rate and rate * step / steps)


def _spike(wishes: Wishes) -> Iterator[Stage]:
    users, peak = wishes.users("users"), wishes.users("peak")
    rate, peak_rate = wishes.rate(), wishes.rate("peak_rate")
    yield from wishes.warm_up(users, rate)
    yield Stage("before", users, wishes.hold(), rate_per_s=rate)
    yield Stage("spike", peak, wishes.hold("spike"), rate_per_s=peak_rate)
    yield Stage("recovery", users, wishes.hold("recovery"), rate_per_s=rate)


def _break(wishes: Wishes) -> Iterator[Stage]:
    first, step, last = wishes.users("from", 10), wishes.users("step", 10), wishes.users("to")
    if last < first:
        raise ScenarioError(f"{wishes.where}: from = {first} is more than to = {last}, so there is no step")
    yield from wishes.warm_up(first, None)
    for users in range(first, last + 1, step):
        yield Stage(f"{users} users", users, wishes.hold())


SHAPES: tuple[Shape, ...] = (
    Shape("smoke", "some users for a while", ("users", "warmup", "hold", "rate"), _smoke),
    Shape("ramp", "more and more users, step by step", ("from", "to", "steps", "warmup", "hold", "rate"), _ramp),
    Shape(
        "spike",
        "few users, suddenly many, then few again",
        ("users", "peak", "warmup", "hold", "spike", "recovery", "rate", "peak_rate"),
        _spike,
    ),
    Shape("soak", "some users for a long while", ("users", "warmup", "hold", "rate"), _smoke),
    Shape(
        "break", "more users step by step, until a threshold breaks", ("from", "step", "to", "warmup", "hold"), _break
    ),
)
"""`break` ends with the first step that misses a threshold; the others run to their end."""


def parse_shape(table: Mapping[str, Any], where: str) -> tuple[str, tuple[Stage, ...]]:
    """The shape's name and its stages; ScenarioError says what is wrong with it."""
    kind = tables.value(table, "kind", str, None, where)
    shape = next((one for one in SHAPES if one.name == kind), None)
    if shape is None:
        names = [one.name for one in SHAPES]
        raise ScenarioError(f"{where}: there is no shape {kind!r}{tables.suggestion(kind, names)}")
    tables.refuse_unknown(table, ("kind", *shape.keys), where)
    stages = tuple(shape.stages(Wishes(table, where)))
    rated = {one.rate_per_s is not None for one in stages}
    if len(rated) > 1:
        raise ScenarioError(
            f"{where}: either every stage of a shape has a rate of arrivals, or none has ({', '.join(_rates(shape))})"
        )
    return kind, _named_once(stages)


def _rates(shape: Shape) -> list[str]:
    return [key for key in shape.keys if key.endswith("rate")]


def _named_once(stages: tuple[Stage, ...]) -> tuple[Stage, ...]:
    """Two steps with as many users are told apart by their place."""
    names = [one.name for one in stages]
    return tuple(
        one
        if names.count(one.name) == 1
        else Stage(f"{one.name} ({place})", one.users, one.hold_s, one.counted, one.rate_per_s)
        for place, one in enumerate(stages)
    )
