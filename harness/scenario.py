"""Scenario files: target, limit, corpus, knobs, and what to do with them, as one frozen object."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from harness import tables
from harness.dependencies.provider.settings import ProviderSettings, change
from harness.errors import ScenarioError
from harness.load.plan import LoadPlan, parse_load
from harness.load.staging_plan import KEYS as STAGING_KEYS
from harness.load.staging_plan import StagingPlan, parse_staging
from harness.quantities import parse_budget, parse_bytes, parse_seconds
from harness.sweep.plans import find_plan
from harness.sweep.spec import SweepPlan, read_sweep
from harness.target import SCENARIOS, Target, knob_environment, load_target
from harness.target_image import image_named

_KEYS = (
    "target", "limit", "budget", "cpus", "backend", "corpus", "documents", "imports", "restart", "strict", "timeout",
    "knobs", "provider", "crash", "load", "oom_group",
    "sweep", "claims", "claims_on",
)  # fmt: skip
_RESTARTS = ("no", "on-failure")


@dataclass(frozen=True, slots=True)
class Imports:
    """How many imports run at once, and how often that is done, in the same process and database."""

    concurrent: int
    repeat: int
    sizes: tuple[int, ...] = ()
    """Documents of each import of a row of imports that have no document in common; empty: all of the corpus."""


@dataclass(frozen=True, slots=True)
class CrashPlan:
    """How a scenario is crashed."""

    in_turn: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Knobs that take several values: everything is done once with each combination."""
    bound_s: float = 60.0
    """Within which an import ends once the faults have stopped."""
    resumes: int = 3
    """Resumes of an interrupted import that are sent at once; one of them may win."""
    without: tuple[str, ...] = ()
    """Faults that this scenario cannot exercise; the matrix leaves them out, and says so."""


