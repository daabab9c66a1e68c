"""Starts the provider stub in a process of its own, and speaks to it."""

import contextlib
import json
import os
import selectors
import subprocess
import time
import urllib.request
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from harness.dependencies.provider.settings import CONTROL_PATH, ProviderSettings
from harness.errors import DependencyError
from harness.own_process import own_command

START_TIMEOUT_S = 30.0
STOP_TIMEOUT_S = 5.0
CONTROL_TIMEOUT_S = 5.0
LEDGER_FILE = "ledger.jsonl"
LOG_FILE = "provider.log"


@dataclass(frozen=True, slots=True)
class RunningProvider:
    """A stub that listens on `url`; it ends with `stop`, or with the process that started it."""

    url: str
    ledger_path: Path
    process: subprocess.Popen[bytes]

    @property
    def openai_url(self) -> str:
        """The base URL for an OpenAI client."""
        return f"{self.url}/v1"

    @property
    def cohere_url(self) -> str:
        """The base URL for a Cohere client."""
        return self.url

    @property
    def pid(self) -> int:
        """Its process."""
        return self.process.pid

    @property
    def port(self) -> int:
        """Its port on 127.0.0.1."""
        return int(self.url.rpartition(":")[2])

    def stop(self) -> None:
        """End it; its ledger stays. May be called again."""
        self.process.terminate()
        try:
            self.process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(STOP_TIMEOUT_S)
        for pipe in (self.process.stdin, self.process.stdout):
            _close(pipe)


def start_provider(settings: ProviderSettings, run_dir: Path) -> RunningProvider:
    """Start a stub whose ledger and log lie in `run_dir`, and wait until it listens."""
    run_dir.mkdir(parents=True, exist_ok=True)
    ledger, log_path = run_dir / LEDGER_FILE, run_dir / LOG_FILE
    ledger.touch()
    command = own_command(str(__package__), "--ledger", str(ledger), "--settings", json.dumps(asdict(settings)))
    with log_path.open("ab") as log:
        # A session of its own: Ctrl-C in the terminal is for the harness, which ends the stub when it is done.
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, start_new_session=True
        )
    provider = RunningProvider("", ledger, process)
    port = _announced_port(process)
    if port is None:
        provider.stop()
        last = " / ".join(log_path.read_text(errors="replace").strip().splitlines()[-3:]) or "nothing"
        raise DependencyError(
            f"the provider stub did not start within {START_TIMEOUT_S:.0f} s; its log {log_path} ends with: {last}"
        )
    return RunningProvider(f"http://127.0.0.1:{port}", ledger, process)


def apply_settings(provider: RunningProvider, settings: ProviderSettings) -> None:
    """Make a running stub behave as `settings` say, from its next request on."""
    request = urllib.request.Request(  # noqa: S310 - our own loopback address
        provider.url + CONTROL_PATH, json.dumps(asdict(settings)).encode(), method="PUT"
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=CONTROL_TIMEOUT_S):
            pass
    except OSError as error:
        raise DependencyError(f"the provider stub at {provider.url} does not take its settings: {error}") from error


def _announced_port(process: subprocess.Popen[bytes]) -> int | None:
    """The port in the stub's first line; None when it ends, or says nothing in time."""
    if process.stdout is None:
        return None
    line = b""
    deadline = time.monotonic() + START_TIMEOUT_S
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while not line.endswith(b"\n"):
            if not selector.select(max(0.0, deadline - time.monotonic())):
                return None
            piece = os.read(process.stdout.fileno(), 4096)
            if not piece:
                return None
            line += piece
    return int(json.loads(line)["port"])


def _close(pipe: IO[bytes] | None) -> None:
    if pipe is not None:
        with contextlib.suppress(OSError):
            pipe.close()
