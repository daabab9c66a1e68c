"""The header of a result: what was asked for, what held the target, and the environment that it holds for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from harness.containers.container import Backend, Inside
from harness.fingerprint import take_fingerprint
from harness.scenario import Scenario
from harness.service import Addresses, free_port, launch_at
from reports.result import Header, Verdict


@dataclass(frozen=True, slots=True)
class Held:
    """What held the target, and what it imported."""

    backend: str
    simulated: bool
    postgres: str
    corpus_digest: str
    target_env: Mapping[str, str] = field(default_factory=dict)
    inside: Inside | None = None


def inside_of(backend: Backend, scenario: Scenario, run_dir: Path) -> Inside | None:
    """What a target runs on that is started many times, each with addresses of its own."""
    nowhere = Addresses("postgresql://127.0.0.1:9/none", "http://127.0.0.1:9", free_port())
    return backend.inside(launch_at(scenario, nowhere, run_dir))


def header_of(scenario: Scenario, held: Held, command: str, started_at: datetime) -> Header:
    """The header of a result that nobody has judged: INVALID, without reasons and without a duration."""
    return Header(
        verdict=Verdict.INVALID,
        reasons=(),
        scenario=scenario.name,
        target=scenario.target.name,
        backend=held.backend,
        simulated=held.simulated,
        limit_bytes=scenario.limit_bytes,
        budget_bytes=scenario.budget_bytes,
        knobs=dict(scenario.knobs),
        fingerprint=take_fingerprint(
            corpus_digest=held.corpus_digest,
            knobs=scenario.knobs,
            limit_bytes=scenario.limit_bytes,
            cpus=scenario.cpus,
            backend=held.backend,
            target_env=held.target_env,
            postgres=held.postgres,
            inside=held.inside,
        ),
        started_at=started_at.isoformat(timespec="seconds"),
        duration_s=None,
        command=command,
    )
