"""Verdicts of real loads: planted leaks and slowness, generators that fail, kills, workers, and a staging host."""

import contextlib
import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from harness.service import free_port
from tests.integration.load.loading import HALFGIG, PEOPLE, Loaded, load, write_scenario
from tests.integration.load.planted import LEAK, ONE_AT_A_TIME, SLOW_SEARCH
from tests.integration.load.staging_front import PASSWORD, Front, open_front
from tests.planted.copied_importer import plant

pytestmark = pytest.mark.load

SHORT = 'shape = { kind = "smoke", users = 20, warmup = "2s", hold = "12s" }\n'
LONG = 'shape = { kind = "smoke", users = 20, warmup = "5s", hold = "30s" }\n'
LEAKED_BYTES = 100_000


def test_a_leak_of_100_kb_a_request_fails_on_the_slope(tmp_path: Path) -> None:
    """With the right order of magnitude, and the minutes that it leaves."""
    thresholds = 'thresholds = ["search.p95 < 5s", "all.errors < 1%", "memory.slope < 2500MB/h"]\n'
    scenario = write_scenario(tmp_path, LONG + thresholds, target=plant(LEAK, tmp_path / "copy"))
    loaded = load(scenario)
    assert loaded.status == 1, loaded.result.get("reasons")
    assert loaded.verdicts() == {"search.p95": "PASS", "all.errors": "PASS", "memory.slope": "FAIL"}
    expected = loaded.figures("search")["rate_per_s"] * LEAKED_BYTES * 3600
    assert 0.5 * expected < loaded.result["memory"]["slope_bytes_per_hour"] < 2 * expected
    assert 0 < loaded.result["memory"]["minutes_to_limit"] < 60


def test_a_slow_search_fails_on_its_percentile_only(tmp_path: Path) -> None:
    """800 ms more, and everything else as it was."""
    thresholds = (
        'thresholds = ["search.p95 < 800ms", "results.p95 < 5s", "upload.p50 < 5s", "all.errors < 1%",'
        ' "memory.peak < 65%"]\n'
    )
    scenario = write_scenario(tmp_path, LONG + thresholds, target=plant(SLOW_SEARCH, tmp_path / "copy"))
    loaded = load(scenario)
    assert loaded.status == 1, loaded.result.get("reasons")
    assert [name for name, verdict in loaded.verdicts().items() if verdict != "PASS"] == ["search.p95"]
    assert loaded.codes == {"threshold_missed"}


def test_a_breach_that_lasts_ends_the_run_early(tmp_path: Path) -> None:
    """`abort_after`: nobody waits for the end of what has failed already."""
    long = 'shape = { kind = "smoke", users = 20, warmup = "2s", hold = "3m" }\nabort_after = "5s"\n'
    scenario = write_scenario(
        tmp_path, f'{long}thresholds = ["search.p50 < 500ms"]\n', target=plant(SLOW_SEARCH, tmp_path / "copy")
    )
    loaded = load(scenario)
    assert loaded.status == 1
    assert {"aborted", "threshold_missed"} <= loaded.codes
    assert loaded.result["duration_s"] < 90


def test_a_service_that_cannot_take_the_rate_fails(tmp_path: Path) -> None:
    """Two searches a second, where six come, and users enough for all of them."""
    shape = 'shape = { kind = "smoke", users = 60, rate = 6, warmup = "2s", hold = "15s" }\npatience = "5s"\n'
    people = "[load.people]\nsearch = { weight = 1 }\n"
    scenario = write_scenario(tmp_path, shape, people=people, target=plant(ONE_AT_A_TIME, tmp_path / "copy"))
    loaded = load(scenario)
    assert loaded.status == 1, loaded.result.get("reasons")
    assert "rate_not_taken" in loaded.codes
    assert loaded.result["rate_achieved_per_s"] < loaded.result["rate_offered_per_s"]


