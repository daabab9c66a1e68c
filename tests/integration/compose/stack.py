"""The environment of docker-compose.yml under a project name of its own: up, down, and its parts by name."""

import json
import os
import secrets
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.service import free_port

ROOT = Path(__file__).resolve().parents[3]
LOAD_WORKERS = 2
_UP_TIMEOUT_S = 480
_CALL_TIMEOUT_S = 120
_LOAD_TIMEOUT_S = 240


@dataclass(frozen=True, slots=True)
class Stack:
    """One environment; `environment` has its ports and secrets, new ones each time."""

    project: str
    environment: Mapping[str, str]

    @property
    def url(self) -> str:
        """Where the importer is."""
        return f"http://127.0.0.1:{self.environment['IMPORTER_PORT']}"

    @property
    def token(self) -> str:
        """The token of its API."""
        return self.environment["IMPORTER_API_TOKEN"]

    @property
    def database_url(self) -> str:
        """Its database, from this machine."""
        password, port = self.environment["POSTGRES_PASSWORD"], self.environment["POSTGRES_PORT"]
        return f"postgresql://importer:{password}@127.0.0.1:{port}/importer"

    def compose(self, *words: str, timeout_s: float = _CALL_TIMEOUT_S) -> str:
        """Run docker-compose; what it printed."""
        return _run([*compose_program(), "--project-name", self.project, *words], self.environment, timeout_s)

    def container(self, service: str) -> str:
        """The id of a service's container."""
        return self.compose("ps", "--quiet", service).strip()

    def inspect(self, service: str) -> dict[str, Any]:
        """What the engine says of it."""
        told: list[dict[str, Any]] = json.loads(_run(["docker", "inspect", self.container(service)], {}))
        return told[0]

    def kill(self, service: str) -> None:
        """SIGKILL its main process as the kernel's OOM killer would: `docker kill` would keep it from its restart."""
        pid = self.inspect(service)["State"]["Pid"]
        beside = ["docker", "run", "--rm", "--pid=host", "--network=none", "--user=0:0", "--entrypoint=python"]
        _run([*beside, "halfgig-importer", "-c", f"import os; os.kill({pid}, 9)"], {})

    def copy_ledger(self, folder: Path) -> Path:
        """The provider's ledger as it is now."""
        place = folder / "ledger.jsonl"
        source = f"{self.container('provider')}:/ledger/ledger.jsonl"
        _run(["docker", "cp", source, str(place)], {})
        return place

    def load(self) -> tuple[int, str]:
        """A short load by Locust's master and two workers; its exit status and what it printed."""
        profile = ("--profile", "load")
        self.compose(*profile, "build", "load", timeout_s=_UP_TIMEOUT_S)
        scale = ("--scale", f"load-worker={LOAD_WORKERS}")
        self.compose(*profile, "up", "--detach", *scale, "load", "load-worker", timeout_s=_UP_TIMEOUT_S)
        leader = self.compose(*profile, "ps", "--quiet", "load").strip()
        status = int(_run(["docker", "wait", leader], {}, _LOAD_TIMEOUT_S))
        return status, _run(["docker", "logs", leader], {})

    def up(self) -> None:
        """Build what is missing and bring everything up, healthy."""
        self.compose("up", "--detach", "--build", timeout_s=_UP_TIMEOUT_S)

    def down(self) -> None:
        """Remove containers, networks and data."""
        self.compose("--profile", "load", "down", "--volumes", "--remove-orphans", "--timeout", "5")


def new_stack() -> Stack:
    """A stack with ports and secrets that nobody else has."""
    return Stack(
        project=f"halfgig{secrets.token_hex(4)}",
        environment={
            "POSTGRES_PASSWORD": secrets.token_hex(16),
            "IMPORTER_API_TOKEN": secrets.token_hex(16),
            "LOAD_WORKERS": str(LOAD_WORKERS),
            "IMPORTER_PORT": str(free_port()),
            "POSTGRES_PORT": str(free_port()),
        },
    )


def compose_program() -> list[str]:
    """docker-compose, or the engine's own `docker compose`."""
    return ["docker-compose"] if shutil.which("docker-compose") else ["docker", "compose"]


def _run(command: Sequence[str], environment: Mapping[str, str], timeout_s: float = _CALL_TIMEOUT_S) -> str:
    # The builder of the engine itself: the newer one asks a registry for its own parts.
    env = {**os.environ, "DOCKER_BUILDKIT": "0", "COMPOSE_DOCKER_CLI_BUILD": "0", **environment}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=timeout_s, check=False)
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()[-12:]
        raise AssertionError(f"{' '.join(command)} ended with status {done.returncode}: " + "\n".join(said))
    return done.stdout + done.stderr if command[:2] == ["docker", "logs"] else done.stdout
