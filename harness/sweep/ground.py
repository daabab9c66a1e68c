"""What the trials of one participant share: the server, the boundary's loop; a trial gets its own database on it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from harness.dependencies.boundary.boundary import Boundary, BoundarySettings, open_boundary
from harness.dependencies.boundary.tap import InTurn
from harness.dependencies.provider.settings import ProviderSettings
from harness.environment import open_server
from harness.scenario import Scenario
from harness.service import Addresses, free_port, launch_at, warm_page_cache


@dataclass(frozen=True, slots=True)
class Ground:
    """Open while trials run, each in a fresh database and a fresh container."""

    postgres_url: str
    boundary: Boundary

    @contextmanager
    def database(self, latency_s: float, trial_dir: Path) -> Iterator[str]:
        """The server's URL for one trial, through a proxy where its statements are to be slow."""
        if not latency_s:
            yield self.postgres_url
            return
        settings = BoundarySettings(self.postgres_url, ProviderSettings(), trial_dir / "unused-ledger.jsonl")
        with self.boundary.open_wires(settings, InTurn()) as wires:
            wires.slow_database(latency_s)
            yield wires.database_url


@contextmanager
def open_ground(scenario: Scenario, run_dir: Path, postgres_url: str | None) -> Iterator[Ground]:
    """Bring up what trials share, and take it down afterwards."""
    with open_server(postgres_url) as server, open_boundary() as boundary:
        addresses = Addresses(server.url, "http://127.0.0.1:9", free_port())
        # Once for all trials: from then on each of them finds the same page cache.
        warm_page_cache(scenario, launch_at(scenario, addresses, run_dir))
        yield Ground(server.url, boundary)