NOTHING = """
from locust import HttpUser, constant, task

class Idle(HttpUser):
    wait_time = constant(1)

    @task
    def nothing(self):
        pass
"""
BUSY = """
import time
from locust import HttpUser, constant, task

class Busy(HttpUser):
    wait_time = constant(0)

    @task
    def work(self):
        self.client.get("/health", name="ask")
        end = time.process_time() + 0.05
        while time.process_time() < end:
            pass
"""
BROKEN = """
from locust import HttpUser, constant, task

class Broken(HttpUser):
    wait_time = constant(0.5)

    @task
    def work(self):
        self.client.get("/health", name="ask")
        raise KeyError("a bug")
"""
OWN = """
from locust import FastHttpUser, between, task

class Mine(FastHttpUser):
    wait_time = between(0.2, 0.5)

    @task
    def ask(self):
        self.client.get("/health", name="ask")
"""
AWAY = """
from locust import FastHttpUser, between, task

class Strayed(FastHttpUser):
    wait_time = between(0.2, 0.5)

    @task
    def ask(self):
        self.client.get("http://localhost:9/", name="ask")
"""


@pytest.mark.parametrize(
    ("users", "code"), [(NOTHING, "nothing_sent"), (BUSY, "generator_overloaded"), (BROKEN, "user_error")]
)
def test_a_generator_that_measured_nothing_or_itself_is_invalid(tmp_path: Path, users: str, code: str) -> None:
    """Exit status 3: never a pass."""
    (tmp_path / "mine.py").write_text(users)
    scenario = write_scenario(tmp_path, f'{SHORT}health_every = "0s"\n', people="")
    loaded = load(scenario, "--locustfile", str(tmp_path / "mine.py"))
    assert loaded.status == 3
    assert code in loaded.codes


def test_somebodys_own_users_are_judged_by_the_same_thresholds(tmp_path: Path) -> None:
    """By the names that stand in their file."""
    (tmp_path / "mine.py").write_text(OWN)
    scenario = write_scenario(tmp_path, f'{SHORT}thresholds = ["ask.p95 < 5s", "ask.errors < 1%"]\n', people="")
    loaded = load(scenario, "--locustfile", str(tmp_path / "mine.py"))
    assert loaded.status == 0, loaded.result.get("reasons")
    assert loaded.figures("ask")["requests"] > 100


def test_somebodys_own_users_reach_nothing_but_the_service(tmp_path: Path) -> None:
    """Whatever address stands in their file: here too, nobody asked for a load of it."""
    (tmp_path / "mine.py").write_text(AWAY)
    scenario = write_scenario(tmp_path, f'{SHORT}thresholds = ["ask.errors < 1%"]\n', people="")
    loaded = load(scenario, "--locustfile", str(tmp_path / "mine.py"))
    assert loaded.status == 1, loaded.result.get("reasons")
    assert all("not an address that this load may reach" in one["error"] for one in loaded.result["error_counts"])


def test_a_killed_worker_makes_the_run_invalid(tmp_path: Path) -> None:
    """Half of the load is no load that anybody asked for."""
    scenario = write_scenario(tmp_path, 'shape = { kind = "smoke", users = 20, warmup = "2s", hold = "60s" }\n')
    killer = threading.Thread(target=_kill_worker, args=(tmp_path / "runs" / "load",))
    killer.start()
    loaded = load(scenario, "--workers", "2")
    killer.join()
    assert loaded.status == 3
    assert "lost_worker" in loaded.codes
    assert loaded.result["duration_s"] < 60


def _kill_worker(runs: Path) -> None:
    """End the second worker, by the pid that its own rows name, once requests are made."""
    deadline_s = time.monotonic() + 90
    while time.monotonic() < deadline_s:
        for path in runs.glob("*/rows.jsonl"):
            rows = [json.loads(line) for line in path.read_text().splitlines() if line.endswith("}")]
            pids = [row["pid"] for row in rows if row["kind"] == "hello" and row["worker"] == 1]
            if pids and any(row["kind"] == "request" for row in rows):
                os.kill(pids[0], signal.SIGKILL)
                return
        time.sleep(0.2)


