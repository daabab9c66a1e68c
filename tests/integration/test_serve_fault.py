"""`halfgig serve --fault`: a fault of the crash schedules, held open while somebody looks at the service."""

import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

_DEADLINE_S = 40.0


@contextmanager
def _serving(tmp_path: Path, *arguments: str) -> Iterator[str]:
    """A served importer's address; it is ended as a person would, with Ctrl-C."""
    command = [sys.executable, "-m", "harness", "serve", "crash", *arguments]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield _address(process.stdout.readline())
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=_DEADLINE_S)


def _address(line: str) -> str:
    found = re.search(r"http://127\.0\.0\.1:\d+", line)
    assert found, line
    return found[0]


def _ending(address: str) -> dict[str, object]:
    """Upload a text, and wait until its import goes no further."""
    with httpx.Client(base_url=address, timeout=10) as client:
        answer = client.post("/api/import", files={"files": ("one.txt", b"A sentence that is imported.")})
        assert answer.status_code == 202, answer.text
        deadline_s = time.monotonic() + _DEADLINE_S
        while time.monotonic() < deadline_s:
            status: dict[str, object] = client.get(f"/api/import/status/{answer.json()['job_id']}").json()
            if status["status"] not in ("queued", "running"):
                return status
            time.sleep(0.05)
    raise AssertionError(f"the import did not end: {status}")


@pytest.mark.parametrize(("fault", "code"), [("401", "provider_auth"), ("provider-away", "provider_unavailable")])
def test_a_fault_stays_open(tmp_path: Path, fault: str, code: str) -> None:
    """Every message meets the fault: the import is interrupted with its reason, again after a resume."""
    with _serving(tmp_path, "--fault", fault, "--set", "provider_max_retries=1") as address:
        status = _ending(address)
        assert (status["status"], status["resumable"]) == ("interrupted", True)
        assert isinstance(status["error"], dict)
        assert status["error"]["code"] == code
        assert httpx.get(f"{address}/health", timeout=10).status_code == 200


def test_a_full_disk_refuses_uploads_with_its_reason(tmp_path: Path) -> None:
    """Nothing can be written, so nothing is acknowledged, and the answer says why; reading goes on."""
    with _serving(tmp_path, "--fault", "disk-full") as address:
        answer = httpx.post(f"{address}/api/import", files={"files": ("one.txt", b"A sentence.")}, timeout=10)
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "disk_full")
        assert httpx.get(f"{address}/api/import/jobs", timeout=10).json()["total"] == 0


def test_a_fault_without_duration_is_refused(tmp_path: Path) -> None:
    """A kill cannot be held open; the sentence lists what can, and the status is 2."""
    command = [sys.executable, "-m", "harness", "serve", "--fault", "sigkill"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=_DEADLINE_S, check=False)
    assert done.returncode == 2
    assert "disk-full" in done.stderr
    assert "Traceback" not in done.stderr
