"""What a sweep can vary: every knob of the target, and beside them the input, the provider, the database, the CPU.

An axis turns a value, as it is written, into other surroundings for a trial.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from harness import tables
from harness.corpora.synthetic import Shape, parse_shape, shape_name
from harness.errors import ScenarioError
from harness.quantities import parse_bytes
from harness.scenario import Scenario, with_knobs
from harness.sweep.spec import ClaimSpec


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a trial runs in."""

    scenario: Scenario
    database_latency_s: float = 0.0
    """What each statement waits before it reaches the database."""


Apply = Callable[[Surroundings, str], Surroundings]


@dataclass(frozen=True, slots=True)
class Axis:
    """One thing to vary that is no knob of the target."""

    name: str
    sentence: str
    apply: Apply


def surroundings_of(scenario: Scenario, setting: Mapping[str, str]) -> Surroundings:
    """The scenario with every axis of a setting applied, and what the target file says that each of them needs."""
    found = Surroundings(with_knobs(scenario, needed_knobs(scenario, setting)))
    for name, value in setting.items():
        found = _applied(found, name, value)
    return found


def check_axis(scenario: Scenario, name: str, values: tuple[str, ...], where: str) -> None:
    """ScenarioError for an axis that is not there, a value that it does not take, or that would measure nothing."""
    _check_known(scenario, name, where)
    if not values or len(set(values)) < len(values):
        raise ScenarioError(f"{where}: {name} needs one value or more, each once, as in {name}=1,2,4")
    for value in values:
        surroundings_of(scenario, {name: value})
    for knob, needed in scenario.target.needs.get(name, {}).items():
        given = scenario.knobs.get(knob)
        if "{value}" not in needed and given not in (None, needed):
            raise ScenarioError(
                f"{where}: {name} does nothing unless {knob}={needed}, and {knob} is {given}: set {knob}={needed}"
            )


def _check_known(scenario: Scenario, name: str, where: str) -> None:
    known = [*scenario.target.knobs, *(one.name for one in AXES)]
    if name not in known:
        hint = tables.suggestion(name, sorted(known))
        raise ScenarioError(f"{where}: {name!r} is no knob of {scenario.target.name} and no axis{hint}")


def check_axes(scenario: Scenario) -> None:
    """The same for all axes of a scenario together."""
    axes = scenario.sweep.axes
    wanted: dict[str, tuple[str, str]] = {}
    for name, values in axes.items():
        check_axis(scenario, name, values, "the sweep")
        for knob, needed in scenario.target.needs.get(name, {}).items():
            other, value = wanted.setdefault(knob, (name, needed))
            if value != needed and knob not in axes:
                raise ScenarioError(
                    f"{name} needs {knob}={needed}, and {other} needs {knob}={value}: sweep one of them"
                )


def check_claim(scenario: Scenario, claim: ClaimSpec, on: Mapping[str, str]) -> None:
    """ScenarioError for a claim of a knob that is not there, or of whose knobs none would do anything."""
    for name in claim.knobs:
        _check_known(scenario, name, f"the claim {claim.name!r}")
    knobs = {**scenario.knobs, **on, **claim.given, **dict(zip(claim.knobs, claim.after, strict=True))}
    inert = []
    for name in claim.knobs:
        needed = scenario.target.needs.get(name, {})
        inert += [f"{name} needs {knob}={value}" for knob, value in needed.items() if knobs.get(knob, value) != value]
    if len(inert) >= len(claim.knobs):
        raise ScenarioError(f"the claim {claim.name!r} would measure nothing: {', '.join(inert)}")
    for values in (claim.before, claim.after):
        surroundings_of(scenario, dict(zip(claim.knobs, values, strict=True)))


def needed_knobs(scenario: Scenario, setting: Mapping[str, str]) -> dict[str, str]:
    """Knobs without which an axis would do nothing, as the target file says; what the scenario or setting says wins."""
    found: dict[str, str] = {}
    for name, value in setting.items():
        for knob, needed in scenario.target.needs.get(name, {}).items():
            if knob not in scenario.knobs and knob not in setting:
                found.setdefault(knob, needed.format(value=value))
    return found