def test_users_go_on_through_a_kill_and_nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    """Killed for memory by the kernel while imports run, and started again: the oracle judges what is there."""
    shape = 'shape = { kind = "smoke", users = 20, warmup = "2s", hold = "30s" }\n'
    kill = 'kill = { how = "oom", stage = "hold", after = "5s", down = "1s" }\nthresholds = ["all.errors < 5%"]\n'
    knobs = "heartbeat_interval_s = 0.5\nstalled_after_s = 2.0\n"
    people = PEOPLE.replace('weight = 1, think = "500ms-1s", documents = [1, 2]', "weight = 3, documents = [4, 10]")
    loaded = load(write_scenario(tmp_path, shape + kill, people=people, more=knobs))
    assert loaded.status == 0, loaded.result.get("reasons")
    assert [one["kind"] for one in loaded.result["gaps"]] == ["oom"]
    assert loaded.result["oom_kills"] == 1
    assert loaded.result["imports"]["complete"] == loaded.result["imports"]["accepted"] > 0
    outcomes = {one["name"]: one["outcome"] for one in loaded.result["invariants"]}
    assert outcomes["acknowledged_survives"] == outcomes["nothing_twice"] == outcomes["rebilling_bounded"] == "held"
    report = next((tmp_path / "runs" / "load").glob("*/report.html")).read_text()
    assert "OOM kill" in report


def test_one_worker_and_two_offer_the_same_load(tmp_path: Path) -> None:
    """The rate within 5 %, the median within 10 %, where the provider is as slow as a real one."""
    shape = 'shape = { kind = "smoke", users = 100, rate = 12, warmup = "12s", hold = "25s" }\n'
    people = "[load.people]\nsearch = { weight = 1 }\n"
    scenario = write_scenario(tmp_path, shape, people=people, more="[provider]\nlatency_request_ms = 100.0\n")
    one, two = load(scenario), load(scenario, "--workers", "2")
    assert (one.status, two.status) == (0, 0), (one.result.get("reasons"), two.result.get("reasons"))
    assert two.result["rate_achieved_per_s"] == pytest.approx(one.result["rate_achieved_per_s"], rel=0.05)
    assert two.figures("search")["p50_s"] == pytest.approx(one.figures("search")["p50_s"], rel=0.10)


def test_a_staging_host_is_loaded_and_left_as_it_was(tmp_path: Path) -> None:
    """Guarded, its memory read from its metrics, and everything that was created is removed."""
    port = free_port()
    guard = (
        f'[guard]\nallow = ["http://127.0.0.1:{port}"]\n[guard.caps]\nrate = 200.0\nprice_per_million_tokens = 0.0\n'
        '[metrics]\nmemory = "importer_memory_usage_bytes"\nlimit = "importer_memory_limit_bytes"\n'
        'billed = "importer_billed_inputs_total"\n'
    )
    thresholds = 'thresholds = ["search.p95 < 5s", "all.errors < 1%", "memory.peak < 65%"]\n'
    scenario = write_scenario(tmp_path, SHORT + thresholds, people=f"{PEOPLE}\n{guard}")
    with _staging(port, tmp_path / "serve"):
        loaded = load(scenario, "--host", f"http://127.0.0.1:{port}", "--yes")
        left = httpx.get(f"http://127.0.0.1:{port}/api/import/jobs", trust_env=False).json()
    _assert_staged(loaded)
    assert left["total"] == 0


SEARCHING = """
from locust import FastHttpUser, constant, task

class Searching(FastHttpUser):
    wait_time = constant(0.5)

    @task
    def search(self):
        self.client.get("/api/search?q=anything", name="ask")
"""


