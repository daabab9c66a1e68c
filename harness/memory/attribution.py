"""From what each stack held to sites, packages and stages: plain sums, the same for every capture."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from harness.memory.capture import Held, Lived, Span, StackReader
from harness.memory.places import Place
from harness.memory.stacks import importing_package, leaf_of
from reports.trace import PackageBytes, Site, StageHeap, TopSite

STACK_FRAMES = 8
"""Frames of the stack that a site keeps: enough to know the way, whatever the framework puts around it."""
STAGE_SITES = 5

SiteKey = tuple[str, str]
"""Function and file."""
PlaceOf = Callable[[str], Place]


@dataclass(frozen=True, slots=True)
class Ticks:
    """The moments that are asked about, as ticks of the capture."""

    peak: int
    """Where the heap was at its highest."""
    ready: int
    """Where the service was ready: what is older belongs to its start."""
    late: range
    """The second half of the import."""
    account: int | None = None
    """Where the container's unreclaimable memory was at its highest; None where no account is wanted."""
    look: int = 0
    """Where the mappings were looked at."""
    stages: Mapping[str, int] = field(default_factory=dict)
    """For each stage, where the heap was at its highest within it."""


@dataclass(frozen=True, slots=True)
class AtPeak:
    """The heap's peak, by who allocated it."""

    sites: tuple[Site, ...]
    """The largest first; `held_bytes` is not known yet."""
    unattributed_bytes: int


@dataclass(frozen=True, slots=True)
class OverTime:
    """The heap over time, by who allocated it."""

    held_bytes: Mapping[SiteKey, float]
    """On average in the second half of the import."""
    packages: Mapping[SiteKey, str]
    early_bytes: int
    """Of the peak: allocated before the service was ready, by a named function."""
    stages: tuple[StageHeap, ...]
    imports: Mapping[str, int]
    """At the account's tick: allocated while a package was being imported."""
    sites: Mapping[SiteKey, int]
    """At the account's tick: the rest."""
    unattributed_bytes: int
    """At the account's tick: without any Python function."""
    look_bytes: int
    """All of the heap when the mappings were looked at."""


def attribute_peak(held: Iterable[Held], place: PlaceOf) -> AtPeak:
    """Add up what was held at the peak."""
    sums: dict[SiteKey, _SiteSum] = {}
    unattributed = 0
    for one in held:
        leaf = leaf_of(one.stack)
        if leaf is None:
            unattributed += one.bytes
            continue
        found = place(leaf.file)
        sums.setdefault((leaf.function, found.file), _SiteSum(found.package)).add(one, leaf.line)
    sites = (total.site(key, place) for key, total in sums.items())
    return AtPeak(tuple(sorted(sites, key=lambda site: (-site.bytes, site.file, site.function))), unattributed)


def packages_of(sites: Iterable[Site]) -> tuple[PackageBytes, ...]:
    """The same by package, the largest first."""
    packages = Counter[str]()
    for site in sites:
        packages[site.package] += site.bytes
    return tuple(PackageBytes(*one) for one in packages.most_common())


def attribute_time(lived: Iterable[Lived], ticks: Ticks, place: PlaceOf) -> OverTime:
    """Add up what was there at the ticks that are asked about."""
    sums = _TimeSums(ticks, place)
    for one in lived:
        sums.add(one)
    return sums.total()


def there(spans: Iterable[Span], tick: int) -> int:
    """Bytes that were there at a tick."""
    return sum(one.bytes for one in spans if one.start <= tick < one.end)


def average(spans: Iterable[Span], ticks: range) -> float:
    """Bytes that were there on average."""
    if not ticks:
        return 0.0
    shared = (one.bytes * max(min(one.end, ticks.stop) - max(one.start, ticks.start), 0) for one in spans)
    return sum(shared) / len(ticks)


@dataclass(slots=True)
class _SiteSum:
    package: str
    bytes: int = 0
    allocations: int = 0
    lines: Counter[int] = field(default_factory=Counter)
    heaviest: Held | None = None

    def add(self, held: Held, line: int) -> None:
        self.bytes += held.bytes
        self.allocations += held.allocations
        self.lines[line] += held.bytes
        if self.heaviest is None or held.bytes > self.heaviest.bytes:
            self.heaviest = held

    def site(self, key: SiteKey, place: PlaceOf) -> Site:
        stack = self.heaviest.stack(STACK_FRAMES) if self.heaviest else []
        way = tuple(f"{frame.function} ({place(frame.file).file}:{frame.line})" for frame in stack)
        line = self.lines.most_common(1)[0][0]
        return Site(*key, line, self.bytes, self.allocations, 0, self.package, way)


class _TimeSums:
    def __init__(self, ticks: Ticks, place: PlaceOf) -> None:
        self._ticks, self._place = ticks, place
        self._held: defaultdict[SiteKey, float] = defaultdict(float)
        self._lines: dict[SiteKey, int] = {}
        self._packages: dict[SiteKey, str] = {}
        self._stages: dict[str, Counter[SiteKey]] = {stage: Counter() for stage in ticks.stages}
        self._stage_bytes: Counter[str] = Counter()
        self._imports: Counter[str] = Counter()
        self._sites: Counter[SiteKey] = Counter()
        self._early = self._unattributed = self._look = 0

    def add(self, one: Lived) -> None:
        ticks, leaf = self._ticks, leaf_of(one.stack)
        self._look += there(one.spans, ticks.look)
        key = (leaf.function, self._place(leaf.file).file) if leaf else None
        for stage, tick in ticks.stages.items():
            self._add_to_stage(stage, key, there(one.spans, tick))
        if leaf is None or key is None:
            self._unattributed += self._accounted(one)
            return
        if key not in self._lines:
            self._lines[key], self._packages[key] = leaf.line, self._place(leaf.file).package
        self._held[key] += average(one.spans, ticks.late)
        self._early += sum(span.bytes for span in one.spans if span.start <= ticks.ready and ticks.peak < span.end)
        self._add_to_account(key, one.stack, self._accounted(one))

    def _accounted(self, one: Lived) -> int:
        return 0 if self._ticks.account is None else there(one.spans, self._ticks.account)

    def _add_to_stage(self, stage: str, key: SiteKey | None, count: int) -> None:
        self._stage_bytes[stage] += count
        if key and count:
            self._stages[stage][key] += count

    def _add_to_account(self, key: SiteKey, stack: StackReader, count: int) -> None:
        if not count:
            return
        package = importing_package(stack(0), self._place)
        if package is None:
            self._sites[key] += count
        else:
            self._imports[package] += count

    def total(self) -> OverTime:
        return OverTime(
            held_bytes=dict(self._held),
            packages=self._packages,
            early_bytes=self._early,
            stages=tuple(self._stage(stage) for stage in self._ticks.stages),
            imports=dict(self._imports),
            sites=dict(self._sites),
            unattributed_bytes=self._unattributed,
            look_bytes=self._look,
        )

    def _stage(self, stage: str) -> StageHeap:
        top = self._stages[stage].most_common(STAGE_SITES)
        sites = tuple(TopSite(*key, self._lines[key], count) for key, count in top)
        return StageHeap(stage, self._stage_bytes[stage], sites)
