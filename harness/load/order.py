"""One load run that was asked for, and the clock that everything of it is on."""

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from harness.journal import Clock
from harness.load.plan import LoadPlan
from harness.load.rows import RunClock
from harness.scenario import Scenario
from reports.progress import Progress

ERRAND, STOP, LOCUST_LOG = "errand.json", "stop-load", "locust.log"


@dataclass(frozen=True, slots=True)
class Workers:
    """Who makes the load."""

    count: int = 1
    """1, here: one process does everything."""
    elsewhere: bool = False
    """Whether somebody else starts the workers, on this or other machines."""
    listen: str = "127.0.0.1:0"
    """Where the leading process waits for them; port 0 is any that is free."""


@dataclass(frozen=True, slots=True)
class LoadOrder:
    """What is run, where its files go, and who is told how it goes."""

    scenario: Scenario
    plan: LoadPlan
    run_dir: Path
    postgres_url: str | None
    command: str
    show: Callable[[Progress], None]
    workers: Workers = Workers()
    clock: Clock = field(default_factory=Clock)
    started_unix_s: float = field(default_factory=time.time)
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    def tell(self, phase: str) -> None:
        """Show what is done now."""
        self.show(Progress(phase, self.clock()))


def comparable(order: LoadOrder) -> Mapping[str, str]:
    """What has to be the same in two loads that are compared, beside their environments."""
    found = {"load": order.plan.summary}
    if order.plan.locustfile is not None:
        content = Path(order.plan.locustfile).read_bytes()
        found["locustfile"] = f"sha256:{hashlib.sha256(content).hexdigest()[:12]}"
    return found


def run_clock(order: LoadOrder) -> RunClock:
    """What brings the times in rows onto the clock of the run."""
    boot = Path("/proc/sys/kernel/random/boot_id")
    return RunClock(order.clock.started_s, order.started_unix_s, boot.read_text().strip() if boot.exists() else "")
