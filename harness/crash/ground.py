"""What all cycles of a campaign share: a server, a migrated template, the boundary's loop, backend and corpora."""

import contextlib
import itertools
import json
import secrets
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from harness.containers.backends import choose, sweep_all
from harness.containers.container import Backend
from harness.corpora.corpus import Corpus, corpus_of, first_documents
from harness.corpora.sources import load_corpus
from harness.crash.evidence import InFlight
from harness.crash.stillness import Stillness, watch_stillness
from harness.dependencies.boundary.boundary import Boundary, open_boundary
from harness.dependencies.postgres import PostgresServer, fresh_database, start_embedded
from harness.environment import open_server, servers_dir
from harness.errors import TargetError
from harness.scenario import Scenario, with_knobs
from harness.service import Addresses, free_port, launch_at, placeholders, warm_page_cache
from harness.target import Setting, fill_command

_MIGRATE_TIMEOUT_S = 120
_SECOND_TEXT = "A short text of its own, which no other import of the campaign holds. " * 3


@dataclass(frozen=True, slots=True)
class Ground:
    """Open while cycles run; used by several threads at once."""

    server: PostgresServer
    template_url: str | None
    """A database that the target has migrated; None where it names no command for that."""
    boundary: Boundary
    backend: Backend
    scenario: Scenario
    corpus: Corpus
    second: Corpus
    """One small document that is in no other corpus."""
    run_dir: Path
    stillness: Stillness
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def new_cycle_dir(self) -> Path:
        """A folder of its own for one cycle's ledger, logs and temporary files."""
        path = self.run_dir / "cycles" / f"{next(self._numbers):04d}"
        (path / "tmp").mkdir(parents=True)
        return path


@contextlib.contextmanager
def open_ground(scenario: Scenario, run_dir: Path, postgres_url: str | None) -> Iterator[Ground]:
    """Bring up what cycles share, and take it down afterwards."""
    backend, _ = choose(scenario.backend, image=scenario.target.image)
    sweep_all()
    corpus = load_corpus(scenario.corpus)
    if scenario.documents is not None:
        corpus = first_documents(corpus, scenario.documents, run_dir / "corpus")
    second = _second_corpus(run_dir)
    with (
        open_server(postgres_url) as server,
        open_boundary() as boundary,
        watch_stillness() as stillness,
        migrated_template(scenario, server, run_dir) as template_url,
    ):
        yield Ground(server, template_url, boundary, backend, scenario, corpus, second, run_dir, stillness)


@contextlib.contextmanager
def migrated_template(scenario: Scenario, server: PostgresServer, run_dir: Path) -> Iterator[str | None]:
    """A database that the target has migrated; None where it names no command for that."""
    with fresh_database(server) as template_url:
        yield template_url if _migrate(scenario, template_url, run_dir) else None


@contextlib.contextmanager
def own_server() -> Iterator[PostgresServer]:
    """A server that may be crashed; gone afterwards, as it then runs or does not."""
    server = start_embedded(servers_dir() / secrets.token_hex(6))
    try:
        yield server
    finally:
        # What restarted it keeps its process: the note in its folder tells which.
        server.stop()


def turns(scenario: Scenario) -> Sequence[Scenario]:
    """The scenario once for each combination of the knobs that it takes in turn."""
    knobs = scenario.crash.in_turn
    return [
        with_knobs(scenario, dict(zip(knobs, values, strict=True))) for values in itertools.product(*knobs.values())
    ]


def in_flight(scenario: Scenario) -> tuple[InFlight, ...]:
    """The most that the target may have under way, by the scenario's knobs."""

    def value(setting: Setting) -> int:
        return int(scenario.knobs.get(setting.knob, setting.default))

    return tuple(
        InFlight(one.endpoint, value(one.requests), value(one.inputs)) for one in scenario.target.boundary.in_flight
    )


def _migrate(scenario: Scenario, database_url: str, run_dir: Path) -> bool:
    """Run the target's own command on the template, and warm the page cache."""
    addresses = Addresses(database_url, "http://127.0.0.1:9", free_port())
    launch = launch_at(scenario, addresses, run_dir)
    warm_page_cache(scenario, launch)
    command = fill_command(scenario.target.migrate, placeholders(addresses, run_dir), str(scenario.target.path))
    if not command:
        return False
    done = subprocess.run(
        command, env=dict(launch.env), cwd=launch.cwd, timeout=_MIGRATE_TIMEOUT_S, capture_output=True, check=False
    )
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()[-1:] or ["nothing"]
        raise TargetError(f"{scenario.target.path}: migrate ended with status {done.returncode}; it said: {said[0]}")
    return True


def _second_corpus(run_dir: Path) -> Corpus:
    path = run_dir / "second" / "second.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    title = f"Used again {secrets.token_hex(4)}"
    path.write_text(json.dumps({"title": title, "abstract": _SECOND_TEXT}) + "\n", encoding="utf-8")
    return corpus_of("second", path)
