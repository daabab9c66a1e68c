"""A task (one setting to be run once more), and the trial that comes of it: what was seen, as plain data."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from reports.decoding import decode

Part = Literal["grid", "search", "claim", "survival", "verify", "limit"]
"""What a trial is for."""

End = Literal["whole", "stopped_early", "killed", "failed", "not_started"]
"""`killed`: by the kernel for memory, so that its peak is censored and never a number; `failed`: it went wrong in
another way, which `why` tells; `not_started`: the target did not take the setting."""


@dataclass(frozen=True, slots=True)
class Task:
    """One setting that is to be run once; `key` is unique in its study."""

    part: Part
    setting: Mapping[str, str]
    """Axis to value, over the scenario's own."""
    repeat: int
    limit_bytes: int
    whole: bool
    """It may not be stopped early."""

    @property
    def key(self) -> str:
        """What it is claimed by."""
        setting = name_of(dict(sorted(self.setting.items())))
        return f"{self.part}/{self.limit_bytes}/{setting}#{self.repeat}"


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What stopping early would have made of a trial that was run whole."""

    share: float
    """How much of the import was done by then."""
    peak_bytes: int
    chunks_per_s: float | None


@dataclass(frozen=True, slots=True)
class Measured:
    """What a trial was seen to do; None is what was not seen."""

    end: End
    why: str = ""
    passed: bool = False
    """Its run passed by itself, under the limit that it had."""
    peak_bytes: int | None = None
    """Unreclaimable memory; None for a killed one."""
    chunks_per_s: float | None = None
    """Of the whole import; what an early end left out is projected from the steady rate before it."""
    import_s: float | None = None
    requests: int | None = None
    embedding_requests: int | None = None
    calls_per_1000_inputs: float | None = None
    """Of embedding requests: a figure that an early end does not change, as chat runs ahead of them."""
    duration_s: float = 0.0
    """Of the trial, everything included."""
    directory: str = ""
    foreseen: Foreseen | None = None


@dataclass(frozen=True, slots=True)
class Trial:
    """A task that is done."""

    number: int
    participant: str
    task: Task
    measured: Measured


def name_of(setting: Mapping[str, str]) -> str:
    """`cohere_batch_size=96 window=200`, in the order of the axes."""
    return " ".join(f"{axis}={value}" for axis, value in setting.items()) or "as the scenario has it"


def to_text(value: Task | Measured) -> str:
    """The value as JSON."""
    return json.dumps(asdict(value))


def task_of(text: str) -> Task:
    """The task in its JSON."""
    return decode(Task, _table(text), "task")


def measured_of(text: str) -> Measured:
    """The measurement in its JSON."""
    return decode(Measured, _table(text), "trial")


def _table(text: str) -> Any:
    return json.loads(text)
