"""`halfgig run` on the docker backend: the same answers as elsewhere, the limit held, and nothing left behind."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.containers.docker import SAMPLER_SWITCH
from harness.containers.docker_engine import Engine, connect, remove_stale, why_unreachable

pytestmark = pytest.mark.docker

ROOT = Path(__file__).resolve().parents[3]
RUN_TIMEOUT_S = 280
GONE_WITHIN_S = 30.0
NOTES = ROOT / "tests" / "integration" / "notes"


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    """The engine, or a skip that says how to have one."""
    why = why_unreachable()
    if why is not None:
        pytest.skip(f"no Docker Engine: {why}; `make docker-test` brings one up")
    found = connect()
    yield found
    found.close()


def halfgig(folder: Path, *words: str, **variables: str) -> tuple[int, dict[str, Any]]:
    """Exit status and result.json of a `halfgig run`."""
    done = subprocess.run(
        command(folder, *words),
        env={**os.environ, **variables},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=RUN_TIMEOUT_S,
        check=False,
    )
    assert done.stdout, done.stderr[-2000:]
    result: dict[str, Any] = json.loads(done.stdout)
    return done.returncode, result


def command(folder: Path, *words: str) -> list[str]:
    """The words of a `halfgig run`."""
    return [sys.executable, "-m", "harness", "run", "--json", "--runs", str(folder), *words]


def test_the_same_upload_has_the_same_digest_and_peak_on_every_backend(engine: Engine, tmp_path: Path) -> None:
    """What is stored is the same, the peaks are within 15 %, and the fingerprint tells what the image has."""
    results = {
        name: halfgig(tmp_path, "--backend", name, "--corpus", "synthetic:60")[1]
        for name in ("docker", "cgroup", "watchdog")
    }

    assert {one["verdict"] for one in results.values()} == {"PASS"}
    assert len({one["digest"] for one in results.values()}) == 1
    peaks = [one["peak"]["unreclaimable_bytes"] for one in results.values()]
    assert max(peaks) < 1.15 * min(peaks)
    told = results["docker"]["fingerprint"]
    assert told["binding"]["backend"] == "docker"
    assert told["informing"]["image"]
    assert told["informing"]["python_build"].startswith(told["binding"]["python"])


def test_a_run_over_its_limit_fails_and_both_ways_of_looking_agree(engine: Engine, tmp_path: Path) -> None:
    """The kernel's kill is counted, and the sampler container sees the peak that the host's files show."""
    words = ("--backend", "docker", "--set", "window=0", "--corpus", "synthetic:20000", "--limit", "120MB")

    status, seen = halfgig(tmp_path, *words)
    _, sampled = halfgig(tmp_path, *words, **{SAMPLER_SWITCH: "always"})

    assert (status, seen["verdict"], seen["oom_kills"]) == (1, "FAIL", 1)
    assert seen["killed"].startswith("main (python")
    assert (sampled["verdict"], sampled["oom_kills"]) == ("FAIL", 1)
    peaks = [one["peak"]["unreclaimable_bytes"] for one in (seen, sampled)]
    assert peaks[0] == pytest.approx(peaks[1], rel=0.05)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL], ids=["Ctrl-C", "SIGKILL"])
@pytest.mark.parametrize("sampler", ["auto", "always"])
def test_nothing_is_left_behind(engine: Engine, tmp_path: Path, number: int, sampler: str) -> None:
    """However halfgig ends while its target runs, no container outlives it by long."""
    words = command(tmp_path, "--backend", "docker", "--corpus", "synthetic:2000")
    variables = {**os.environ, SAMPLER_SWITCH: sampler}
    with subprocess.Popen(words, env=variables, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        try:
            ours = wait_for_containers(engine, process)
            process.send_signal(number)
            process.wait(GONE_WITHIN_S)
        finally:
            process.kill()

    deadline_s = time.monotonic() + GONE_WITHIN_S
    while names(engine) & ours and time.monotonic() < deadline_s:
        time.sleep(0.1)
    assert not names(engine) & ours
    assert remove_stale(engine.client) == 0


def test_another_service_runs_from_a_dockerfile_of_its_own(engine: Engine, tmp_path: Path) -> None:
    """Any image can be the target: here one that adds a script to the importer's."""
    halfgig(tmp_path, "--backend", "docker", "--corpus", "synthetic:1")  # builds the importer's image
    context = tmp_path / "context"
    context.mkdir()
    (context / "service.py").write_text((NOTES / "service.py").read_text())
    (context / "Dockerfile").write_text("FROM halfgig-target-importer\nWORKDIR /notes\nCOPY service.py .\n")
    scenario = tmp_path / "notes.toml"
    scenario.write_text(f'target = "{NOTES}/notes.toml"\nbackend = "docker"\ncorpus = "synthetic:20"\n')

    status, result = halfgig(tmp_path, str(scenario), "--image", str(context))

    assert status in (0, 3), result["reasons"]  # 3: it calls no provider
    engine.client.images.remove("halfgig-target-notes", force=True)
    assert result["documents"]["stored"] == 20
    assert result["fingerprint"]["informing"]["image"]


def test_what_the_target_writes_belongs_to_the_user(engine: Engine, tmp_path: Path) -> None:
    """Files in the run's folder are those of who runs halfgig, and no run leaves others."""
    halfgig(tmp_path, "--backend", "docker", "--corpus", "synthetic:2")

    assert {path.lstat().st_uid for path in tmp_path.rglob("*")} == {os.getuid()}


def names(engine: Engine) -> set[str]:
    """The containers that halfgig made."""
    return {
        one.name for one in engine.client.containers.list(all=True, ignore_removed=True, filters={"label": "halfgig"})
    }


def wait_for_containers(engine: Engine, process: subprocess.Popen[bytes]) -> set[str]:
    """Wait until the target of `process` runs; the names of its containers."""
    deadline_s = time.monotonic() + 120
    while time.monotonic() < deadline_s:
        found = {name for name in names(engine) if name.startswith(f"halfgig-{process.pid}-")}
        if found and any(
            one.status == "running"
            for one in engine.client.containers.list(ignore_removed=True, filters={"label": "halfgig"})
        ):
            return found
        assert process.poll() is None, (process.stderr.read() if process.stderr else b"")[-2000:]
        time.sleep(0.1)
    raise AssertionError("the target did not start")
