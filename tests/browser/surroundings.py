"""What the services of these tests share: one Postgres, and one provider stub behind a gate."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from harness.dependencies.boundary.boundary import Boundary, open_boundary
from harness.dependencies.boundary.numbering import Numbering
from harness.dependencies.boundary.provider_wire import ProviderWire
from harness.dependencies.postgres import PostgresServer
from harness.dependencies.provider.settings import ProviderSettings
from harness.environment import open_server
from tests.browser.gate import Gate


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The server for databases, and the stub with its ledger."""

    server: PostgresServer
    provider_url: str
    ledger_path: Path
    gate: Gate


@contextmanager
def open_surroundings(run_dir: Path) -> Iterator[Surroundings]:
    """Bring them up, and take them down afterwards."""
    gate, ledger_path = Gate(), run_dir / "ledger.jsonl"
    with (
        open_server(None) as server,
        open_boundary() as boundary,
        _listening(boundary, ledger_path, gate) as provider_url,
    ):
        yield Surroundings(server, provider_url, ledger_path, gate)


@contextmanager
def _listening(boundary: Boundary, ledger_path: Path, gate: Gate) -> Iterator[str]:
    provider = boundary.run(_listen(ledger_path, gate))
    try:
        yield provider.url
    finally:
        gate.open()
        boundary.run(provider.close())


async def _listen(ledger_path: Path, gate: Gate) -> ProviderWire:
    # Made on the boundary's loop: in the tests' thread Playwright's own is taken for the running one.
    provider = ProviderWire(ProviderSettings(concepts_per_document=1), ledger_path, gate, Numbering())
    await provider.accept()
    return provider