@dataclass(frozen=True, slots=True)
class Overrides:
    """What the command line says over a scenario; None leaves the scenario's own."""

    limit: str | None = None
    budget: str | None = None
    cpus: float | None = None
    backend: str | None = None
    corpus: str | None = None
    documents: int | None = None
    repeat: int | None = None
    strict: bool | None = None
    knobs: tuple[str, ...] = ()
    image: str | None = None
    plan: str | None = None
    """An instance plan, whose memory and CPU stand in for `limit` and `cpus` where these are not given."""
    plans: str | None = None
    """A table of plans instead of the repository's."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """Everything that one run needs to know; sizes in bytes, times in seconds."""

    name: str
    target: Target
    limit_bytes: int
    budget_bytes: int
    cpus: float | None
    backend: str
    corpus: str
    documents: int | None
    imports: Imports
    knobs: Mapping[str, str]
    provider: ProviderSettings
    restart: str
    strict: bool
    timeout_s: float
    crash: CrashPlan = CrashPlan()
    load: LoadPlan | None = None
    staging: StagingPlan = field(default_factory=StagingPlan)
    sweep: SweepPlan = field(default_factory=SweepPlan)
    oom_group: bool = False
    """Whether an OOM kill takes every process of the target together."""


def load_scenario(name: str | None, overrides: Overrides) -> Scenario:
    """Read a scenario by path or by its name in scenarios/ (`default` for None), and lay `overrides` over it."""
    overrides = _with_plan(overrides)
    path = _find(name or "default")
    table = tables.read_toml(path)
    where = str(path)
    tables.refuse_unknown(table, (*_KEYS, *STAGING_KEYS), where)
    target = load_target(tables.value(table, "target", str, "importer", where), path.parent)
    if overrides.image is not None:
        target = replace(target, image=image_named(overrides.image))
    knobs = tables.texts(tables.value(table, "knobs", dict, {}, where), f"{where} [knobs]")
    knob_environment(target, knobs, f"{where} [knobs]")
    limit_bytes = parse_bytes(overrides.limit or tables.value(table, "limit", str, "512MB", where), "limit")
    budget = overrides.budget or tables.value(table, "budget", str, "65%", where)
    return Scenario(
        name=path.stem,
        target=target,
        limit_bytes=limit_bytes,
        budget_bytes=parse_budget(budget, limit_bytes, "budget"),
        cpus=_cpus(table, overrides, where),
        backend=overrides.backend or tables.value(table, "backend", str, "auto", where),
        corpus=overrides.corpus or _corpus(table, path),
        documents=_documents(table, overrides, where),
        imports=_imports(table, overrides, where),
        knobs={**knobs, **_set_knobs(target, overrides.knobs)},
        provider=_provider(table, where),
        restart=_restart(table, where),
        strict=overrides.strict or tables.value(table, "strict", bool, False, where),
        timeout_s=parse_seconds(tables.value(table, "timeout", str, "60m", where), f"{where}: timeout"),
        crash=_crash(tables.value(table, "crash", dict, {}, where), target, f"{where} [crash]"),
        load=parse_load(table, where, path.parent),
        staging=parse_staging(table, where, path.parent),
        sweep=read_sweep(table, target, where),
        oom_group=tables.value(table, "oom_group", bool, False, where),
    )


def with_knobs(scenario: Scenario, knobs: Mapping[str, str]) -> Scenario:
    """The same scenario with these knobs over its own."""
    knob_environment(scenario.target, knobs, "knobs")
    return replace(scenario, knobs={**scenario.knobs, **knobs})


def _with_plan(overrides: Overrides) -> Overrides:
    if overrides.plan is None:
        return overrides
    plan = find_plan(overrides.plan, Path(overrides.plans) if overrides.plans else None)
    cpus = overrides.cpus if overrides.cpus is not None else plan.cpus
    return replace(overrides, limit=overrides.limit or str(plan.memory_bytes), cpus=cpus)


def _find(name: str) -> Path:
    if name.endswith(".toml") or "/" in name:
        return Path(name).resolve()
    path = SCENARIOS / f"{name}.toml"
    if not path.is_file():
        known = sorted(one.stem for one in SCENARIOS.glob("*.toml"))
        raise ScenarioError(f"there is no scenario {name!r} in {SCENARIOS}{tables.suggestion(name, known)}")
    return path


def _cpus(table: Mapping[str, Any], overrides: Overrides, where: str) -> float | None:
    cpus = overrides.cpus if overrides.cpus is not None else tables.value(table, "cpus", float, 0.0, where) or None
    if cpus is not None and not 0.01 <= cpus <= 1024:
        raise ScenarioError(f"cpus = {cpus:g} is not a CPU share; write it like 0.5 or 2")
    return cpus


def _documents(table: Mapping[str, Any], overrides: Overrides, where: str) -> int | None:
    documents = overrides.documents if overrides.documents is not None else table.get("documents")
    if documents is not None and (not isinstance(documents, int) or documents < 1):
        raise ScenarioError(f"{where}: documents = {documents!r} is not a whole number above zero")
    return documents


def _corpus(table: Mapping[str, Any], path: Path) -> str:
    corpus = tables.value(table, "corpus", str, "python-docs", str(path))
    return str((path.parent / corpus).resolve()) if corpus.startswith((".", "/")) else corpus


def _imports(table: Mapping[str, Any], overrides: Overrides, where: str) -> Imports:
    inner = tables.value(table, "imports", dict, {}, where)
    tables.refuse_unknown(inner, ("concurrent", "repeat", "sizes"), f"{where} [imports]")
    imports = Imports(
        concurrent=tables.value(inner, "concurrent", int, 1, f"{where} [imports]"),
        repeat=overrides.repeat or tables.value(inner, "repeat", int, 1, f"{where} [imports]"),
        sizes=tuple(tables.value(inner, "sizes", list, [], f"{where} [imports]")),
    )
    if not all(isinstance(size, int) and size >= imports.concurrent for size in imports.sizes):
        raise ScenarioError(f"{where} [imports]: sizes are whole numbers of documents, none below `concurrent`")
    if imports.concurrent < 1 or imports.repeat < 1:
        raise ScenarioError(f"{where} [imports]: concurrent and repeat are at least 1")
    return imports


def _set_knobs(target: Target, settings: tuple[str, ...]) -> dict[str, str]:
    knobs = {}
    for setting in settings:
        knob, equals, text = setting.partition("=")
        if not equals:
            raise ScenarioError(f"--set {setting!r}: write it like --set window=400")
        knobs[knob.strip()] = text.strip()
    knob_environment(target, knobs, "--set")
    return knobs


def _provider(table: Mapping[str, Any], where: str) -> ProviderSettings:
    inner = tables.value(table, "provider", dict, {}, where)
    tables.refuse_unknown(inner, (one.name for one in fields(ProviderSettings)), f"{where} [provider]")
    try:
        return change(ProviderSettings(), inner)
    except ValueError as error:
        raise ScenarioError(f"{where} [provider]: {error}") from None


def _crash(table: Mapping[str, Any], target: Target, where: str) -> CrashPlan:
    tables.refuse_unknown(table, (one.name for one in fields(CrashPlan)), where)
    turns = {
        knob: tuple(tables.texts({str(place): value for place, value in enumerate(values)}, where).values())
        for knob, values in tables.value(table, "in_turn", dict, {}, where).items()
    }
    tables.refuse_unknown(turns, target.knobs, f"{where} in_turn", f"knob of {target.name}")
    default = CrashPlan()
    return CrashPlan(
        in_turn=turns,
        bound_s=tables.value(table, "bound_s", float, default.bound_s, where),
        resumes=tables.value(table, "resumes", int, default.resumes, where),
        without=tuple(str(one) for one in tables.value(table, "without", list, [], where)),
    )


def _restart(table: Mapping[str, Any], where: str) -> str:
    restart = tables.value(table, "restart", str, "no", where)
    if restart not in _RESTARTS:
        raise ScenarioError(f"{where}: restart = {restart!r}; it is one of {', '.join(_RESTARTS)}")
    return restart
