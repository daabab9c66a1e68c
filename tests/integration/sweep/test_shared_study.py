"""Studies survive Ctrl-C, SIGKILL and company: no trial is lost, none counts twice."""

import json
import secrets
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import Popen

import optuna
import psycopg
import pytest
from optuna.trial import FrozenTrial, TrialState

from harness.dependencies.postgres import PostgresServer, start_embedded
from harness.environment import servers_dir
from harness.sweep.storage import close_storage, open_storage, storage_url

from .conftest import Halfgig, Planted

GRID = "[sweep]\nstale_after = '6s'\nrepeats = 2\n[sweep.vary]\nx = [1, 12]\ny = [1, 3]\n"
CELLS, REPEATS, ANCHORS = 4, 2, 1
TRIALS = CELLS * REPEATS + ANCHORS


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    """A database server for studies."""
    one = start_embedded(servers_dir() / secrets.token_hex(6))
    try:
        yield one
    finally:
        one.stop()


def _wait_for(holds: Callable[[], object], timeout_s: float = 90.0) -> None:
    deadline_s = time.monotonic() + timeout_s
    while not holds():
        assert time.monotonic() < deadline_s, "it did not happen in time"
        time.sleep(0.05)


def _ended(process: Popen[str], status: int) -> str:
    out, told = process.communicate(timeout=240)
    assert process.returncode == status, told
    assert "Traceback" not in told
    return out


def _trial_folders(tmp_path: Path) -> int:
    return len(list(tmp_path.glob("runs/sweep/*/trials/*/events.jsonl")))


def test_ctrl_c_keeps_what_is_done_and_the_same_command_goes_on(
    halfgig: Halfgig, planted: Planted, tmp_path: Path
) -> None:
    """Exit 130 with a result of what there is; afterwards every task has run once."""
    command = ("sweep", str(planted(GRID)), "--json")
    first = halfgig(*command)
    _wait_for(lambda: _trial_folders(tmp_path) >= 4)
    first.send_signal(signal.SIGINT)
    partial = json.loads(_ended(first, 130))
    assert 2 <= len(partial["trials"]) < TRIALS
    assert not partial["complete"]
    whole = json.loads(_ended(halfgig(*command), 0))
    assert whole["complete"]
    keys = [(json.dumps(one["setting"]), one["repeat"]) for one in whole["trials"]]
    assert len(keys) == len(set(keys)) == TRIALS
    kept = {one["number"]: one["duration_s"] for one in partial["trials"]}
    assert kept.items() <= {one["number"]: one["duration_s"] for one in whole["trials"]}.items()


@pytest.mark.sweep
def test_a_finished_study_is_not_gone_on_with(halfgig: Halfgig, planted: Planted) -> None:
    """The same command afterwards measures anew."""
    command = ("sweep", str(planted("[sweep]\nrepeats = 1\n[sweep.vary]\nx = [1, 6]\n")), "--json")
    first, second = (json.loads(_ended(halfgig(*command), 0)) for _ in range(2))
    assert first["study"] != second["study"]
    assert len(first["trials"]) == len(second["trials"])


def test_two_share_a_study_and_one_is_killed(halfgig: Halfgig, planted: Planted, server: PostgresServer) -> None:
    """On Postgres: what the dead one held is taken over, and each cell counts once, in Optuna's own view too."""
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE studies")
    url = server.url.rpartition("/")[0] + "/studies"
    command = ("sweep", str(planted(GRID)), "--storage", url, "--json")
    dies, lives = halfgig(*command), halfgig(*command)
    _wait_for(lambda: _held_by(url) >= 2)
    dies.kill()
    dies.communicate(timeout=30)
    result = json.loads(_ended(lives, 0))
    keys = [(json.dumps(one["setting"]), one["repeat"]) for one in result["trials"]]
    assert result["complete"]
    assert len(keys) == len(set(keys)) == TRIALS
    trials = _trials_in_optuna(url, result["study"])
    assert TrialState.RUNNING not in [one.state for one in trials]
    counted = [one for one in trials if "measured" in one.user_attrs]
    assert len({one.user_attrs["task"] for one in counted}) == len(counted) == TRIALS


def _trials_in_optuna(url: str, study: str) -> list[FrozenTrial]:
    storage = open_storage(storage_url(url, Path()))
    try:
        return optuna.load_study(study_name=study, storage=storage).trials
    finally:
        close_storage(storage)


def _held_by(url: str) -> int:
    """How many participants are at work."""
    try:
        with psycopg.connect(url) as connection:
            row = connection.execute("SELECT count(DISTINCT owner) FROM halfgig_leases").fetchone()
    except psycopg.Error:
        return 0
    return int(row[0]) if row else 0