def _applied(surroundings: Surroundings, name: str, value: str) -> Surroundings:
    if name in surroundings.scenario.target.knobs:
        return replace(surroundings, scenario=with_knobs(surroundings.scenario, {name: value}))
    axis = next(one for one in AXES if one.name == name)
    try:
        return axis.apply(surroundings, value)
    except ValueError:
        raise ScenarioError(f"{name} = {value!r}: {axis.sentence}") from None


def _of_scenario(change: Callable[[Scenario, str], Scenario]) -> Apply:
    return lambda surroundings, value: replace(surroundings, scenario=change(surroundings.scenario, value))


def _of_shape(name: str, change: Callable[[Shape, str], Shape]) -> Apply:
    def apply(scenario: Scenario, value: str) -> Scenario:
        shape = parse_shape(scenario.corpus)
        if shape is None:
            raise ScenarioError(f"{name} can be varied on a corpus that is made, like synthetic:200")
        return replace(scenario, corpus=shape_name(change(shape, value)))

    return _of_scenario(apply)


def _documents(scenario: Scenario, value: str) -> Scenario:
    shape, documents = parse_shape(scenario.corpus), _whole(value)
    if shape is not None:
        return replace(scenario, corpus=shape_name(replace(shape, documents=documents)), documents=None)
    return replace(scenario, documents=documents)


def _concepts(scenario: Scenario, value: str) -> Scenario:
    shape, concepts = parse_shape(scenario.corpus), _whole(value)
    scenario = replace(scenario, provider=replace(scenario.provider, concepts_per_document=concepts))
    return scenario if shape is None else replace(scenario, corpus=shape_name(replace(shape, concepts=concepts)))


def _imports(scenario: Scenario, value: str) -> Scenario:
    return replace(scenario, imports=replace(scenario.imports, concurrent=_whole(value)))


def _cpus(scenario: Scenario, value: str) -> Scenario:
    cpus = float(value)
    if not 0.01 <= cpus <= 1024:
        raise ValueError(value)
    return replace(scenario, cpus=cpus)


def _provider(field: str) -> Apply:
    def apply(scenario: Scenario, value: str) -> Scenario:
        return replace(scenario, provider=replace(scenario.provider, **{field: _positive(value)}))  # type: ignore[arg-type]

    return _of_scenario(apply)


def _database_latency(surroundings: Surroundings, value: str) -> Surroundings:
    return replace(surroundings, database_latency_s=_positive(value) / 1000)


def _whole(value: str) -> int:
    if not re.fullmatch(r"[1-9]\d{0,8}", value):
        raise ValueError(value)
    return int(value)


def _positive(value: str) -> float:
    if not re.fullmatch(r"\d{1,9}(\.\d+)?", value):
        raise ValueError(value)
    return float(value)


AXES = (
    Axis("documents", "a number of documents", _of_scenario(_documents)),
    Axis(
        "upload_size",
        "a size of the upload, like 30MB, at the same texts",
        _of_shape("upload_size", lambda shape, value: replace(shape, upload_bytes=parse_bytes(value, "upload_size"))),
    ),
    Axis(
        "chunks_per_document",
        "a number of chunks",
        _of_shape("chunks_per_document", lambda shape, value: replace(shape, chunks=_whole(value))),
    ),
    Axis("concepts_per_document", "a number of concepts that the LLM finds in each", _of_scenario(_concepts)),
    Axis("concurrent_imports", "a number of imports at once", _of_scenario(_imports)),
    Axis("provider_latency_ms", "milliseconds of an embedding request", _provider("latency_request_ms")),
    Axis("provider_input_latency_ms", "milliseconds that each input adds", _provider("latency_input_ms")),
    Axis("llm_latency_ms", "milliseconds of a chat request", _provider("llm_latency_ms")),
    Axis("rate_limit", "provider requests a second, 0 for no limit", _provider("rate_limit")),
    Axis("database_latency_ms", "milliseconds that each statement waits", _database_latency),
    Axis("cpus", "a share of the CPU, like 0.5", _of_scenario(_cpus)),
)
"""Every axis that is no knob; extraction is a knob where the target has one."""