def test_a_load_that_comes_to_cost_more_than_its_cap_is_ended_and_invalid(tmp_path: Path) -> None:
    """What somebody's own users spend is followed by the counter of the host; a load that was ended is no pass."""
    port = free_port()
    (tmp_path / "mine.py").write_text(SEARCHING)
    guard = (
        f'[guard]\nallow = ["http://127.0.0.1:{port}"]\naccept_leftovers = true\n'
        "[guard.caps]\nrate = 200.0\nspend = 0.0\nprice_per_million_tokens = 0.1\n"
        '[metrics]\nmemory = "importer_memory_usage_bytes"\nbilled = "importer_billed_inputs_total"\n'
    )
    long = 'shape = { kind = "smoke", users = 10, warmup = "1s", hold = "60s" }\nthresholds = ["ask.errors < 1%"]\n'
    scenario = write_scenario(tmp_path, long, people=guard)
    with _staging(port, tmp_path / "serve"):
        loaded = load(
            scenario, "--host", f"http://127.0.0.1:{port}", "--yes", "--locustfile", str(tmp_path / "mine.py")
        )
    assert loaded.status == 3, (loaded.said, loaded.result.get("reasons"))
    assert "stopped" in loaded.codes
    assert loaded.result["duration_s"] < 60


def test_a_host_behind_tls_and_tokens_is_loaded_and_its_certificate_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tokens are renewed before they end; a certificate of an unknown authority is refused, with exit status 2."""
    monkeypatch.setenv("STAGING_PASSWORD", PASSWORD)
    service_port, port = free_port(), free_port()
    sections = (
        f'[guard]\nallow = ["https://localhost:{port}"]\n[guard.caps]\nrate = 200.0\nprice_per_million_tokens = 0.0\n'
        '[auth]\nkind = "token"\nurl = "/token"\nvalue = "Bearer {secret}"\n'
        'form = { grant_type = "password", password = "$STAGING_PASSWORD" }\n'
        '[metrics]\nmemory = "importer_memory_usage_bytes"\nbilled = "importer_billed_inputs_total"\n'
    )
    thresholds = 'thresholds = ["search.p95 < 5s", "all.errors < 1%"]\n'
    with (
        _staging(service_port, tmp_path / "serve"),
        open_front(port, f"http://127.0.0.1:{service_port}", tmp_path) as front,
    ):
        unknown = load(write_scenario(tmp_path, SHORT + thresholds, people=f"{PEOPLE}\n{sections}"), *_at(front))
        tls = f'[tls]\nca = "{front.ca_path}"\n'
        loaded = load(write_scenario(tmp_path, SHORT + thresholds, people=f"{PEOPLE}\n{sections}{tls}"), *_at(front))
    assert unknown.status == 2
    assert "certificate" in unknown.said
    _assert_staged(loaded)
    assert len(front.issued) > 2
    assert front.refused == []


def _at(front: Front) -> tuple[str, ...]:
    return ("--host", front.url, "--yes")


@contextlib.contextmanager
def _staging(port: int, runs: Path) -> Iterator[None]:
    """An importer that says that it is staging."""
    serve = (*HALFGIG, "serve", "--port", str(port), "--runs", str(runs), "--set", "extraction=false")
    with subprocess.Popen((*serve, "--set", "environment=staging"), stdout=subprocess.DEVNULL) as service:
        try:
            _wait_ready(port)
            yield
        finally:
            service.send_signal(signal.SIGTERM)
            service.wait(30)


def _assert_staged(loaded: Loaded) -> None:
    assert loaded.status == 0, (loaded.said, loaded.result.get("reasons"))
    assert "which says that it is staging" in loaded.said
    assert loaded.result["imports"]["accepted"] > 0
    assert loaded.result["memory"]["peak_bytes"] > 0
    assert any(
        f"{loaded.result['imports']['accepted']} imports removed, 0 left" in one for one in loaded.result["notes"]
    )


def _wait_ready(port: int) -> None:
    deadline_s = time.monotonic() + 60
    while time.monotonic() < deadline_s:
        try:
            if httpx.get(f"http://127.0.0.1:{port}/health", trust_env=False).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise AssertionError("the service was not ready in time")
