"""What grew and shrank between two traces, as objects that the terminal, Markdown and HTML draw alike."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DiffSide:
    """One of the two: what it is called, and how large it was."""

    name: str
    revision: str | None
    heap_peak_bytes: int
    held_bytes: int
    """On average in the second half of the import."""


@dataclass(frozen=True, slots=True)
class SiteChange:
    """A function that held more, or less."""

    function: str
    file: str
    package: str
    before_bytes: int
    after_bytes: int

    @property
    def delta_bytes(self) -> int:
        """Above zero it grew."""
        return self.after_bytes - self.before_bytes


@dataclass(frozen=True, slots=True)
class PackageChange:
    """A package whose functions held more, or less."""

    package: str
    before_bytes: int
    after_bytes: int

    @property
    def delta_bytes(self) -> int:
        """Above zero it grew."""
        return self.after_bytes - self.before_bytes


@dataclass(frozen=True, slots=True)
class TraceDiff:
    """Everything that changed by more than the noise floor; the largest growth first, the largest shrinking last."""

    before: DiffSide
    after: DiffSide
    floor_bytes: int
    sites: tuple[SiteChange, ...]
    packages: tuple[PackageChange, ...]
    within_floor: int
    """Sites that changed by less than the floor."""
    within_floor_bytes: int
    """What they changed by, all together."""
    notes: tuple[str, ...] = ()
