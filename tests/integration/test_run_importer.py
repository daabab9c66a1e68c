"""The reference importer, run as a user runs it: whole runs through Postgres, stub and container."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from harness.run import Order, run
from harness.scenario import Imports, Overrides, load_scenario
from reports.result import Result, RunBody, Verdict
from tests.integration.corpus import real_documents

Runner = Callable[..., Result]
HALFGIG = (sys.executable, "-m", "harness")


@pytest.fixture
def run_importer(tmp_path: Path) -> Runner:
    """Run the importer on a corpus with these knobs; `scenario` replaces fields of the scenario."""

    def go(corpus: str, *knobs: str, scenario: dict[str, object] | None = None, **overrides: str) -> Result:
        run_dir = tmp_path / f"run{len(list(tmp_path.iterdir()))}"
        run_dir.mkdir()
        chosen = load_scenario(None, Overrides(corpus=corpus, knobs=knobs, **overrides))  # type: ignore[arg-type]
        chosen = replace(chosen, **(scenario or {}))  # type: ignore[arg-type]
        return run(Order(chosen, run_dir, None, "halfgig run", lambda _: None))

    return go


def _body(result: Result) -> RunBody:
    assert isinstance(result.body, RunBody)
    return result.body


def test_an_import_passes_and_a_second_one_bills_nothing(run_importer: Runner) -> None:
    """Every document is stored, no input is billed twice, and importing the same corpus again is free."""
    result = run_importer("synthetic:60", scenario={"imports": Imports(concurrent=1, repeat=2)})
    body = _body(result)
    assert result.header.verdict is Verdict.PASS, result.header.reasons
    assert (body.documents.total, body.documents.stored, body.documents.duplicates) == (120, 120, 60)
    assert body.provider.inputs_billed_twice == 0
    assert [one.provider.inputs for one in body.imports] == [body.provider.inputs, 0]


def test_what_is_stored_does_not_depend_on_how(run_importer: Runner) -> None:
    """Backend, batch sizes, window and even holding the whole job change nothing of the digest."""
    digests = {
        _body(run_importer("synthetic:40", *knobs, backend=backend)).digest
        for backend, knobs in (
            ("cgroup", ()),
            ("watchdog", ()),
            ("auto", ("window=0",)),
            ("auto", ("openai_batch_size=7", "embedding_batch_size=5", "store_batch_size=3", "window=20")),
            ("auto", ("embed_concurrency=6", "extract_concurrency=1", "llm_cache_max_size=0")),
        )
    }
    assert len(digests) == 1
    assert None not in digests


def test_concurrent_imports_share_the_corpus_out(run_importer: Runner) -> None:
    """Three imports at once store each document once."""
    result = run_importer(
        "synthetic:30", "max_running_imports=3", scenario={"imports": Imports(concurrent=3, repeat=1)}
    )
    body = _body(result)
    assert result.header.verdict is Verdict.PASS, result.header.reasons
    assert (body.documents.stored, body.documents.duplicates) == (30, 0)
    # Imports that meet the same new concept at the same moment may each pay for it: 92 inputs in flight an import.
    assert (body.provider.inputs_billed_twice or 0) <= 3 * 92


def test_duplicates_within_one_upload_are_billed_once(run_importer: Runner, tmp_path: Path) -> None:
    """The same text many times over, all in flight at once: one billing, the rest are duplicates."""
    corpus = tmp_path / "same.jsonl"
    line = json.dumps({"title": "One and the same", "text": "A text that stands here fifty times. " * 60})
    corpus.write_text("\n".join([line] * 50), encoding="utf-8")
    body = _body(run_importer(str(corpus)))
    assert (body.documents.stored, body.documents.duplicates) == (50, 49)
    assert body.provider.inputs_billed_twice == 0


def test_holding_the_whole_job_is_killed_where_the_window_survives(run_importer: Runner) -> None:
    """The incident in small: window=0 is OOM-killed under a limit that the default window passes."""
    limits = {"limit": "110MB", "budget": "100%"}
    killed = run_importer("synthetic:400", "window=0", "extraction=off", **limits)
    assert killed.header.verdict is Verdict.FAIL
    assert [reason.code for reason in killed.header.reasons] == ["oom_killed"]
    assert (_body(killed).oom_kills or 0) >= 1
    assert run_importer("synthetic:400", "extraction=off", **limits).header.verdict is Verdict.PASS


def test_a_killed_service_that_is_started_again_finishes(run_importer: Runner) -> None:
    """With restart on failure an import survives a kill of its PDF-free service: resumed, nothing lost or doubled."""
    result = run_importer(
        "synthetic:400", "window=0", "extraction=off", "heartbeat_interval_s=0.2", "stalled_after_s=1",
        scenario={"restart": "on-failure", "timeout_s": 60.0}, limit="110MB", budget="100%",
    )  # fmt: skip
    body = _body(result)
    assert result.header.verdict is Verdict.FAIL, "a kill fails the run even when it is survived"
    assert (body.restarts or 0) >= 1
    assert (body.oom_kills or 0) >= 1


@pytest.mark.parametrize(("folder", "stored", "failed"), [("pdfs", 51, 2), ("hostile", 19, 16)])
def test_real_and_hostile_files(run_importer: Runner, folder: str, stored: int, failed: int) -> None:
    """Every good document is stored, every bad one is listed with its reason, and the service lives."""
    result = run_importer(str(real_documents() / folder))
    body = _body(result)
    assert result.header.verdict is Verdict.PASS, result.header.reasons
    assert (body.documents.stored, body.documents.failed) == (stored, failed)
    assert body.provider.inputs_billed_twice == 0


def _halfgig(*arguments: str, cwd: Path) -> subprocess.Popen[str]:
    root = Path(__file__).resolve().parents[2]
    return subprocess.Popen(
        [*HALFGIG, *arguments], cwd=cwd, env={**os.environ, "PYTHONPATH": str(root)}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("run", "--set", "widow=3"), "did you mean window"),
        (("run", "--set", "window=three"), "IMPORTER_WINDOW"),
        (("run", "--limit", "9MB"), "below what it needs to start"),
        (("run", "--limit", "lots"), "is not a size"),
        (("run", "--corpus", "nowhere"), "is not there"),
        (("run", "--corpus", "synthetic:none"), "synthetic:2000"),
        (("run", "--backend", "dokcer"), "there is no backend"),
        (("run", "smal"), "did you mean small"),
        (("run", "--postgres", "postgresql://user:hunter2@127.0.0.1:9/x"), "127.0.0.1:9"),
        (("run", "--repeat", "0"), "at least 1"),
        (("report", "nothing"), "no run"),
    ],
)
def test_bad_input_is_one_sentence_and_status_2(tmp_path: Path, arguments: tuple[str, ...], says: str) -> None:
    """No traceback, no secret, no JSON: what, where and how to mend."""
    process = _halfgig(*arguments, cwd=tmp_path)
    out, told = process.communicate(timeout=60)
    last = told.strip().splitlines()[-1]
    assert (process.returncode, out) == (2, "")
    assert last.startswith("halfgig: ")
    assert says in last
    assert "Traceback" not in told
    assert "hunter2" not in told


def test_a_port_in_use_is_refused(tmp_path: Path) -> None:
    """`serve --port` on a port that somebody listens on says so."""
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        process = _halfgig("serve", "--port", str(taken.getsockname()[1]), cwd=tmp_path)
        _, told = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "in use" in told


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_after_an_interrupted_run(tmp_path: Path, number: int) -> None:
    """Ctrl-C, SIGTERM and SIGKILL of the harness: no process, no group, no server stays."""
    process = _halfgig("run", "--corpus", "synthetic:3000", "--runs", str(tmp_path / "runs"), cwd=tmp_path)
    _wait_for(lambda: any(tmp_path.glob("runs/run/*/events.jsonl")) and "upload" in _events(tmp_path), 60)
    process.send_signal(number)
    process.communicate(timeout=30)
    assert process.returncode == (-number if number == signal.SIGKILL else 130)
    _wait_for(lambda: not _processes_of(tmp_path), 20)


def _events(tmp_path: Path) -> str:
    return "".join(path.read_text() for path in tmp_path.glob("runs/run/*/events.jsonl"))


def _processes_of(tmp_path: Path) -> list[str]:
    """Processes that were started for a run in this folder: its name stands in their command or environment."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                told = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
                if str(tmp_path).encode() in told:
                    found.append(f"{entry.name} {told[:200]!r}")
            except OSError:
                continue
    return found


def _wait_for(holds: Callable[[], object], timeout_s: float) -> None:
    deadline_s = time.monotonic() + timeout_s
    while not holds():
        assert time.monotonic() < deadline_s, "it did not happen in time"
        time.sleep(0.05)
